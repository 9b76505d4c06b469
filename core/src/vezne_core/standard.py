"""The slots of core: answers and facts that every plugin may rely on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from vezne_core.address import Address
from vezne_core.junctions import Junction
from vezne_core.money import Money
from vezne_core.payments import GatewayInfo, PlacedOrder
from vezne_core.preorder import PreOrder
from vezne_core.promotions import AppliedOffers, Due, Unpaid
from vezne_core.slots import Fact, Slot, Value
from vezne_core.world import Basket, Client, Config, Shopper


class Contact(Value, frozen=True):
    """How to reach the shopper: e-mail, and phone as E.164."""

    email: str
    phone: str | None = None


class ChosenDelivery(Value, frozen=True, kw_only=True):
    """The delivery option chosen, and the page that filled it."""

    pk: int
    type: str
    page: str
    shipping_page: str | None = None
    name: str | None = None
    """Only where the record lives outside the catalogue."""


class Destination(Value, frozen=True, kw_only=True):
    """Where the goods go: ``kind`` is the delivery option type that wants it."""

    kind: str
    address: Address
    store: int | None = None
    """Retail store, for store pickup."""
    point: str | None = None
    """Identifier of a pickup point."""


class ChosenShipping(Value, frozen=True, kw_only=True):
    """The shipping option chosen, what was answered to it, and the page that filled it."""

    pk: int
    page: str
    fields: dict[str, str] = {}
    picks: tuple[int, ...] = ()
    """All options chosen, where there are several; ``pk`` is the first."""
    amount: Money | None = None
    """Only where the record lives outside the catalogue."""


class DeliveryRange(Value, frozen=True):
    """A window of time for the delivery."""

    lower: datetime
    upper: datetime


class ChosenPayment(Value, frozen=True):
    """The payment option chosen."""

    pk: int
    type: str


class CardInfo(Value, frozen=True):
    """The kind of card, from its first digits."""

    bin_number: str
    card: int


class ChosenInstallment(Value, frozen=True, kw_only=True):
    """In how many parts, and at what interest."""

    pk: int
    count: int
    rate: Decimal | None = None
    """Per cent; as the catalogue says now."""
    interest: Money | None = None
    """Only where the record lives outside the catalogue."""


class ThreeD(Value, frozen=True):
    """Whether the shopper is sent to the bank."""

    required: bool


class Redirected(Value, frozen=True):
    """The shopper left for the provider."""

    yes: bool = True


def _basket_identity(basket: Basket) -> Any:
    return [
        (line.pk, line.product.pk, line.product.sku, line.quantity, line.unit_price, line.attributes)
        for line in basket.lines
    ]


def _offers_identity(applied: AppliedOffers) -> Any:
    # without the label: an offer renamed is the same offer
    return [
        [(each.kind, each.offer, each.line, each.amount, each.share) for each in applied.adjustments],
        applied.samples,
    ]


CONFIG = Fact("config", Config, same=("revision",))
SHOPPER = Fact("shopper", Shopper, same=("user", "email", "phone"))
CLIENT = Fact("client", Client)
BASKET = Fact("basket", Basket, wire="basket", same=_basket_identity)
OFFERS = Fact("offers", AppliedOffers, same=_offers_identity)
SHIPPING_AMOUNT = Fact("shipping_amount", Money, wire="shipping_amount")
DUE = Fact("due", Due, same=("amount",))
UNPAID = Fact("unpaid", Unpaid, wire={"unpaid_amount": "amount"}, same=("amount",))
GATEWAY = Fact("gateway", GatewayInfo)
DEAL = Fact("deal", bytes)

CONTACT = Slot(
    "contact", Contact, depends_on=(SHOPPER,), wire={"user_email": "email", "user_phone_number": "phone"}
)
DELIVERY_OPTION = Slot("delivery_option", ChosenDelivery, wire="delivery_option", same=("pk", "type", "page"))
DESTINATION = Slot("destination", Destination, wire={"shipping_address": "address", "retail_store": "store"})
BILLING_ADDRESS = Slot("billing_address", Address, wire="billing_address")
LINE_PRICES = Slot("line_prices", dict[int, Money], depends_on=(BASKET, DESTINATION))
SHIPPING = Slot("shipping", ChosenShipping, depends_on=(DELIVERY_OPTION,), wire="shipping_option")
DELIVERY_RANGE = Slot(
    "delivery_range", DeliveryRange, depends_on=(DELIVERY_OPTION, DESTINATION), wire="delivery_range"
)
PAYMENT_OPTION = Slot("payment_option", ChosenPayment, depends_on=(SHIPPING,), wire="payment_option")
CARD = Slot("card", CardInfo, depends_on=(PAYMENT_OPTION,), wire="card_info")
INSTALLMENT = Slot(
    "installment", ChosenInstallment, depends_on=(PAYMENT_OPTION, CARD), wire="installment",
    same=("pk", "count", "interest"),
)  # fmt: skip
CAMPAIGNS = Slot("campaigns", tuple[dict[str, Any], ...], depends_on=(CARD,), wire="campaigns")
SELECTED_CAMPAIGN = Slot(
    "selected_campaign", str, depends_on=(CAMPAIGNS, INSTALLMENT), wire="selected_campaign"
)
REWARDS = Slot("rewards", dict[str, Money], depends_on=(PAYMENT_OPTION, CARD), wire="rewards")
SELECTED_REWARDS = Slot(
    "selected_rewards", dict[str, Money], depends_on=(REWARDS, INSTALLMENT), wire="selected_rewards"
)
THREE_D = Slot(
    "three_d", ThreeD, depends_on=(PAYMENT_OPTION, CARD, INSTALLMENT, DEAL),
    wire={"redirect_to_three_d": "required"},
)  # fmt: skip
ORDER_NUMBER = Slot("order_number", str, depends_on=(PAYMENT_OPTION,), wire="number")
REDIRECTED = Slot("redirected", Redirected, depends_on=(PAYMENT_OPTION,), wire={"is_redirected": "yes"})
ORDER = Slot("order", PlacedOrder)
COUPONS = Slot("coupons", tuple[int, ...])
VOUCHER = Slot("voucher", str, wire="voucher_code")
NOTE = Slot("note", str, wire="notes")
EXTRA_FIELD = Slot("extra_field", dict[str, Any])

SLOTS: tuple[Slot[Any], ...] = (
    CONFIG, SHOPPER, CLIENT, BASKET, OFFERS, SHIPPING_AMOUNT, DUE, UNPAID, GATEWAY, DEAL, CONTACT,
    DELIVERY_OPTION, DESTINATION, BILLING_ADDRESS, LINE_PRICES, SHIPPING, DELIVERY_RANGE, PAYMENT_OPTION,
    CARD, INSTALLMENT, CAMPAIGNS, SELECTED_CAMPAIGN, REWARDS, SELECTED_REWARDS, THREE_D, ORDER_NUMBER,
    REDIRECTED, ORDER, COUPONS, VOUCHER, NOTE, EXTRA_FIELD,
)  # fmt: skip

PROMISES: Mapping[Junction, tuple[Slot[Any], ...]] = {
    Junction.IDENTITY: (CONTACT,),
    Junction.DELIVERY_MODE: (DELIVERY_OPTION,),
    Junction.DELIVERY_TARGET: (DESTINATION, BILLING_ADDRESS),
    Junction.SHIPPING: (SHIPPING,),
    Junction.PAYMENT_METHOD: (PAYMENT_OPTION,),
}
"""What each junction owes to those behind it, whatever plugin serves it."""


class Key:
    """What decides which chain serves a junction.

    :param read: the value now, or None while it is not decided.
    :param slot: where a shopper can choose it anew; None when only a setting decides.
    """

    __slots__ = ("read", "slot")

    def __init__(self, read: Callable[[PreOrder], str | None], slot: Slot[Any] | None) -> None:
        self.read = read
        self.slot = slot


def _shipping_page(preorder: PreOrder) -> str | None:
    option = preorder.get(DELIVERY_OPTION)
    if option and option.shipping_page:
        return option.shipping_page
    return preorder.require(CONFIG).checkout.CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE


def _delivery_type(preorder: PreOrder) -> str | None:
    option = preorder.get(DELIVERY_OPTION)
    return option.type if option else None


def _payment_type(preorder: PreOrder) -> str | None:
    option = preorder.get(PAYMENT_OPTION)
    return option.type if option else None


KEYS: Mapping[Junction, Key] = {
    Junction.DELIVERY_MODE: Key(
        lambda preorder: preorder.require(CONFIG).checkout.CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE, None
    ),
    Junction.DELIVERY_TARGET: Key(_delivery_type, DELIVERY_OPTION),
    Junction.SHIPPING: Key(_shipping_page, DELIVERY_OPTION),
    Junction.PAYMENT: Key(_payment_type, PAYMENT_OPTION),
}
