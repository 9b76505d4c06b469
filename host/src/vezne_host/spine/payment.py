"""PaymentOptionSelectionPage: how the shopper pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from vezne_core import (
    CLIENT,
    PAYMENT_OPTION,
    SHIPPING,
    Catalogue,
    ChosenPayment,
    Flow,
    Junction,
    Message,
    Outcome,
    Page,
    PaymentOption,
    PreOrder,
    Proceed,
    Reject,
    Text,
)
from vezne_host.late import Late
from vezne_host.present import payment_view
from vezne_host.services.availability import Availability, Reason

UNKNOWN = 'Invalid pk "{pk}" - object does not exist.'


class PaymentOptionForm(Struct, frozen=True):
    """The option chosen."""

    payment_option: int


class PaymentOptionContext(Struct, frozen=True):
    """What may be chosen, and what may not with the reason why."""

    checkout_url: str | None
    status_url: str | None
    payment_options: list[dict[str, Any]]
    unavailable_options: list[dict[str, Any]]


class PaymentOptions:
    """Which payment options a shopper may choose, and why not the others."""

    def __init__(self, catalogue: Catalogue, flow: Late[Flow], availability: Availability) -> None:
        self._catalogue = catalogue
        self._flow = flow
        self._availability = availability

    def judged(self, preorder: PreOrder) -> list[tuple[PaymentOption, Reason | None]]:
        """Return every active option that some page would take, with the rule that stands against it."""
        return [
            (option, self._availability(preorder, option))
            for option in self._catalogue.all(PaymentOption)
            if option.is_active and self._taken(preorder, option)
        ]

    def offers(self, preorder: PreOrder, option: PaymentOption | None) -> bool:
        """Tell whether a shopper may choose an option."""
        return (
            option is not None
            and option.is_active
            and self._taken(preorder, option)
            and self._availability(preorder, option) is None
        )

    def _taken(self, preorder: PreOrder, option: PaymentOption) -> bool:
        """Tell whether, with the option chosen, some chain of PAYMENT would take it."""
        flow = self._flow.get()
        if flow.serving(Junction.PAYMENT, option.payment_type) is None:
            return False
        choice = ChosenPayment(option.pk, option.payment_type)
        return flow.takes(Junction.PAYMENT, preorder.with_value(PAYMENT_OPTION, choice))


class PaymentOptionSelectionPage(Page[PaymentOptionForm]):
    """Choose how you want to pay."""

    junction = Junction.PAYMENT_METHOD
    form = PaymentOptionForm
    context_type = PaymentOptionContext
    needs = (SHIPPING,)
    fills = (PAYMENT_OPTION,)
    resets = (PAYMENT_OPTION,)
    post_order = True

    def __init__(self, options: PaymentOptions, translate: Callable[[Text, str], str]) -> None:
        self._options = options
        self._translate = translate

    async def context(self, preorder: PreOrder) -> PaymentOptionContext:
        language = preorder.require(CLIENT).language
        offered, refused = [], []
        for option, reason in self._options.judged(preorder):
            view = payment_view(option, language, self._translate)
            if reason is None:
                offered.append(view)
            else:
                code, sentence = reason
                refused.append(
                    view | {"error_code": code, "error_message": self._translate(sentence, language)}
                )
        return PaymentOptionContext(None, None, offered, refused)

    async def process(self, preorder: PreOrder, form: PaymentOptionForm) -> Outcome:
        for option, reason in self._options.judged(preorder):
            if option.pk == form.payment_option:
                if reason is not None:
                    return Reject({"payment_option": [reason[1]]})
                return Proceed(PAYMENT_OPTION.fill(ChosenPayment(option.pk, option.payment_type)))
        return Reject({"payment_option": [Message(UNKNOWN, {"pk": form.payment_option})]})
