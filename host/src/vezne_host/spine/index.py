"""IndexPage: who is shopping."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct

from vezne_core import (
    CONFIG,
    CONTACT,
    SHOPPER,
    Contact,
    Junction,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
)
from vezne_host.phone import e164, national

EMAIL = re.compile(
    r"[^@\s<>()\[\],;:\\\"]{1,64}@(?:[^@\s.<>()\[\],;:\\\"]{1,63}\.)+[^@\s.<>()\[\],;:\\\"]{2,63}"
)
BAD_EMAIL = "Enter a valid email address."
BAD_PHONE = "Enter a valid phone number."
NO_GUESTS = "Please sign in to continue."


class IndexForm(Struct, frozen=True):
    """How to reach the shopper."""

    user_email: Annotated[str, Meta(max_length=254)]
    phone_number: Annotated[str, Meta(max_length=32)] | None = None


class IndexContext(Struct, frozen=True):
    """What a sign-in or guest form has to know."""

    is_user_logged_in: bool
    can_guest_purchase: bool
    has_gift_box: bool
    user_phone_format: str


class IndexPage(Page[IndexForm]):
    """Tell us how to reach you, or sign in."""

    junction = Junction.IDENTITY
    form = IndexForm
    context_type = IndexContext
    fills = (CONTACT,)

    def __init__(self, has_gift_box: Callable[[PreOrder], bool]) -> None:
        self._has_gift_box = has_gift_box

    def done(self, preorder: PreOrder) -> bool:
        return preorder.has(CONTACT) and self._welcome(preorder)

    async def preset(self, preorder: PreOrder) -> IndexForm | None:
        shopper = preorder.require(SHOPPER)
        if shopper.is_guest or shopper.email is None:
            return None
        return IndexForm(shopper.email, shopper.phone)

    async def context(self, preorder: PreOrder) -> IndexContext:
        checkout = preorder.require(CONFIG).checkout
        return IndexContext(
            is_user_logged_in=not preorder.require(SHOPPER).is_guest,
            can_guest_purchase=checkout.CAN_GUEST_PURCHASE,
            has_gift_box=self._has_gift_box(preorder),
            user_phone_format=checkout.USER_PHONE_FORMAT,
        )

    async def process(self, preorder: PreOrder, form: IndexForm) -> Outcome:
        if not self._welcome(preorder):
            return Reject.because(NO_GUESTS)
        checkout, shopper = preorder.require(CONFIG).checkout, preorder.require(SHOPPER)
        errors: dict[str, list[str]] = {}
        if not EMAIL.fullmatch(form.user_email):
            errors["user_email"] = [BAD_EMAIL]
        phone = None
        if form.phone_number:
            phone = e164(form.phone_number, checkout.DEFAULT_COUNTRY_CODE)
            own = phone is not None and phone == shopper.phone
            shown = national(phone, checkout.USER_PHONE_FORMAT) if phone else None
            if not own and not (shown and re.fullmatch(checkout.USER_PHONE_REGEX, shown, re.ASCII)):
                errors["phone_number"] = [BAD_PHONE]
        if errors:
            return Reject(errors)
        email = form.user_email if shopper.email is None else shopper.email
        return Proceed(CONTACT.fill(Contact(email, phone or shopper.phone)))

    @staticmethod
    def _welcome(preorder: PreOrder) -> bool:
        checkout = preorder.require(CONFIG).checkout
        return checkout.CAN_GUEST_PURCHASE or not preorder.require(SHOPPER).is_guest
