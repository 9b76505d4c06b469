"""A contract's template filled with what the shopper is about to agree to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

_PLACE = re.compile(r"\{([a-z_]+)\}")

PLACES = (
    "date", "order_number", "email", "phone", "first_name", "last_name", "shipping_address",
    "billing_address", "products", "shipping_option", "payment_option", "shipping_amount",
    "discount_amount", "total_amount", "currency",
)  # fmt: skip
"""What a template may name in braces; anything else in braces stays as it is."""


def filled(template: str, pre_order: Mapping[str, Any], date: str) -> str:
    """Return a template with its places filled from the wire form of a pre-order; values are escaped."""
    values = _values(pre_order, date)

    def value(place: re.Match[str]) -> str:
        name = place.group(1)
        return values.get(name, "") if name in PLACES else place.group(0)

    return _PLACE.sub(value, template)


def _values(pre_order: Mapping[str, Any], date: str) -> dict[str, str]:
    basket = pre_order.get("basket") or {}
    billing, shipping = pre_order.get("billing_address") or {}, pre_order.get("shipping_address") or {}
    person = billing or shipping
    currency = str(pre_order.get("currency_type_label") or "")
    plain = {
        "date": date,
        "order_number": pre_order.get("number"),
        "email": pre_order.get("user_email"),
        "phone": pre_order.get("user_phone_number"),
        "first_name": person.get("first_name"),
        "last_name": person.get("last_name"),
        "shipping_address": _address(shipping),
        "billing_address": _address(billing),
        "shipping_option": (pre_order.get("shipping_option") or {}).get("name"),
        "payment_option": (pre_order.get("payment_option") or {}).get("name"),
        "shipping_amount": pre_order.get("shipping_amount"),
        "discount_amount": basket.get("total_discount_amount"),
        "total_amount": pre_order.get("total_amount_with_interest"),
        "currency": currency,
    }
    values = {name: escape(str(value)) for name, value in plain.items() if value is not None}
    values["products"] = _products(basket, currency)
    return values


def _products(basket: Mapping[str, Any], currency: str) -> str:
    items = [
        f"{item['quantity']} × {(item.get('product') or {}).get('name')}: {item['total_amount']} {currency}"
        for item in basket.get("basketitem_set") or ()
    ]
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""


def _address(address: Mapping[str, Any]) -> str:
    places = (address.get(key) for key in ("district", "township", "city", "country"))
    parts = [address.get("line"), *(place.get("name") for place in places if place)]
    return ", ".join(str(part) for part in parts if part)
