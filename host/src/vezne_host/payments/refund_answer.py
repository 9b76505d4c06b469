"""What is asked of money that goes back, and how it is answered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from vezne_core import Money
from vezne_host.payments.balance import Key

Kind = Literal["void", "refund"]


class Wish(Struct, frozen=True, kw_only=True):
    """Money of an order that is to go back."""

    number: str
    action: str
    """Id that whoever asks has chosen: the same is done once."""
    kind: Kind = "refund"
    amount: Decimal | None = None
    """None is all that is left."""
    by_hand: bool = False
    """It was sent by another road: no gateway is asked."""
    actor: str


class Action(Struct, frozen=True, kw_only=True):
    """A wish that was granted and stored, as it stands."""

    id: str
    number: str
    attempt: UUID | None
    kind: Kind
    wanted: Decimal | None
    by_hand: bool
    amount: Money
    method: Literal["void", "refund", "none"]
    """What the gateway is asked to do."""
    state: Literal["asked", "done", "refused"]
    actor: str
    note: str | None
    asked: int
    """How often it was tried, this time included."""
    created: datetime
    owner: str | None
    """Who tries now."""
    now: datetime

    @classmethod
    def of(cls, row: Any) -> Action:
        """Read a row."""
        return cls(
            id=row["id"],
            number=row["order_number"],
            attempt=row["attempt_id"],
            kind=row["kind"],
            wanted=row["wanted"],
            by_hand=row["by_hand"],
            amount=Money.of(row["amount"], row["currency"]),
            method=row["method"],
            state=row["state"],
            actor=row["actor"],
            note=row["note"],
            asked=row["asked"],
            created=row["created_at"],
            owner=row["claimed_by"],
            now=row["now"],
        )

    @property
    def main(self) -> Key | None:
        """The main payment, where some of it goes back."""
        return None if self.attempt is None else (self.attempt, None)

    def fits(self, wish: Wish) -> bool:
        """Tell whether a wish asks for the same."""
        asked = (wish.number, wish.kind, wish.amount, wish.by_hand)
        return (self.number, self.kind, self.wanted, self.by_hand) == asked

    def open(self, reason: str) -> Open:
        """Answer that it is not known yet."""
        return Open(action=self.id, number=self.number, amount=self.amount, reason=reason)


class Given(Struct, frozen=True, kw_only=True):
    """The money is back."""

    action: str
    number: str
    amount: Money
    kept: Money
    """What the shop still has of the order."""
    status: int
    """Of the order."""


class Open(Struct, frozen=True, kw_only=True):
    """It is not known yet whether the money is back; the action is repeated until it is."""

    action: str
    number: str
    amount: Money
    reason: str


class NotGiven(Struct, frozen=True, kw_only=True):
    """Nothing went back, and nothing will under this id."""

    why: Literal["no_order", "bad_id", "used", "unpaid", "nothing", "too_much", "impossible", "declined"]
    fact: str
    remedy: str = ""


Answer = Given | Open | NotGiven

OTHER_ID = "ask again under another id"
