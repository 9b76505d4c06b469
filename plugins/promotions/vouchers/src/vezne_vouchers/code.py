"""Voucher codes as shoppers type them, and the offers that they stand for."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from vezne_core import Catalogue, Offer

VOUCHER_TYPE = "voucher"

_DOTLESS = str.maketrans({"İ": "i", "I": "i", "ı": "i"})


def fold(code: str) -> str:
    """Return the form in which codes are compared, whatever the keyboard.

    Upper and lower case are the same, and so are all letters i: a Turkish
    phone turns ``INDIRIM`` into ``ındırım`` and ``indirim`` into ``İNDİRİM``.
    """
    text = unicodedata.normalize("NFKC", code.strip()).translate(_DOTLESS).casefold()
    return unicodedata.normalize("NFKC", text).replace("i\N{COMBINING DOT ABOVE}", "i")


class VoucherCodes:
    """Finds the offers of a code; looks through the catalogue once per revision of it."""

    def __init__(self) -> None:
        self._index: tuple[int, Mapping[str, tuple[Offer, ...]]] | None = None

    def find(self, catalogue: Catalogue, code: str) -> tuple[Offer, ...]:
        """Return the active offers of a code, in the order of the catalogue; several may share one."""
        if self._index is None or self._index[0] != catalogue.revision:
            self._index = (catalogue.revision, _by_code(catalogue))
        return self._index[1].get(fold(code), ())


def _by_code(catalogue: Catalogue) -> Mapping[str, tuple[Offer, ...]]:
    found: dict[str, tuple[Offer, ...]] = {}
    for offer in catalogue.all(Offer):
        if offer.offer_type == VOUCHER_TYPE and offer.voucher_code and offer.is_active:
            code = fold(offer.voucher_code)
            found[code] = (*found.get(code, ()), offer)
    return found
