"""The order as it will stand, drawn up when the payment begins.

It is stored with the attempt, so that an order can be built without session,
cache or pre-order row.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from secrets import token_hex
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CARD,
    CLIENT,
    CONTACT,
    DELIVERY_OPTION,
    DELIVERY_RANGE,
    DESTINATION,
    EXTRA_FIELD,
    INSTALLMENT,
    LINE_PRICES,
    NOTE,
    PAYMENT_OPTION,
    SHIPPING,
    SHOPPER,
    Approved,
    Card,
    Catalogue,
    Money,
    PaymentOption,
    PreOrder,
    Product,
    ShippingOption,
    SlotGraph,
    Totals,
    VezneError,
    address_view,
    totals,
)
from vezne_host.present import product_view, wire


class Item(Struct, frozen=True):
    """One piece of one product, as the contract lists it."""

    product: int
    sku: str
    price: Decimal
    body: str
    """JSON."""


class Discount(Struct, frozen=True):
    """What one offer gave."""

    offer: int | None
    offer_type: str
    name: str
    code: str | None
    amount: Decimal


class Tender(Struct, frozen=True):
    """A part of the price that something other than the main payment covers."""

    reservation: str
    amount: Decimal
    label: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """Everything an order is made of."""

    number: str
    key: str
    preorder: str
    user: int | None
    email: str
    amount: Money
    """With interest."""
    charged: Money
    """What the main payment takes, with interest."""
    interest: Money
    body: str
    """JSON of the order's own keys."""
    items: tuple[Item, ...]
    discounts: tuple[Discount, ...]
    tenders: tuple[Tender, ...]
    basket: int
    lines: tuple[tuple[int, int], ...]
    """Basket lines and how many pieces of each are bought."""
    pieces: dict[str, int]
    """By SKU, gift boxes and the like included."""
    language: str
    post_order: bool = False
    """It pays for an order that stands: nothing is taken from stock or basket."""


