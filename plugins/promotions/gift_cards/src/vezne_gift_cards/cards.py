"""The gift cards of one merchant: who may use them, and how they come to be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import text

from vezne_core import Database, Money, Secret, Settings, Transaction
from vezne_gift_cards.fingerprint import Fingerprint, digits
from vezne_gift_cards.tries import Tries

FIND = text("""
    SELECT pk, pin_hash FROM gift_card
    WHERE merchant = :merchant AND number_hash = any(CAST(:number_hashes AS bytea[]))
""")

# What an attempt of this order holds is there for it to be spent.
OPEN = text("""
    SELECT c.pk, c.last_four, c.currency, c.blocked,
           c.balance + coalesce((
               SELECT sum(h.amount) FROM gift_card_hold h
               WHERE h.merchant = :merchant AND h.card = c.pk AND h.state = 'held'
                 AND h.order_number = CAST(:order_number AS text)), 0) AS balance
    FROM gift_card c WHERE c.merchant = :merchant AND c.pk = CAST(:card AS bigint)
""")

ISSUE = text("""
    WITH card AS (
        INSERT INTO gift_card (merchant, number_hash, last_four, pin_hash, currency, balance, blocked)
        SELECT :merchant, :number_hash, :last_four, :pin_hash, :currency, CAST(:balance AS numeric), :blocked
        WHERE NOT EXISTS (SELECT FROM gift_card WHERE merchant = :merchant
                          AND number_hash = any(CAST(:number_hashes AS bytea[])))
        ON CONFLICT (merchant, number_hash) DO NOTHING
        RETURNING pk, balance
    )
    INSERT INTO gift_card_movement (merchant, card, kind, amount)
    SELECT :merchant, pk, 'issued', balance FROM card
    RETURNING card
""")


NUMBER = r"^([0-9][ -]?){7,31}[0-9]$"
"""8 to 32 digits, as they are printed."""
PIN = r"^[0-9]{4,12}$"


class GiftCard(Struct, frozen=True, kw_only=True):
    """A card whose PIN was right."""

    pk: int
    last_four: str
    balance: Money
    """What this checkout may spend."""
    blocked: bool


class Unproven(Struct, frozen=True):
    """There is no such card, or its PIN is another; nobody is told which."""


class Locked(Struct, frozen=True):
    """The number was tried too often."""


class GiftCardRow(Settings, frozen=True):
    """A card as a merchant's file has it: ``[[gift_card]]``."""

    number: Annotated[Secret, Meta(pattern=NUMBER)]
    pin: Annotated[Secret, Meta(pattern=PIN)]
    currency: str
    balance: Decimal
    blocked: bool = False

    def __post_init__(self) -> None:
        if not (self.balance.is_finite() and self.balance >= 0):
            raise ValueError("balance is an amount that is not below zero")
        if Money.of(self.balance, self.currency).amount != self.balance:
            raise ValueError(f"balance has more decimals than {self.currency}")


class GiftCardBook:
    """Finds and issues cards."""

    def __init__(self, database: Database, fingerprint: Fingerprint, tries: Tries) -> None:
        self._database = database
        self._fingerprint = fingerprint
        self._tries = tries
        self._find = database.query(FIND)
        self._open = database.query(OPEN)
        self._issue = database.query(ISSUE)

    async def prove(
        self, number: Secret, pin: Secret, order_number: str | None = None
    ) -> GiftCard | Unproven | Locked:
        """Count a try with a number, and open the card if the PIN is right.

        A wrong number and a wrong PIN take the same statements and hashes.

        :param order_number: of the asker: what his own attempt holds counts as there.
        """
        hashes = self._fingerprint.numbers(number)
        async with self._database.transaction() as session:
            if not await self._tries.count(session, hashes[0]):
                return Locked()
            found = await session.fetch(self._find, number_hashes=hashes)
            right = self._fingerprint.is_pin(found["pin_hash"] if found else None, number, pin)
            if found is None or not right:
                return Unproven()
            await self._tries.forget(session, hashes[0])
            row = await session.fetch(self._open, card=found["pk"], order_number=order_number)
        return _card(row)

    async def issue(self, session: Transaction, rows: Sequence[GiftCardRow]) -> int:
        """Store cards and return how many were new; one that is there keeps balance and PIN."""
        new = 0
        for row in rows:
            hashes = self._fingerprint.numbers(row.number)
            issued = await session.fetch(
                self._issue, number_hash=hashes[0], number_hashes=hashes,
                last_four=digits(row.number)[-4:], pin_hash=self._fingerprint.pin(row.number, row.pin),
                currency=row.currency, balance=row.balance, blocked=row.blocked,
            )  # fmt: skip
            new += issued is not None
        return new


def _card(row: Any) -> GiftCard:
    return GiftCard(
        pk=row["pk"],
        last_four=row["last_four"],
        balance=Money.of(row["balance"], row["currency"]),
        blocked=row["blocked"],
    )
