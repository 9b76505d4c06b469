"""What a merchant keeps in his configuration tables, held in memory as one snapshot.

Every record has a ``pk`` that is unique among the records of its type. Names
are in the merchant's default language; ``translations`` hold the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Protocol, TypeVar

from msgspec import Meta, Struct

R = TypeVar("R", bound="Record")

Rule = dict[str, Any]
"""A configured rule: its ``slug`` (or ``klass``) and the parameters of its kind."""


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of a configuration table."""

    pk: int
    translations: dict[str, dict[str, str]] = {}
    """Texts by language and field: ``{"tr": {"name": "…"}}``."""

    def text(self, field: str, language: str) -> str:
        """Return a text in a language, in the default one where it is missing."""
        return self.translations.get(language, {}).get(field) or getattr(self, field) or ""


class Catalogue(Protocol):
    """Read access to one snapshot of a merchant's records."""

    @property
    def revision(self) -> int:
        """Number that changes with every change of the configuration."""

    def all(self, type: type[R]) -> tuple[R, ...]:
        """Return all records of a type, by ``sort_order`` where they have one, then pk."""

    def get(self, type: type[R], pk: int | None) -> R | None:
        """Return one record, or None."""


class Country(Record, frozen=True, kw_only=True):
    """A country addresses may lie in; ``code`` as ISO 3166, lower case."""

    name: str
    code: str
    is_active: bool = True


class City(Record, frozen=True, kw_only=True):
    """A city or province."""

    name: str
    country: int
    is_active: bool = True
    priority: int = 0
    postcode: str | None = None


class Township(Record, frozen=True, kw_only=True):
    """A township of a city."""

    name: str
    city: int
    is_active: bool = True
    postcode: str | None = None


class District(Record, frozen=True, kw_only=True):
    """A district of a township."""

    name: str
    city: int
    township: int
    is_active: bool = True
    postcode: str | None = None


class DeliveryOption(Record, frozen=True, kw_only=True):
    """A way to get the goods: brought home, fetched at a store or at a pickup point."""

    name: str
    slug: str
    delivery_option_type: str
    sort_order: int = 0
    is_active: bool = True
    shipping_page: str | None = None
    """The page that takes the place of the shipping option page (scheduled delivery)."""


class ShippingOption(Record, frozen=True, kw_only=True):
    """A carrier's service, its price and where it is offered."""

    name: str
    slug: str
    calculator: Rule
    rules: tuple[Rule, ...] = ()
    """All must pass."""
    logo: str | None = None
    description: str | None = None
    sort_order: int = 0
    is_active: bool = True
    kwargs: dict[str, Any] = {}
    """``required_fields``: names of further form fields that must be filled."""

    def __post_init__(self) -> None:
        names = self.kwargs.get("required_fields", [])
        if not isinstance(names, list | tuple) or not all(
            isinstance(name, str) and 0 < len(name) <= 64 for name in names
        ):
            raise ValueError("kwargs.required_fields is a list of field names of 1 to 64 characters")
        if "shipping_option" in names:
            raise ValueError("kwargs.required_fields cannot contain shipping_option")

    @property
    def required_fields(self) -> tuple[str, ...]:
        """Names of the further form fields that a shopper must fill to choose this option."""
        return tuple(self.kwargs.get("required_fields", ()))


class PaymentOption(Record, frozen=True, kw_only=True):
    """A way to pay, and the gateway behind it."""

    name: str
    slug: str
    payment_type: str
    gateway: str | None = None
    """Name of the gateway; None takes the one of the plugin that serves the type."""
    rules: tuple[Rule, ...] = ()
    """Availability: all must pass, or the option is listed as unavailable."""
    sort_order: int = 0
    is_active: bool = True
    config: dict[str, Any] = {}
    """Settings of this option (contract settings of kind O)."""


class Bank(Record, frozen=True, kw_only=True):
    """A bank."""

    name: str
    slug: str
    logo: str | None = None


class BankAccount(Record, frozen=True, kw_only=True):
    """An account that shoppers transfer money to."""

    bank: int
    holder_name: str
    iban: str
    currency: str
    description: str = ""
    sort_order: int = 0
    is_active: bool = True


class Card(Record, frozen=True, kw_only=True):
    """A kind of card that a bank issues."""

    name: str
    slug: str
    bank: int
    brand: str = ""
    category: str = "credit"
    """credit, debit or prepaid."""
    is_commercial: bool = False
    logo: str | None = None
    gateway: str | None = None
    """Name of the gateway for this card; wins over the payment option's."""


class Bin(Record, frozen=True, kw_only=True):
    """The first digits of the cards of a kind."""

    number: str
    card: int


class Installment(Record, frozen=True, kw_only=True):
    """In how many parts a card may pay, and at what interest."""

    card: int
    installment_count: Annotated[int, Meta(ge=1)]
    rate: Decimal = Decimal(0)
    """Interest in per cent of what is paid, 0 to 100."""
    label: str = ""
    is_active: bool = True

    def __post_init__(self) -> None:
        if not (self.rate.is_finite() and 0 <= self.rate <= 100):  # msgspec cannot constrain a Decimal
            raise ValueError("rate is a percentage from 0 to 100")


class Offer(Record, frozen=True, kw_only=True):
    """A discount: when it applies and what it gives."""

    name: str
    offer_type: str = "basket"
    """basket, voucher, coupon or bulk_coupon: which plugin brings it in."""
    conditions: tuple[Rule, ...] = ()
    """All must pass."""
    benefits: tuple[Rule, ...] = ()
    voucher_code: str | None = None
    uses: int | None = None
    """How often it may be used in all; None is without limit."""
    starts: datetime | None = None
    ends: datetime | None = None
    sort_order: int = 0
    """Offers apply in this order, each to what the earlier ones left."""
    is_active: bool = True


class Contract(Record, frozen=True, kw_only=True):
    """A text that the shopper agrees to; a template of plain ``{placeholders}``."""

    slug: str
    title: str
    html: str


class ExtraFieldSchema(Record, frozen=True, kw_only=True):
    """JSON schema of the order's extra field."""

    schema: dict[str, Any]


RECORDS: tuple[type[Record], ...] = (
    Country, City, Township, District, DeliveryOption, ShippingOption, PaymentOption, Bank, BankAccount,
    Card, Bin, Installment, Offer, Contract, ExtraFieldSchema,
)  # fmt: skip
"""The record types of core."""


def by_pk(records: Iterable[R]) -> Mapping[int, R]:
    """Index records by their pk."""
    return {record.pk: record for record in records}