class Snapshot(Struct, frozen=True):
    """What is frozen with an attempt."""

    draft: Draft
    values: dict[str, msgspec.Raw]
    """Every filled slot and fact, in its stored form."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Snapshot)
_NOT_FROZEN = frozenset({"config"})


def freeze(graph: SlotGraph, preorder: PreOrder, draft: Draft) -> bytes:
    """Encode a pre-order with its facts, and the order it would become."""
    values = {name: msgspec.Raw(raw) for name, raw in preorder.raw.items()}
    for name, slot in graph.slots.items():
        if slot.fact and name not in _NOT_FROZEN:
            value = preorder.get(slot)
            if value is not None:
                values[name] = msgspec.Raw(slot.encode(value))
    return _ENCODER.encode(Snapshot(draft, values))


def thaw(raw: bytes) -> Snapshot:
    """Decode what was frozen."""
    return _DECODER.decode(raw)


def draft(preorder: PreOrder, catalogue: Catalogue, products: Mapping[str, Product], number: str) -> Draft:
    """Draw up the order of a pre-order.

    :param products: by SKU, those that the sums may add to the goods.

    :raises VezneError: there is nothing to sum up; cannot happen behind PAYMENT_METHOD.
    """
    sums, basket = totals(preorder), preorder.require(BASKET)
    if sums is None:
        raise VezneError("an order was drafted before there was anything to pay for")
    shopper, contact = preorder.require(SHOPPER), preorder.require(CONTACT)
    language = preorder.require(CLIENT).language
    prices = preorder.get(LINE_PRICES) or {}
    items, pieces = [], dict[str, int]()
    for line in basket.lines:
        price = prices.get(line.pk, line.unit_price)
        items += [_item(line.product, price, line.attributes)] * line.quantity
        pieces[line.product.sku] = pieces.get(line.product.sku, 0) + line.quantity
    for a in sums.adjustments:
        product = products.get(a.sku or "")
        if a.kind == "item" and product is not None:
            items.append(_item(product, a.amount, {}))
            pieces[product.sku] = pieces.get(product.sku, 0) + 1
    discounts: dict[tuple[int | None, str], Discount] = {}
    for a in sums.adjustments:
        if a.kind in ("line", "basket", "shipping") and a.amount.amount:
            key = (a.offer, a.label)
            before = discounts[key].amount if key in discounts else Decimal(0)
            discounts[key] = Discount(
                a.offer, a.offer_type or a.kind, a.label, a.code, before - a.amount.amount
            )
    return Draft(
        number=number,
        key=token_hex(20),
        preorder=preorder.id,
        user=shopper.user,
        email=contact.email,
        amount=sums.with_interest,
        charged=sums.unpaid + sums.interest,
        interest=sums.interest,
        body=msgspec.json.encode(_body(preorder, catalogue, sums, language)).decode(),
        items=tuple(items),
        discounts=tuple(discounts.values()),
        tenders=tuple(
            Tender(a.reservation or a.source, a.amount.amount, a.label)
            for a in sums.adjustments
            if a.kind == "tender"
        ),
        basket=basket.pk,
        lines=tuple((line.pk, line.quantity) for line in basket.lines),
        pieces={} if preorder.post_order else pieces,
        language=language,
        post_order=preorder.post_order,
    )


def as_paid(order: Draft, paid: Approved) -> Draft:
    """Return the order with the installments that the shopper chose at the provider, and their interest."""
    if paid.installment is None and paid.interest is None:
        return order
    extra = paid.interest or Money.zero(order.amount.currency)
    interest = order.interest + extra
    body = msgspec.json.decode(order.body)
    body["installment_interest_amount"] = interest.wire
    if paid.installment is not None:
        body["installment_count"] = paid.installment
    return msgspec.structs.replace(
        order,
        amount=order.amount + extra,
        charged=order.charged + extra,
        interest=interest,
        body=msgspec.json.encode(body).decode(),
    )


def _item(product: Product, price: Money, attributes: Mapping[str, Any]) -> Item:
    body = {
        "product": product_view(product),
        "attributes": attributes,
        "tax_rate": format(product.tax_rate, "f"),
        "image": product.image,
        "data_source": product.data_source,
    }
    return Item(product.pk, product.sku, price.amount, msgspec.json.encode(body).decode())


def _body(preorder: PreOrder, catalogue: Catalogue, sums: Totals, language: str) -> Mapping[str, Any]:
    """Return the order's own keys of the contract (objects, Order), without the row's columns."""
    contact, client = preorder.require(CONTACT), preorder.require(CLIENT)
    shipping, payment = preorder.get(SHIPPING), preorder.get(PAYMENT_OPTION)
    shipping_option = catalogue.get(ShippingOption, shipping.pk) if shipping else None
    option = catalogue.get(PaymentOption, payment.pk) if payment else None
    card, installment = preorder.get(CARD), preorder.get(INSTALLMENT)
    destination, billing = preorder.get(DESTINATION), preorder.get(BILLING_ADDRESS)
    delivery, window = preorder.get(DELIVERY_OPTION), preorder.get(DELIVERY_RANGE)
    record = catalogue.get(Card, card.card) if card else None
    gift_box = any(a.kind == "item" and a.source == "gift_box" for a in sums.adjustments)
    return {
        "shipping_address": None
        if destination is None
        else wire(address_view(destination.address, catalogue, language))
        | {"address_type": destination.kind, "retail_store": destination.store},
        "billing_address": billing and wire(address_view(billing, catalogue, language)),
        "shipping_company": shipping_option and shipping_option.slug,
        "client_type": client.type,
        "payment_option": option
        and {
            "pk": option.pk,
            "name": option.text("name", language),
            "payment_type": option.payment_type,
            "slug": option.slug,
        },
        "amount_without_discount": (sums.total + sums.discount).wire,
        "discount_amount": sums.discount.wire,
        "shipping_amount": sums.shipping.wire,
        "fee_amount": sums.fees.wire,
        "tenders": [
            {"kind": a.reservation, "label": a.label, "amount": a.amount.wire}
            for a in sums.adjustments
            if a.kind == "tender"
        ],
        "remote_addr": client.ip,
        "has_gift_box": gift_box,
        "gift_box_note": _gift_note(preorder) if gift_box else "",
        "language_code": client.language,
        "notes": preorder.get(NOTE),
        "delivery_range": wire(window) if window else None,
        "delivery_option": delivery and delivery.pk,
        "extra_field": preorder.get(EXTRA_FIELD) or {},
        "phone_number": contact.phone,
        "shipping_option": shipping and shipping.pk,
        "shipping_option_slug": shipping_option and shipping_option.slug,
        "shipping_fields": dict(shipping.fields) if shipping else {},
        "payment_option_slug": option and option.slug,
        "bin_number": card and card.bin_number,
        "bank": record and record.bank,
        "card": card and card.card,
        "installment": installment and installment.pk,
        "installment_count": installment.count if installment else 1,
        "installment_interest_amount": sums.interest.wire,
    }


PAYMENT_KEYS = (
    "payment_option", "payment_option_slug", "bin_number", "bank", "card", "installment",
    "installment_count", "installment_interest_amount", "fee_amount",
)  # fmt: skip
"""Keys of an order that change when it is paid another way."""


def payment_body(body: str) -> str:
    """Return the part of an order's keys that tells how it is paid."""
    keys = msgspec.json.decode(body)
    return msgspec.json.encode({key: keys.get(key) for key in PAYMENT_KEYS}).decode()


def _gift_note(preorder: PreOrder) -> str:
    raw = preorder.raw.get("gift_box.box")
    value = msgspec.msgpack.decode(raw) if raw else None
    return str(value.get("note") or "") if isinstance(value, dict) else ""
