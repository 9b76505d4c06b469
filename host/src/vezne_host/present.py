"""The wire forms of the contract: the envelope, the pre-order and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CLIENT,
    CONTACT,
    DEAL,
    DESTINATION,
    INSTALLMENT,
    OFFERS,
    SHIPPING_AMOUNT,
    SHOPPER,
    THREE_D,
    Address,
    Adjustment,
    Basket,
    BasketLine,
    Catalogue,
    DeliveryOption,
    Errors,
    Installment,
    Money,
    PaymentOption,
    PreOrder,
    Product,
    ShippingOption,
    Slot,
    SlotGraph,
    Text,
    address_view,
    totals,
)
from vezne_core.money import label
from vezne_core.slots import digest

Show = Callable[[Any, PreOrder, Catalogue, str], Any]


class PageContext(Struct, frozen=True):
    """One entry of ``context_list``."""

    page_context: Any
    page_name: str
    page_slug: str


class Envelope(Struct, frozen=True, kw_only=True):
    """A checkout answer."""

    context_list: Sequence[PageContext]
    pre_order: Mapping[str, Any] | UnsetType = UNSET
    errors: Mapping[str, list[str]] | None = None
    template_name: str = "orders/checkout.html"
    redirect_url: str | UnsetType = UNSET


def wire(value: Any) -> Any:
    """Return plain values for JSON: money and decimals as text, structs as objects."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Money):
        return value.wire
    if isinstance(value, Struct):
        return {
            key: wire(item) for key, name in _keys(type(value)) if (item := getattr(value, name)) is not UNSET
        }
    if isinstance(value, list | tuple | frozenset):
        return [wire(item) for item in value]
    if isinstance(value, Mapping):
        return {key: wire(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return format(value, "f")
    return value


_PLAIN: frozenset[type] = frozenset({str, int, bool})


@cache
def _keys(kind: type[Struct]) -> tuple[tuple[str, str], ...]:
    """Return the keys of a struct, each with its attribute; msgspec works them out anew when it is asked."""
    return tuple((info.encode_name, info.name) for info in msgspec.structs.fields(kind))


def decimals(amount: Decimal | None) -> str | None:
    """Show a rate with two decimals, as the contract does."""
    return None if amount is None else format(amount.quantize(Decimal("0.01")), "f")


def timestamp(moment: datetime) -> str:
    """Show a moment as the contract does: ISO 8601 with microseconds and ``Z``."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


# Goods.


def product_view(product: Product) -> dict[str, Any]:
    """Show a product inside a basket or an order."""
    image = product.image
    return {
        "pk": product.pk,
        "name": product.name,
        "sku": product.sku,
        "base_code": product.base_code or product.sku,
        "attributes": product.attributes,
        "attribute_set": None,
        "attributes_kwargs": {},
        "extra_attributes": {},
        "productimage_set": []
        if image is None
        else [{"pk": product.pk, "status": "active", "image": image, "order": 0, "specialimage_set": []}],
        "price": product.price.wire,
        "in_stock": product.stock > 0,
        "currency_type": product.price.currency.lower(),
        "retail_price": (product.retail_price or product.price).wire,
        "unit_type": "qty",
        "absolute_url": product.absolute_url or f"/products/{product.pk}/",
        "productvideo_set": [],
        "product_type": product.product_type or "0",
        "price_type": "default",
        "form_schema": None,
        "is_ready_to_basket": product.stock > 0,
        "stock": product.stock,
        "data_source": product.data_source,
        "category": None if product.category is None else {"name": product.category},
    }


def line_view(line: BasketLine, adjustments: Iterable[Adjustment]) -> dict[str, Any]:
    """Show a basket line with the discounts that are its own."""
    own = [a for a in adjustments if a.kind == "line" and a.line == line.pk]
    discount = -Money.sum((a.amount for a in own), line.unit_price.currency)
    product = line.product
    return {
        "pk": line.pk,
        "id": line.pk,
        "quantity": line.quantity,
        "unit_price": line.unit_price.wire,
        "price": line.unit_price.wire,
        "retail_price": (product.retail_price or line.unit_price).wire,
        "tax_rate": decimals(product.tax_rate),
        "currency_type": line.unit_price.currency.lower(),
        "currency_type_label": label(line.unit_price.currency),
        "product": product_view(product),
        "total_amount": line.total.wire,
        "discount_amount": discount.wire,
        "shipping_discount": None,
        "offer_badges": [{"description": a.label, "discount": (-a.amount).wire} for a in own],
        "image": product.image,
        "stock": product.stock,
        "attributes": line.attributes,
        "attributes_kwargs": {},
        "parent": None,
        "datasource": product.data_source,
        "datasource_detailed": None,
        "extra_product_stock_detailed": None,
        "extra_product_price_detailed": None,
    }


def basket_view(basket: Basket, adjustments: Sequence[Adjustment]) -> dict[str, Any]:
    """Show a basket with what the offers in force give to its goods."""
    discounts = [a for a in adjustments if a.kind in ("line", "basket")]
    discount = min(-Money.sum((a.amount for a in discounts), basket.currency), basket.total)
    by_offer: dict[tuple[int | None, str], Money] = {}
    for a in discounts:
        key = (a.offer, a.label)
        by_offer[key] = by_offer.get(key, Money.zero(basket.currency)) - a.amount
    return {
        "basketitem_set": [line_view(line, adjustments) for line in basket.lines],
        "total_quantity": basket.quantity,
        "total_amount": (basket.total - discount).wire,
        "total_discount_amount": discount.wire,
        "discounts": [{"description": name, "discount": sum_.wire} for (_, name), sum_ in by_offer.items()],
        "upsell_messages": [],
        "total_product_amount": basket.total.wire,
        "pk": basket.pk,
        "created_date": timestamp(basket.created),
        "modified_date": timestamp(basket.modified),
    }


# Choices.


def delivery_view(option: DeliveryOption, language: str) -> dict[str, Any]:
    """Show a delivery option."""
    return {
        "pk": option.pk,
        "slug": option.slug,
        "name": option.text("name", language),
        "delivery_option_type": option.delivery_option_type,
        "sort_order": option.sort_order,
    }


def payment_view(option: PaymentOption, language: str, texts: Callable[[Text, str], str]) -> dict[str, Any]:
    """Show a payment option."""
    return {
        "pk": option.pk,
        "name": option.text("name", language),
        "slug": option.slug,
        "payment_type": option.payment_type,
        "payment_type_label": texts(TYPE_LABELS.get(option.payment_type, option.payment_type), language),
    }


TYPE_LABELS = {
    "credit_card": "Credit Card",
    "masterpass": "Masterpass",
    "masterpass_rest": "Masterpass",
    "funds_transfer": "Funds Transfer",
    "redirection": "Redirect to Bank",
    "pay_on_delivery": "Pay On Delivery",
    "bkm_express": "BKM Express",
    "gpay": "Garanti Pay",
    "stored_card": "Stored Card",
    "saved_card": "Saved Card",
    "credit_payment": "Shopping Credit",
    "confirmation": "Confirmation",
    "cash_register": "Cash Register",
    "loyalty_money": "Loyalty Money",
    "gift_card": "Gift Card",
    "pay_later": "Pay Later",
    "b2b": "B2B",
    "wallet": "Wallet",
}


def installment_view(record: Installment, amount: Money) -> dict[str, Any]:
    """Show an installment with what it costs on an amount."""
    total = amount + amount.percent(record.rate)
    return {
        "pk": record.pk,
        "installment_count": record.installment_count,
        "label": record.label or str(record.installment_count),
        "price_with_accrued_interest": total.wire,
        "monthly_price_with_accrued_interest": (total * (Decimal(1) / record.installment_count)).wire,
    }


# The pre-order.

KEYS = (
    "basket", "shipping_address", "billing_address", "shipping_option", "billing_and_shipping_same",
    "payment_option", "notifications", "shipping_amount", "total_amount", "unpaid_amount", "loyalty_money",
    "currency_type_label", "installment", "redirect_to_three_d", "delivery_option", "retail_store",
    "payment_choice", "phone_number", "gift_box", "delivery_range", "user_phone_number",
    "total_amount_with_interest", "is_guest", "is_post_order", "is_redirected", "credit_payment_option",
    "notes", "voucher_code", "campaigns", "selected_campaign", "rewards", "selected_rewards", "card_info",
    "number", "user_email", "funds_transfer_bank",
)  # fmt: skip
"""Every key of the contract, in its order."""


class Presenter:
    """Builds the wire form of pre-orders for one merchant."""

    def __init__(
        self,
        graph: SlotGraph,
        catalogue: Catalogue,
        translate: Callable[[Text, str], str],
        phone: Callable[[str | None, PreOrder], str | None],
    ) -> None:
        self._catalogue = catalogue
        self._translate = translate
        self._phone = phone
        self._slots: list[Slot[Any]] = [slot for slot in graph.slots.values() if slot.wire is not None]
        self._shows: dict[str, Show] = {
            "basket": self._basket,
            "billing_address": self._address,
            "delivery_option": self._delivery,
            "shipping": self._shipping,
            "payment_option": self._payment,
            "installment": self._installment,
            "card": self._card,
        }

    def pre_order(self, preorder: PreOrder) -> dict[str, Any]:
        """Show a pre-order: every key of the contract, then those that plugins add."""
        language = preorder.require(CLIENT).language
        shown: dict[str, Any] = dict.fromkeys(KEYS)
        for slot in self._slots:
            value = preorder.get(slot)
            if value is None:
                continue
            if isinstance(slot.wire, str):
                show = self._shows.get(slot.name) or slot.show
                shown[slot.wire] = show(value, preorder, self._catalogue, language) if show else wire(value)
            else:
                for key, attribute in (slot.wire or {}).items():
                    part = getattr(value, attribute)
                    shown[key] = (
                        self._address(part, preorder, self._catalogue, language)
                        if isinstance(part, Address)
                        else wire(part)
                    )
        self._computed(preorder, shown)
        return shown

    def _computed(self, preorder: PreOrder, shown: dict[str, Any]) -> None:
        basket, sums = preorder.get(BASKET), totals(preorder)
        destination, billing = preorder.get(DESTINATION), preorder.get(BILLING_ADDRESS)
        contact = preorder.get(CONTACT)
        if destination is not None and billing is not None:
            shown["billing_and_shipping_same"] = (
                billing.pk is not None and destination.address.pk == billing.pk
            )
        if shown["loyalty_money"] is None and basket is not None:
            shown["loyalty_money"] = Money.zero(basket.currency).wire
        if basket is not None:
            shown["currency_type_label"] = label(basket.currency)
        if sums is not None:
            shown["total_amount"] = sums.total.wire
            shown["unpaid_amount"] = sums.unpaid.wire
            shown["total_amount_with_interest"] = sums.with_interest.wire
            shown["shipping_amount"] = sums.shipping.wire if preorder.has(SHIPPING_AMOUNT) else None
        if contact is not None:
            shown["user_phone_number"] = self._phone(contact.phone, preorder)
        shown["is_guest"] = preorder.require(SHOPPER).is_guest
        shown["is_post_order"] = preorder.post_order
        shown["is_redirected"] = bool(shown["is_redirected"])

    def _basket(self, basket: Basket, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        offers = preorder.get(OFFERS)
        return basket_view(basket, offers.adjustments if offers else ())

    def _address(self, address: Address, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        return address_view(address, catalogue, language)

    def _delivery(self, choice: Any, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        option = catalogue.get(DeliveryOption, choice.pk)
        if option is None:
            return {
                "pk": choice.pk, "slug": "", "name": choice.name or "", "delivery_option_type": choice.type,
                "sort_order": 0,
            }  # fmt: skip
        return delivery_view(option, language)

    def _shipping(self, choice: Any, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        option = catalogue.get(ShippingOption, choice.pk)
        amount = preorder.get(SHIPPING_AMOUNT)
        return {
            "pk": choice.pk,
            "name": option.text("name", language) if option else "",
            "slug": option.slug if option else "",
            "logo": option.logo if option else None,
            "shipping_amount": amount.wire if amount is not None else None,
            "description": option.text("description", language) or None if option else None,
            "kwargs": option.kwargs if option else {},
        }

    def _payment(self, choice: Any, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        option = catalogue.get(PaymentOption, choice.pk)
        return payment_view(option, language, self._translate) if option else None

    def _installment(self, choice: Any, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        record, sums = catalogue.get(Installment, choice.pk), totals(preorder)
        if record is None or sums is None:
            return {"pk": choice.pk, "installment_count": choice.count}
        return installment_view(record, sums.unpaid)

    def _card(self, info: Any, preorder: PreOrder, catalogue: Catalogue, language: str) -> Any:
        return {"bin_number": info.bin_number, "card": info.card}

    def errors(self, errors: Errors | None, language: str) -> dict[str, list[str]] | None:
        """Translate errors; none are ``null``."""
        if not errors:
            return None
        return {key: [self._translate(text, language) for text in texts] for key, texts in errors.items()}


def shown_digest(preorder: PreOrder) -> bytes | None:
    """Return what stands for the deal and the total as an answer shows them."""
    deal, sums = preorder.get(DEAL), totals(preorder)
    if deal is None or sums is None:
        return None
    return digest(deal, sums.with_interest.wire.encode(), sums.currency.encode())


def three_d_of(preorder: PreOrder) -> bool | None:
    """Tell whether 3-D Secure was required."""
    decision = preorder.get(THREE_D)
    return decision.required if decision else None


def installment_of(preorder: PreOrder) -> int:
    """Return in how many parts the payment goes."""
    choice = preorder.get(INSTALLMENT)
    return choice.count if choice else 1


def language_of(preorder: PreOrder) -> str:
    """Return the language of the request."""
    return preorder.require(CLIENT).language
