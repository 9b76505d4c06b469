"""What a shopper is told of orders and money, in the language of the checkout."""

from __future__ import annotations

from collections.abc import Iterator

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from msgspec import Struct

from vezne_core import Message, Money, OrderMoved, OrderPlaced, PaymentGivenBack, PaymentRefunded, Texts
from vezne_core.money import label
from vezne_host.storage.placed import OrderSummary

CANCELLED, WAITS = 100, 300
"""Order status: cancelled, the payment is waited for."""


class Letter(Struct, frozen=True):
    """A subject and a text."""

    subject: str
    text: str


def confirmation(event: OrderPlaced, order: OrderSummary, texts: Texts, link: str) -> Letter:
    """Write the mail that confirms an order.

    :param link: where the order is found; left out unless it is a full address.
    """
    return Letter(
        texts.translate(Message("Your order {number}", {"number": event.number}), event.language),
        "\n".join(_paragraphs(event, order, texts, link)),
    )


def given_back(event: PaymentGivenBack, texts: Texts) -> Letter:
    """Write the mail that tells of money that went back."""
    number, amount = event.number, written(event.amount, event.language)
    told = Message(
        "Your payment of {amount} for order {number} reached us when the order could not be placed any more. "
        "We have given it back.",
        {"amount": amount, "number": number},
    )
    subject = Message("Your payment for order {number}", {"number": number})
    return Letter(texts.translate(subject, event.language), texts.translate(told, event.language))


def refunded(event: PaymentRefunded, texts: Texts) -> Letter:
    """Write the mail that tells of a refund."""
    told = Message(
        "We have given {amount} of your order {number} back to where it came from. "
        "Your bank may take a few days to show it.",
        {"amount": written(event.amount, event.language), "number": event.number},
    )
    subject = Message("Refund of your order {number}", {"number": event.number})
    return Letter(texts.translate(subject, event.language), texts.translate(told, event.language))


def moved(event: OrderMoved, texts: Texts, link: str) -> Letter:
    """Write the mail that tells that a waiting order is paid, or that an order is cancelled.

    :param link: where the order is found; left out unless it is a full address.
    """
    number, language = {"number": event.number}, event.language
    if event.status == CANCELLED:
        text = Message("Your order {number} has been cancelled.", number)
        if event.before == WAITS:
            text = Message("Your payment did not arrive, so your order {number} has been cancelled.", number)
    else:
        text = Message("Your payment for order {number} has arrived. We are preparing it now.", number)
    lines = [texts.translate(text, language)]
    if "://" in link:
        lines += ["", texts.translate(Message("You find your order at {link}", {"link": link}), language)]
    subject = Message("Your order {number}", number)
    return Letter(texts.translate(subject, language), "\n".join(lines))


def short_message(event: OrderPlaced, texts: Texts) -> str:
    """Write the text message that confirms an order."""
    return texts.translate(
        Message("We have received your order {number}.", {"number": event.number}), event.language
    )


def _paragraphs(event: OrderPlaced, order: OrderSummary, texts: Texts, link: str) -> Iterator[str]:
    language = event.language

    def said(template: str, **values: str) -> str:
        return texts.translate(Message(template, values) if values else template, language)

    yield said("Thank you. We have received your order {number}.", number=event.number)
    if order.status == WAITS:
        yield said("We will prepare it as soon as your payment has arrived.")
    yield ""
    for line in order.lines:
        price = Money.of(line.price, order.amount.currency) * line.pieces
        yield f"{line.pieces} × {line.name}: {written(price, language)}"
    for name, amount in _charges(order, texts, language):
        yield f"{name}: {written(amount, language)}"
    yield said("Total: {amount}", amount=written(order.amount, language))
    left = order.amount
    for tender in order.body.tenders:
        paid = Money.of(tender.amount, order.amount.currency)
        left -= paid
        yield said("Paid with {name}: {amount}", name=tender.label, amount=written(paid, language))
    if order.status == WAITS and left != order.amount:
        yield said("Left to pay: {amount}", amount=written(left, language))
    if "://" in link:
        yield ""
        yield said("You find your order at {link}", link=link)


def _charges(order: OrderSummary, texts: Texts, language: str) -> Iterator[tuple[str, Money]]:
    body = order.body
    yield from ((extra.name, Money.of(extra.price, order.amount.currency)) for extra in body.extra_items)
    for name, amount in (
        (Message("Discount"), -body.discount_amount),
        (Message("Shipping"), body.shipping_amount),
        (Message("Service fee"), body.fee_amount),
        (Message("Interest of the installments"), body.installment_interest_amount),
    ):
        if amount:
            yield texts.translate(name, language), Money.of(amount, order.amount.currency)


def written(amount: Money, language: str) -> str:
    """Return an amount with the figures of a language and the shoppers' name of its currency."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        figures = amount.wire
    else:
        figures = format_currency(amount.amount, amount.currency, "#,##0.00", locale)
    return f"{figures} {label(amount.currency)}"
