"""What a shopper's answer to a slot becomes; ``Wrong`` where the shop does not offer it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from vezne_core import (
    BILLING_ADDRESS,
    DESTINATION,
    ORDER_NUMBER,
    SHOPPER,
    Address,
    CardInfo,
    ChosenDelivery,
    ChosenInstallment,
    ChosenPayment,
    ChosenShipping,
    Contact,
    DeliveryOption,
    DeliveryRange,
    Destination,
    PaymentOption,
    PreOrder,
    ThreeD,
)

from .heads import ALL, HEADS, Answer
from .shop import NOW, Shop, pk_of


class Wrong(Exception):
    """The answer is not among what is offered."""


Make = Callable[[Any, str, PreOrder, Shop], Any]
"""``make(given, page, preorder, shop)``; ``given`` is None where the shopper takes the first."""

MAKE: dict[str, Make] = {}
order_numbers = count(1000000000001)


def made(constant: str, given: Any, page: str, preorder: PreOrder, shop: Shop) -> Any:
    """Return the value of a slot.

    :raises Wrong: it is not offered.
    """
    make = MAKE.get(constant)
    if make is not None:
        return make(given, page, preorder, shop)
    return Answer(word=str(given) if given is not None else "yes")


def _of(constant: str) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        MAKE[constant] = make
        return make

    return add


def _one_of(given: Any, offered: Sequence[int]) -> int:
    pk = int(given) if given is not None else next(iter(offered), None)
    if pk is None or pk not in offered:
        raise Wrong
    return pk


@_of("CONTACT")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Contact:
    shopper = preorder.require(SHOPPER)
    return Contact(given or shopper.email or "guest@example.com", shopper.phone)


@_of("DELIVERY_OPTION")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> ChosenDelivery:
    options = {option.pk: option for option in shop.records if isinstance(option, DeliveryOption)}
    option = options[_one_of(given, [pk for pk in shop.delivery if pk != 4 or given == 4])]
    return ChosenDelivery(
        pk=option.pk, type=option.delivery_option_type, page=page, shipping_page=option.shipping_page
    )


@_of("DESTINATION")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Destination:
    kind = HEADS.page[page].serves or ""
    if kind == "customer":
        return Destination(kind=kind, address=_address(given, page, preorder, shop))
    place = Address(country=1, city=34, township=3401, title=f"Place {given or 1}")
    return Destination(kind=kind, address=place, store=int(given or 1))


@_of("BILLING_ADDRESS")
def _address(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Address:
    pk = _one_of(given, shop.addresses)
    return next(address for address in shop.own_addresses if address.pk == pk)


@_of("LINE_PRICES")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> dict[int, Any]:
    return {1: shop.money(given or "1234.50")}


@_of("SHIPPING")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> ChosenShipping:
    return ChosenShipping(pk=_one_of(given, shop.shipping), page=page)


@_of("DELIVERY_RANGE")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> DeliveryRange:
    lower = NOW + timedelta(days=int(given or 1))
    return DeliveryRange(lower, lower + timedelta(hours=2))


@_of("PAYMENT_OPTION")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> ChosenPayment:
    pk = pk_of(given or shop.payments[0])
    option = next(each for each in shop.records if isinstance(each, PaymentOption) and each.pk == pk)
    return ChosenPayment(option.pk, option.payment_type)


@_of("CARD")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> CardInfo:
    return CardInfo(str(given or "540001"), 1)


@_of("INSTALLMENT")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> ChosenInstallment:
    pk = _one_of(given, shop.installments)
    return ChosenInstallment(pk=pk, count=pk)


@_of("CAMPAIGNS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> tuple[dict[str, Any], ...]:
    return ({"code": "C1"},)


@_of("SELECTED_CAMPAIGN")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> str:
    return str(given or "C1")


@_of("REWARDS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> dict[str, Any]:
    return {"general": shop.money("20.00")}


@_of("SELECTED_REWARDS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> dict[str, Any]:
    return {"general": shop.money(given or "5.00")}


@_of("THREE_D")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> ThreeD:
    return ThreeD(shop.three_d)


@_of("ORDER_NUMBER")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> str:
    """A number that was given out stays, unless the page takes it back."""
    taken_back = "ORDER_NUMBER" in HEADS.page[page].resets
    known = None if taken_back else preorder.get(ORDER_NUMBER)
    return known or str(next(order_numbers))


@_of("COUPONS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> tuple[int, ...]:
    return (int(given or 101),)


@_of("VOUCHER")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> str:
    return str(given or "WELCOME")


@_of("NOTE")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> str:
    return str(given or "Ring twice.")


@_of("EXTRA_FIELD")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> dict[str, Any]:
    return {"preference": given or "gift"}


@_of("BANK_ACCOUNT")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(word=str(_one_of(given, shop.accounts)))


@_of("PAYMENT_CHOICE")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    choice = _one_of(given, shop.choices)
    return Answer(word=str(choice), amount=shop.money(f"{choice}.00"))


@_of("SMS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(phone=str(given or "+905551112233"))


@_of("REFERENCE")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(word=f"code {next(order_numbers)}")


@_of("AGREEMENT")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(word="required" if shop.agreement else "none")


@_of("ME_LOOKUP")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(word="password" if shop.card_password else "open")


@_of("LOYALTY_USE")
@_of("LOYALTY_CARD_USE")
@_of("GIFT_CARDS")
@_of("GIFT_BOX")
@_of("BAGS")
def _(given: Any, page: str, preorder: PreOrder, shop: Shop) -> Answer:
    return Answer(amount=shop.money(given or "5.00"))


TARGETS = (DESTINATION, BILLING_ADDRESS)
"""What a delivery page empties when it is told to."""

assert MAKE.keys() <= ALL.keys()
