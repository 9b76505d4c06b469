"""What an order took and what of it went back, folded from rows that never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from vezne_core import Money

ASKED, REFUSED = "refund_asked", "refund_refused"
"""Kinds of ledger rows: an action is to give this back; it will not."""
VOIDED, REFUNDED = "voided", "refunded"
"""Kinds of ledger rows: this went back."""

Key = tuple[UUID, str | None]
"""An attempt, and the reservation of a tender; None is its main payment."""


class Part(Struct, frozen=True):
    """A part of an order's price: what one attempt took, or one tender with it."""

    attempt: UUID
    tender: str | None
    amount: Decimal

    @property
    def key(self) -> Key:
        """Name the part."""
        return self.attempt, self.tender


class Booking(Struct, frozen=True):
    """A row of the ledger that tells of giving back."""

    attempt: UUID
    tender: str | None
    action: str
    kind: str
    amount: Decimal


class TooMuch(Exception):
    """More was to be given back than there is."""


class Balance:
    """The money of one order.

    :param taken: in the order in which it was taken; given back is the last first.
    """

    def __init__(self, taken: Iterable[Part], booked: Iterable[Booking]) -> None:
        self._taken: dict[Key, Decimal] = {}
        for part in taken:
            self._taken[part.key] = self._taken.get(part.key, Decimal(0)) + part.amount
        self._actions: dict[tuple[Key, str], list[Booking]] = {}
        for row in booked:
            self._actions.setdefault(((row.attempt, row.tender), row.action), []).append(row)

    @property
    def taken(self) -> Decimal:
        """All that was taken."""
        return sum(self._taken.values(), Decimal(0))

    @property
    def kept(self) -> Decimal:
        """What was taken and has not gone back."""
        return sum((self.kept_of(key) for key in self._taken), Decimal(0))

    def taken_of(self, key: Key) -> Decimal:
        """Return what one part took."""
        return self._taken.get(key, Decimal(0))

    def kept_of(self, key: Key) -> Decimal:
        """Return what of one part has not gone back."""
        gone = (_gone(rows) for (owner, _), rows in self._actions.items() if owner == key)
        return self._taken[key] - sum(gone, Decimal(0))

    @property
    def left(self) -> Sequence[Part]:
        """What no action gives back yet, the last taken first."""
        promised: dict[Key, Decimal] = {}
        for (key, _), rows in self._actions.items():
            promised[key] = promised.get(key, Decimal(0)) + _promised(rows)
        backwards = reversed(self._taken.items())
        parts = [Part(*key, amount - promised.get(key, Decimal(0))) for key, amount in backwards]
        return [part for part in parts if part.amount > 0]

    def parts_of(self, action: str) -> Mapping[Key, Decimal]:
        """Return what an action is to give back."""
        return {
            key: sum((row.amount for row in rows if row.kind == ASKED), Decimal(0))
            for (key, id), rows in self._actions.items()
            if id == action
        }

    def plan(self, amount: Decimal | None) -> Sequence[Part]:
        """Return what to give back for an amount, the last taken first; all that is left for None.

        :raises TooMuch: there is not as much left, or nothing.
        """
        left = self.left
        most = sum((part.amount for part in left), Decimal(0))
        open_ = most if amount is None else amount
        if not 0 < open_ <= most:
            raise TooMuch
        parts = []
        for part in left:
            share = min(part.amount, open_)
            if share:
                parts.append(Part(part.attempt, part.tender, share))
            open_ -= share
        return parts


def tenders_of(parts: Mapping[Key, Decimal], currency: str) -> Mapping[str, Money]:
    """Return what of some parts goes back to tenders, by their reservation."""
    sums: dict[str, Decimal] = {}
    for (_, tender), amount in parts.items():
        if tender is not None:
            sums[tender] = sums.get(tender, Decimal(0)) + amount
    return {tender: Money.of(amount, currency) for tender, amount in sums.items()}


def _gone(rows: Iterable[Booking]) -> Decimal:
    return sum((row.amount for row in rows if row.kind in (VOIDED, REFUNDED)), Decimal(0))


def _promised(rows: Sequence[Booking]) -> Decimal:
    """Return what an action has given back, else what it is still to."""
    kinds = {row.kind for row in rows}
    if kinds & {VOIDED, REFUNDED}:
        return _gone(rows)
    if REFUSED in kinds:
        return Decimal(0)
    return sum((row.amount for row in rows if row.kind == ASKED), Decimal(0))
