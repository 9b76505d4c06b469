"""What every answer of the checkout promises, whatever was sent: its shape, its place, its sums.

assert broken_promises(shopper.get()) == []
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from vezne_host.present import KEYS

Answer = Mapping[str, Any]

FILLED: Mapping[str, str] = {
    "IndexPage": "user_email",
    "DeliveryOptionSelectionPage": "delivery_option",
    "AddressSelectionPage": "shipping_address",
    "ShippingOptionSelectionPage": "shipping_option",
    "PaymentOptionSelectionPage": "payment_option",
    "BinNumberPage": "card_info",
    "InstallmentSelectionPage": "installment",
    "FundsTransferChoicePage": "funds_transfer_bank",
}
"""What is in the pre-order when a page is done, and is not when it waits."""

OFFERED: Mapping[str, tuple[str, str]] = {
    "DeliveryOptionSelectionPage": ("delivery_options", "delivery_option"),
    "AddressSelectionPage": ("addresses", "shipping_address"),
    "ShippingOptionSelectionPage": ("shipping_options", "shipping_option"),
    "PaymentOptionSelectionPage": ("payment_options", "payment_option"),
    "InstallmentSelectionPage": ("installments", "installment"),
    "FundsTransferChoicePage": ("bank_accounts", "funds_transfer_bank"),
}
"""Where a page lists what can be chosen, and where the choice is."""

_MONEY = re.compile(r"[0-9]+\.[0-9]{2}")
_ZERO = Decimal(0)


def broken_promises(answer: Answer) -> list[str]:
    """Say in words what is wrong with an answer that shows the whole path; nothing is an empty list."""
    return [*_shape(answer), *_amounts(answer, ""), *_path(answer), *_offered(answer), *_sums(answer)]


def _shape(answer: Answer) -> Iterator[str]:
    yield from wrong_errors(answer["errors"])
    if answer["context_list"] and set(answer["pre_order"]) < set(KEYS):
        yield f"pre_order lacks {set(KEYS) - set(answer['pre_order'])}"


def wrong_errors(errors: Any) -> Iterator[str]:
    """Say what is wrong with errors: they are null, or sentences by field."""
    if errors is None:
        return
    well = isinstance(errors, dict) and bool(errors)
    if not well or not all(_is_sentences(value) for value in errors.values()):
        yield f"errors are {errors!r}"


def _is_sentences(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) and text for text in value)


def _amounts(value: Any, key: str) -> Iterator[str]:
    """Money is text with the decimals of its currency; nothing is a float."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _amounts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _amounts(item, key)
    elif isinstance(value, float):
        yield f"{key} is the float {value}"
    elif isinstance(value, str) and _is_money(key) and not _MONEY.fullmatch(value):
        yield f"{key} is {value!r}"


def _is_money(key: str) -> bool:
    return key.endswith(("amount", "price", "_interest")) or key == "loyalty_money"


def _path(answer: Answer) -> Iterator[str]:
    """The last page waits, those before it are done."""
    names = [entry["page_name"] for entry in answer["context_list"]]
    if len(set(names)) < len(names):
        yield f"{names} shows a page twice"
    for place, name in enumerate(names):
        key, last = FILLED.get(name), place == len(names) - 1
        if key is None:
            continue
        filled = answer["pre_order"][key] is not None
        if filled == last:
            yield f"{name} is page {place + 1} of {len(names)}, and {key} is {'' if filled else 'not '}filled"


def _offered(answer: Answer) -> Iterator[str]:
    """What is chosen can still be chosen."""
    for entry in answer["context_list"]:
        listed, key = OFFERED.get(entry["page_name"], ("", ""))
        chosen = answer["pre_order"][key] if key else None
        if chosen is None:
            continue
        pks = [each["pk"] for each in entry["page_context"][listed]]
        if chosen["pk"] not in pks:
            yield f"{key} is {chosen['pk']}; {entry['page_name']} offers {pks}"


def _sums(answer: Answer) -> Iterator[str]:
    """Goods less discounts, with shipping and gift box, are the total; interest comes on top."""
    if not answer["context_list"] or answer["pre_order"]["total_amount"] is None:
        return
    shown = answer["pre_order"]
    basket = shown["basket"]
    goods = sum((Decimal(i["unit_price"]) * i["quantity"] for i in basket["basketitem_set"]), _ZERO)
    discount = Decimal(basket["total_discount_amount"])
    named = sum((Decimal(each["discount"]) for each in basket["discounts"]), _ZERO)
    total = Decimal(shown["total_amount"])
    parts = (
        goods - discount + _amount(shown["shipping_amount"]) + _amount((shown["gift_box"] or {}).get("price"))
    )
    if goods != Decimal(basket["total_product_amount"]):
        yield f"the lines cost {goods}, the basket says {basket['total_product_amount']}"
    if discount > goods or goods - discount != Decimal(basket["total_amount"]):
        yield f"{goods} less {discount} is not {basket['total_amount']}"
    if named != discount:
        yield f"discounts are {named} one by one and {discount} together"
    if parts != total:
        yield f"the parts are {parts}, the total is {total}"
    interest = _ZERO
    if shown["installment"] is not None:
        price = Decimal(shown["installment"]["price_with_accrued_interest"])
        interest = price - Decimal(shown["unpaid_amount"])
    if interest < 0 or total + interest != Decimal(shown["total_amount_with_interest"]):
        yield f"{total} with interest {interest} is not {shown['total_amount_with_interest']}"


def _amount(text: str | None) -> Decimal:
    return Decimal(text or 0)
