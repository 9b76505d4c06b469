"""Orders in the shape of the contract (objects, Order)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from vezne_core import Bank, Catalogue, Money, Text
from vezne_core.money import label
from vezne_host.orders.status import CANCELLED, PAYMENT_WAITING, STATUS
from vezne_host.present import timestamp
from vezne_host.storage.orders import DiscountRow, ItemRow, Order

Translate = Callable[[Text], str]


def order_view(order: Order, catalogue: Catalogue, translate: Translate) -> dict[str, Any]:
    """Show an order: every key of the contract, in its order."""
    body, currency = order.body, order.amount.currency
    zero = Money.zero(currency).wire
    bank = catalogue.get(Bank, body.get("bank"))
    return {
        "id": order.pk,
        "status": _status(order.status, translate),
        "currency": _currency(currency),
        "orderitem_set": [_item(item, order, translate) for item in order.items],
        "discountitem_set": [_discount(row, order) for row in order.discounts],
        "is_cancelled": order.status == CANCELLED,
        "is_cancellable": False,
        "is_refundable": False,
        "shipping_address": body.get("shipping_address"),
        "billing_address": body.get("billing_address"),
        "shipping_company": body.get("shipping_company"),
        "client_type": body.get("client_type", "default"),
        "payment_option": body.get("payment_option"),
        "amount_without_discount": body.get("amount_without_discount", order.amount.wire),
        "is_payable": order.status == PAYMENT_WAITING and not order.paying,
        "tracking_url": None,
        "bank": bank and {"pk": bank.pk, "name": bank.name, "slug": bank.slug, "logo": bank.logo},
        "created_date": timestamp(order.created),
        "modified_date": timestamp(order.modified),
        "number": order.number,
        "amount": order.amount.wire,
        "discount_amount": body.get("discount_amount", zero),
        "shipping_amount": body.get("shipping_amount", zero),
        "shipping_tax_rate": None,
        "refund_amount": order.refunded.wire,
        "discount_refund_amount": zero,
        "shipping_refund_amount": zero,
        "invoice_number": None,
        "invoice_date": None,
        "e_archive_url": None,
        "tracking_number": None,
        "remote_addr": body.get("remote_addr"),
        "has_gift_box": body.get("has_gift_box", False),
        "gift_box_note": body.get("gift_box_note", ""),
        "language_code": body.get("language_code"),
        "notes": body.get("notes"),
        "delivery_range": body.get("delivery_range"),
        "extra_field": body.get("extra_field") or {},
        "user_email": order.email,
        "shipping_option_slug": body.get("shipping_option_slug"),
        "payment_option_slug": body.get("payment_option_slug"),
        "bin_number": body.get("bin_number"),
        "installment_count": body.get("installment_count", 1),
        "installment_interest_amount": body.get("installment_interest_amount", zero),
        "shipping_tracking_url": None,
        "user": order.user,
        "basket": body.get("basket"),
        "shipping_option": body.get("shipping_option"),
        "card": body.get("card"),
        "installment": body.get("installment"),
        "segment": None,
        "checkout_provider": None,
        "tenders": body.get("tenders", []),
    }


def _item(item: ItemRow, order: Order, translate: Translate) -> dict[str, Any]:
    """Show one piece of one product."""
    product, body = item.body.get("product") or {}, item.body
    price = Money.of(Decimal(item.price), order.amount.currency).wire
    attributes = body.get("attributes") or {}
    return {
        "id": item.pk,
        "status": _status(order.status, translate),
        "price_currency": _currency(order.amount.currency),
        "product": {
            "pk": item.product,
            "sku": item.sku,
            "base_code": product.get("base_code"),
            "name": product.get("name"),
            "image": body.get("image"),
            "absolute_url": product.get("absolute_url"),
            "attributes": product.get("attributes") or {},
            "attributes_kwargs": {},
            "form_schema": None,
            "data_source": body.get("data_source"),
            "extra_attributes": {},
        },
        "is_cancelled": order.status == CANCELLED,
        "is_cancellable": False,
        "is_refundable": False,
        "cancellationrequest_set": [],
        "active_cancellation_request": None,
        "shipping_company": order.body.get("shipping_company"),
        "tracking_url": None,
        "is_tradable": False,
        "available_easy_return_shipping_companies": [],
        "datasource_detailed": None,
        "extra_product_stock_detailed": None,
        "extra_product_price_detailed": None,
        "created_date": timestamp(order.created),
        "modified_date": timestamp(order.modified),
        "attributes": attributes,
        "attributes_kwargs": {},
        "localized_attributes": attributes,
        "localized_attributes_kwargs": {},
        "price": price,
        "tax_rate": _rate(body.get("tax_rate")),
        "invoice_number": None,
        "invoice_date": None,
        "e_archive_url": None,
        "tracking_number": None,
        "retail_price": product.get("retail_price") or price,
        "image": body.get("image"),
        "extra_field": {"price_extra_field": {}, "stock_extra_field": {}},
        "estimated_delivery_date": None,
        "shipping_tracking_url": None,
        "order": order.pk,
        "parent": None,
        "extra_product_price": None,
        "extra_product_stock": None,
        "datasource": body.get("data_source"),
    }


def _discount(row: DiscountRow, order: Order) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "amount": Money.of(Decimal(row.amount), order.amount.currency).wire,
        "cancel_amount": Money.zero(order.amount.currency).wire,
        "code": row.code,
        "created_date": timestamp(order.created),
        "modified_date": timestamp(order.modified),
        "name": row.name,
        "offer_type": row.offer_type,
        "order": order.pk,
        "promotion": row.offer,
        "session_offer_type": None,
    }


def _status(status: int, translate: Translate) -> dict[str, str]:
    return {"value": str(status), "label": translate(STATUS.get(status, str(status)))}


def _currency(code: str) -> dict[str, str]:
    return {"value": code.lower(), "label": label(code)}


def _rate(text: str | None) -> str | None:
    return None if text is None else format(Decimal(text).quantize(Decimal("0.01")), "f")
