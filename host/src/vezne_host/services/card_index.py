"""The card records of a snapshot, arranged as requests look for them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from vezne_core import Bin, Card, Catalogue, Installment


class CardIndex(Struct, frozen=True):
    """BINs, cards and active installments of one snapshot."""

    bins: Mapping[str, int]
    lengths: tuple[int, ...]
    by_slug: Mapping[str, Card]
    installments: Mapping[int, tuple[Installment, ...]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> CardIndex:
        """Arrange the records of a snapshot."""
        bins = {bin.number: bin.card for bin in catalogue.all(Bin)}
        installments: dict[int, list[Installment]] = {}
        for record in catalogue.all(Installment):
            if record.is_active:
                installments.setdefault(record.card, []).append(record)
        return cls(
            bins=bins,
            lengths=tuple(sorted({len(number) for number in bins}, reverse=True)),
            by_slug={card.slug: card for card in catalogue.all(Card)},
            installments={
                card: tuple(sorted(records, key=lambda record: record.installment_count))
                for card, records in installments.items()
            },
        )

    def card_of(self, bin_number: str) -> int | None:
        """Return the card of the longest prefix that is known."""
        for length in self.lengths:
            if length <= len(bin_number) and (card := self.bins.get(bin_number[:length])) is not None:
                return card
        return None
