"""A small shop in memory, in which everything that decides about a path can be turned."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from vezne_core import (
    Address,
    CheckoutSettings,
    Client,
    Config,
    DeliveryOption,
    Money,
    PaymentOption,
    Record,
    ShippingOption,
)
from vezne_host.catalogue import Snapshot
from vezne_host.storage.checkouts import BasketRow, LineRow, ProductBody, UserRow

from .heads import HEADS

NOW = datetime(2024, 6, 3, 12, tzinfo=UTC)

PAYMENT_TYPES = tuple(
    head.serves for head in HEADS.page.values() if head.junction == "PAYMENT" and head.serves
)
DELIVERY_TYPES = {1: "customer", 2: "retail_store", 3: "pickup_location", 4: "balloon"}
"""Types of delivery options by pk; nobody serves the last."""

COVERED = ("gift_card", "loyalty_money")
"""Ways to pay that take an order only when nothing is left to pay."""


class Shop(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the world stands. Journeys set some of it, and turn it while a shopper is on his way."""

    # Who, and with what.
    signed_in: bool = False
    guests: bool = True
    in_store: bool = False
    language: str = "en"
    addresses: tuple[int, ...] = (1, 2)
    street: str = "Street"
    # What.
    quantity: int = 1
    price: str = "100.00"
    remote_price: bool = False
    discount: str = "0.00"
    discount_name: str = "Sale"
    samples: bool = False
    # How it is delivered.
    delivery: tuple[int, ...] = (1, 2, 3)
    delivery_page: str = "DeliveryOptionSelectionPage"
    option_page: str | None = None
    """The page that delivery option 1 wants in the place of the shipping option page."""
    shipping: tuple[int, ...] = (1, 2)
    shipping_page: str = "ShippingOptionSelectionPage"
    shipping_price: str | None = "10.00"
    autoselect: bool = False
    reservable: bool = False
    bags: bool = False
    bags_run: bool = False
    # How it is paid.
    payments: tuple[str, ...] = PAYMENT_TYPES
    renamed: str = ""
    """Added to every name of the catalogue: another name is the same option."""
    capabilities: tuple[str, ...] = ()
    three_d: bool = False
    installments: tuple[int, ...] = (1, 2, 3)
    accounts: tuple[int, ...] = (1, 2)
    account_gateway: bool = False
    choices: tuple[int, ...] = (1, 2)
    skip_choices: bool = False
    sms: bool = False
    installment_service: bool = False
    till_installments: bool = False
    agreement: bool = False
    agreement_enabled: bool = True
    card_password: bool = False
    loyalty: bool = False
    gift_boxes: bool = True

    def turn(self, **knobs: Any) -> None:
        """Change how the world stands.

        :raises msgspec.ValidationError: there is no such knob, or it cannot be turned so.
        """
        turned = msgspec.convert(msgspec.to_builtins(self) | knobs, Shop)
        for name in knobs:
            setattr(self, name, getattr(turned, name))

    # As the host loads it.

    @property
    def settings(self) -> CheckoutSettings:
        """The settings of the contract."""
        return CheckoutSettings(
            CAN_GUEST_PURCHASE=self.guests,
            CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE=self.delivery_page,
            CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE=self.shipping_page,
            AUTOSELECT_SHIPPING=self.autoselect,
        )

    @property
    def records(self) -> list[Record]:
        """The configuration tables."""
        made: list[Record] = []
        for pk in self.delivery:
            page = self.option_page if pk == 1 else None
            made.append(
                DeliveryOption(
                    pk=pk, name=f"Delivery {pk}{self.renamed}", slug=f"d{pk}", shipping_page=page,
                    delivery_option_type=DELIVERY_TYPES[pk],
                )
            )  # fmt: skip
        for pk in self.shipping:
            made.append(
                ShippingOption(
                    pk=pk, name=f"Carrier {pk}{self.renamed}", slug=f"s{pk}", calculator={"slug": "free"}
                )
            )
        for pk, payment_type in enumerate(PAYMENT_TYPES, start=1):
            active = payment_type in self.payments
            made.append(
                PaymentOption(
                    pk=pk, name=f"{payment_type}{self.renamed}", slug=payment_type, is_active=active,
                    payment_type=payment_type, gateway="till",
                )
            )  # fmt: skip
        return made

    def snapshot(self, revision: int) -> Snapshot:
        """The configuration in memory."""
        return Snapshot(revision, self.records)

    def config(self, revision: int) -> Config:
        """The value of the fact CONFIG."""
        return Config(revision=revision, checkout=self.settings)

    @property
    def client(self) -> Client:
        """What the shopper comes with."""
        return Client(type="instore" if self.in_store else "default", language=self.language)

    @property
    def user(self) -> UserRow | None:
        """The account, where the shopper is signed in."""
        if not self.signed_in:
            return None
        return UserRow(
            pk=7, email="ada@example.com", phone="+905551112233", first_name="Ada", last_name="L",
            segments=(), orders=0,
        )  # fmt: skip

    @property
    def own_addresses(self) -> tuple[Address, ...]:
        """The shopper's own."""
        return tuple(
            Address(pk=pk, first_name="Ada", country=1, city=34, township=3401, line=f"{self.street} {pk}")
            for pk in self.addresses
        )

    @property
    def basket(self) -> BasketRow:
        """The basket as it is loaded."""
        attributes = {"has_remote_price": "true"} if self.remote_price else {}
        body = ProductBody("A thing", Decimal(self.price), "TRY", attributes=attributes)
        lines = [LineRow(1, self.quantity, {}, 1, "THING", body, 1000)] if self.quantity else None
        return BasketRow(1, "TRY", 1, NOW, NOW, lines)

    def money(self, amount: str) -> Money:
        """An amount in the shop's currency."""
        return Money.of(amount, "TRY")


def pk_of(payment_type: str) -> int:
    """Return the pk of the payment option of a type."""
    return PAYMENT_TYPES.index(payment_type) + 1


numbers = count(1)


def session() -> tuple[UUID, str]:
    """Return the ids of a new session."""
    return uuid4(), f"session-{next(numbers)}"
