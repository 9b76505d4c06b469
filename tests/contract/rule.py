"""What pages look at and answer by themselves, by the names that ``heads.toml`` gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vezne_core import (
    BASKET,
    CLIENT,
    CONFIG,
    CONTACT,
    DELIVERY_OPTION,
    DELIVERY_RANGE,
    DESTINATION,
    DUE,
    GATEWAY,
    OFFERS,
    ORDER,
    PAYMENT_OPTION,
    SHOPPER,
    Capability,
    PreOrder,
)

from .heads import ALL
from .shop import Shop

Rule = Callable[[PreOrder, Shop], bool]
Preset = Callable[[PreOrder, Shop], dict[str, Any] | None]

APPLIES: dict[str, Rule] = {}
DONE: dict[str, Rule] = {}
PRESET: dict[str, Preset] = {}


def _named(table: dict[str, Any], *names: str) -> Callable[[Any], Any]:
    def add(function: Any) -> Any:
        for name in names:
            table[name] = function
        return function

    return add


def chosen(preorder: PreOrder, payment_type: str) -> bool:
    """Tell whether a way to pay is chosen."""
    option = preorder.get(PAYMENT_OPTION)
    return option is not None and option.type == payment_type


def delivered_to(preorder: PreOrder, kind: str) -> bool:
    option = preorder.get(DELIVERY_OPTION)
    return option is not None and option.type == kind


def word(preorder: PreOrder, constant: str) -> str | None:
    """Return the word that a slot of a plugin holds."""
    value = preorder.get(ALL[constant])
    return None if value is None else str(value.word)


def can(preorder: PreOrder, capability: Capability) -> bool:
    gateway = preorder.get(GATEWAY)
    return gateway is not None and gateway.can(capability)


def nothing_due(preorder: PreOrder) -> bool:
    owed = preorder.get(DUE)
    return owed is not None and not owed.amount


# When a page belongs to the flow.


@_named(APPLIES, "an order stands")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.has(ORDER)


@_named(APPLIES, "a store that reserves")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return delivered_to(preorder, "retail_store") and preorder.get(ALL["RESERVABLE"]) is True


@_named(APPLIES, "remote prices")
def _(preorder: PreOrder, shop: Shop) -> bool:
    basket = preorder.get(BASKET)
    asked = basket is not None and any(
        line.product.attributes.get("has_remote_price") == "true" for line in basket.lines
    )
    return asked and delivered_to(preorder, "customer")


@_named(APPLIES, "bags")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.bags


@_named(APPLIES, "the bank asks")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.has(ALL["CARD_CHALLENGE"])


@_named(APPLIES, "choices")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return bool(shop.choices)


@_named(APPLIES, "verification by SMS")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.sms


@_named(APPLIES, "installments of a service")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.installment_service


@_named(APPLIES, "installments of the card")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return not shop.installment_service


@_named(APPLIES, "masterpass")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return chosen(preorder, "masterpass_rest")


@_named(APPLIES, "masterpass rewards")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return chosen(preorder, "masterpass_rest") and can(preorder, Capability.REWARDS)


@_named(APPLIES, "rewards of a card")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return chosen(preorder, "credit_card") and can(preorder, Capability.REWARDS)


@_named(APPLIES, "campaigns of a card")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return chosen(preorder, "credit_card") and can(preorder, Capability.CAMPAIGNS)


@_named(APPLIES, "an agreement")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return word(preorder, "AGREEMENT") == "required"


@_named(APPLIES, "installments at the till")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.till_installments


@_named(APPLIES, "in a store")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.require(CLIENT).type == "instore"


@_named(APPLIES, "in a store, at the till")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.require(CLIENT).type == "instore" and chosen(preorder, "cash_register")


@_named(APPLIES, "a password is due")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return word(preorder, "ME_LOOKUP") == "password" and not preorder.has(ALL["ME_OTP_VALID"])


def _asks_for(code: str) -> Rule:
    def applies(preorder: PreOrder, shop: Shop) -> bool:
        challenge = preorder.get(ALL["ME_TRY"])
        return challenge is not None and challenge.show.get("code") == code

    return applies


FURTHER = ("ThreeDSecureURLCreated", "OTPRequired", "CVVRequired", "CVVAndOTPRequired")
for _code in FURTHER:
    APPLIES[_code] = _asks_for(_code)


@_named(APPLIES, "gift cards cover it")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.has(ALL["GIFT_CARDS"]) and nothing_due(preorder)


@_named(APPLIES, "loyalty money")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.loyalty


@_named(APPLIES, "loyalty money covers it")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.loyalty and nothing_due(preorder)


@_named(APPLIES, "gift boxes")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return shop.gift_boxes


@_named(APPLIES, "samples")
def _(preorder: PreOrder, shop: Shop) -> bool:
    offers = preorder.get(OFFERS)
    return offers is not None and bool(offers.samples)


# When nothing is left to ask.


@_named(DONE, "always")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return True


@_named(DONE, "never")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return False


@_named(DONE, "welcome")
def _(preorder: PreOrder, shop: Shop) -> bool:
    welcome = preorder.require(CONFIG).checkout.CAN_GUEST_PURCHASE or not preorder.require(SHOPPER).is_guest
    return preorder.has(CONTACT) and welcome


def _goes_to(kind: str) -> Rule:
    def done(preorder: PreOrder, shop: Shop) -> bool:
        destination = preorder.get(DESTINATION)
        return destination is not None and destination.kind == kind and preorder.has(ALL["BILLING_ADDRESS"])

    return done


for _kind in ("customer", "retail_store", "pickup_location"):
    DONE[f"goes to a {_kind}"] = _goes_to(_kind)


@_named(DONE, "a time or none")
def _(preorder: PreOrder, shop: Shop) -> bool:
    return preorder.has(DELIVERY_RANGE) or word(preorder, "RESERVATION") == "skipped"


# What the server answers where there is no choice.


@_named(PRESET, "nothing")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    return {}


@_named(PRESET, "the account")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    shopper = preorder.require(SHOPPER)
    return None if shopper.is_guest else {"CONTACT": shopper.email}


@_named(PRESET, "the only delivery")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    served = [pk for pk in shop.delivery if pk != 4]
    return {"DELIVERY_OPTION": served[0]} if len(served) == 1 else None


@_named(PRESET, "the only shipping")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    return {"SHIPPING": shop.shipping[0]} if shop.autoselect and len(shop.shipping) == 1 else None


@_named(PRESET, "the bag")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    return {} if shop.bags_run and preorder.has(DELIVERY_RANGE) and not preorder.has(ALL["BAGS"]) else None


@_named(PRESET, "the only account")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    account = word(preorder, "BANK_ACCOUNT")
    if account is not None:
        return {"BANK_ACCOUNT": account}
    only = len(shop.accounts) == 1 and not shop.account_gateway
    return {"BANK_ACCOUNT": str(shop.accounts[0])} if only else None


@_named(PRESET, "the only choice")
def _(preorder: PreOrder, shop: Shop) -> dict[str, Any] | None:
    return {} if shop.skip_choices and len(shop.choices) == 1 else None
