"""What the world says at the moment of a request: values of facts, and where they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from vezne_core.address import Address
from vezne_core.catalogue import Catalogue
from vezne_core.money import Money
from vezne_core.settings import CheckoutSettings
from vezne_core.slots import Value


class Shopper(Value, frozen=True, kw_only=True):
    """Who is shopping: an account, or a guest (``user`` is None)."""

    user: int | None = None
    email: str | None = None
    phone: str | None = None
    """E.164."""
    first_name: str = ""
    last_name: str = ""
    segments: tuple[str, ...] = ()
    orders: int = 0
    """How many orders the account has placed before."""

    @property
    def is_guest(self) -> bool:
        """Not signed in."""
        return self.user is None


class Client(Value, frozen=True, kw_only=True):
    """What the shopper came with: never stored with the pre-order."""

    type: str = "default"
    """default, ios, android or instore."""
    ip: str = ""
    accept: str = ""
    user_agent: str = ""
    language: str = "en"


class Config(Value, frozen=True, kw_only=True):
    """The merchant's settings as of one revision."""

    revision: int
    checkout: CheckoutSettings
    timezone: str = "UTC"
    """Where the merchant's days begin (IANA name)."""


class Product(Value, frozen=True, kw_only=True):
    """What of a product matters to a checkout."""

    pk: int
    sku: str
    name: str
    price: Money
    retail_price: Money | None = None
    tax_rate: Decimal
    weight: Decimal
    """Kilogrammes."""
    category: str | None = None
    attributes: dict[str, Any] = {}
    data_source: int | None = None
    data_source_name: str | None = None
    product_type: str | None = None
    """``miscellaneous`` for gift boxes and bags, ``sample`` for samples; None for goods."""
    base_code: str | None = None
    image: str | None = None
    absolute_url: str | None = None
    stock: int = 0
    """Pieces that this session may still order."""


def attribute_texts(value: Any) -> frozenset[str]:
    """Return the value of an attribute, or each of several, as shops write it: ``true`` is ``"true"``."""
    if value is None:
        return frozenset()
    if isinstance(value, bool):
        return frozenset({str(value).lower()})
    if isinstance(value, list | tuple | frozenset):
        return frozenset().union(*map(attribute_texts, value))
    return frozenset({str(value)})


class BasketLine(Value, frozen=True, kw_only=True):
    """So many pieces of one product."""

    pk: int
    product: Product
    quantity: int
    unit_price: Money
    attributes: dict[str, Any] = {}

    @property
    def total(self) -> Money:
        """Price of the line before discounts."""
        return self.unit_price * self.quantity


class Basket(Value, frozen=True, kw_only=True):
    """What is being bought; never empty during a checkout."""

    pk: int
    currency: str
    lines: tuple[BasketLine, ...]
    created: datetime
    modified: datetime

    @property
    def total(self) -> Money:
        """Price of the lines before discounts."""
        return Money.sum((line.total for line in self.lines), self.currency)

    def total_at(self, prices: Mapping[int, Money]) -> Money:
        """Return the price of the lines where a piece of some costs what a remote service says.

        :param prices: value of LINE_PRICES: price of a piece, by pk of the line.
        """
        return Money.sum(
            (prices.get(line.pk, line.unit_price) * line.quantity for line in self.lines), self.currency
        )

    @property
    def quantity(self) -> int:
        """Number of pieces."""
        return sum(line.quantity for line in self.lines)

    @property
    def weight(self) -> Decimal:
        """Kilogrammes."""
        return sum((line.product.weight * line.quantity for line in self.lines), Decimal(0))


class World(Struct, frozen=True, kw_only=True):
    """Everything a request has loaded; what sources read from."""

    shopper: Shopper
    client: Client
    basket: Basket | None
    config: Config
    catalogue: Catalogue
    now: datetime
    """Database time."""
    addresses: tuple[Address, ...] = ()
    """The shopper's own, in the order of the address page."""
    products: Mapping[str, Product] = {}
    """By SKU, those that :attr:`CheckoutSettings.skus` names, priced in the basket's currency."""
