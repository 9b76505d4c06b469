"""Know the sandbox cards: what each does, and how a number may be shown."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from stdnum import luhn

Behaviour = Literal["approve", "decline", "lose_answer", "lose_request", "fail_first"]


class Campaign(msgspec.Struct, frozen=True):
    """A campaign that the bank offers to the holder of a card."""

    code: str
    text: str


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of cards.toml."""

    number: str
    name: str
    bank: str
    brand: str
    type: Literal["credit", "debit"]
    does: Behaviour
    code: str = "05"
    three_d: Literal["asked", "always"] = "asked"
    rewards: dict[str, str] = {}
    campaigns: list[Campaign] = []

    def __repr__(self) -> str:
        return f"Card({masked(self.number)!r}, {self.does!r})"


class Installment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a hosted page lets the shopper pay, and the interest in per cent of the amount."""

    count: int
    interest: str


class Catalogue(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True,
    rename={"cards": "card", "installments": "installment"},
):  # fmt: skip
    """The content of cards.toml: cards, the code they share, installments, the words of every decline."""

    cards: list[Card]
    installments: list[Installment]
    declines: dict[str, str]
    cvv: str
    otp: str

    def by_number(self, number: str) -> Card | None:
        """Find a card by its full number."""
        return next((card for card in self.cards if card.number == number), None)

    def by_masked(self, shown: str) -> Card | None:
        """Find a card by its masked number, the only form that the bank keeps."""
        return next((card for card in self.cards if masked(card.number) == shown), None)


@cache
def catalogue() -> Catalogue:
    """Read cards.toml, once."""
    return msgspec.toml.decode(files(__package__).joinpath("cards.toml").read_bytes(), type=Catalogue)


@cache
def demo_terminals() -> dict[str, str]:
    """Read terminals.toml, once: terminal id → secret."""
    return msgspec.toml.decode(
        files(__package__).joinpath("terminals.toml").read_bytes(), type=dict[str, str]
    )


def is_card_number(number: str) -> bool:
    """Tell whether the check digit of a number is right."""
    return bool(luhn.is_valid(number))


def masked(number: str) -> str:
    """Show the first six and the last four digits."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def is_expired(month: str, year: str, today: datetime | None = None) -> bool:
    """Tell whether a card is past the last day of its month."""
    now = today or datetime.now(UTC)
    return (int(year), int(month)) < (now.year, now.month)
