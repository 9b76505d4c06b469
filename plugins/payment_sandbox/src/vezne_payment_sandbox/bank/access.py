"""Show the access page of 3-D Secure and send the browser back, by forms alone."""

import secrets
import time
from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vezne_payment_sandbox.bank.accounts import Challenge, new_payment
from vezne_payment_sandbox.bank.cards import masked
from vezne_payment_sandbox.bank.desk import Bank
from vezne_payment_sandbox.bank.ledger import Payment
from vezne_payment_sandbox.bank.markup import HttpRequest, page, read_form, way_back
from vezne_payment_sandbox.bank.protocol import Authorize, Refusal, invalid
from vezne_payment_sandbox.bank.signing import form_hash, is_fresh, same

FORM_FIELDS = frozenset(
    {
        "terminal",
        "timestamp",
        "hash",
        "reference",
        "order_number",
        "amount",
        "currency",
        "installments",
        "capture",
    }
    | {"success_url", "failure_url", "notice_url", "store_card", "campaign"}
    | {"card_number", "card_holder", "card_expiry_month", "card_expiry_year", "card_cvv"}
)


@get("/access/{token:str}")
async def show_access_page(token: FromPath[str], bank: NamedDependency[Bank]) -> Response[str]:
    """Show the page that asks for the one-time password."""
    seen = bank.journal.open("access-page")
    challenge = bank.accounts.challenges.get(token)
    answer = _otp_page(challenge, bank) if challenge and challenge.is_open else _closed_page(challenge)
    seen.status = answer.status_code
    return answer


@post("/access/{token:str}", status_code=200)
async def answer_access_page(
    request: HttpRequest, token: FromPath[str], bank: NamedDependency[Bank]
) -> Response[str]:
    """Take the password or the cancellation, once; a post with neither is the hand-off and shows the page."""
    seen = bank.journal.open("access-answer")
    fields = await read_form(request)
    seen.body = {name: "***" for name in fields if name in ("otp", "cancel", "session_token")}
    challenge = bank.accounts.challenges.get(token)
    if challenge is None or not challenge.is_open:
        answer = _closed_page(challenge)
    elif "cancel" in fields or "otp" in fields:
        answer = _answered(bank, challenge, None if "cancel" in fields else fields["otp"])
    else:
        answer = _otp_page(challenge, bank)
    seen.status = answer.status_code
    return answer


@post("/gate", status_code=200)
async def gate(request: HttpRequest, bank: NamedDependency[Bank]) -> Response[str]:
    """Take a signed browser form that carries the card itself, and show the access page."""
    seen = bank.journal.open("gate")
    fields = await read_form(request)
    try:
        challenge = _challenge_from_form(bank, fields)
    except Refusal as refusal:
        seen.status = refusal.status
        at = f" ({escape(refusal.field)})" if refusal.field else ""
        return page("The payment cannot begin", f"<p>{escape(refusal.text)}{at}</p>", refusal.status)
    seen.terminal = challenge.payment.terminal
    seen.body = {"reference": challenge.payment.reference, "order_number": challenge.payment.order_number}
    answer = _otp_page(challenge, bank, "access/")
    seen.status = answer.status_code
    return answer


def _challenge_from_form(bank: Bank, fields: Mapping[str, str]) -> Challenge:
    terminal = fields.get("terminal", "")
    secret = bank.terminals.get(terminal)
    if not same(form_hash(secret or "", fields), fields.get("hash", "")) or secret is None:
        raise Refusal(401, "bad_signature", "Unknown terminal or wrong hash.")
    if not is_fresh(fields.get("timestamp", ""), time.time()):
        raise Refusal(401, "stale", "The timestamp is too far from the bank's clock.")
    for name in fields:
        if name not in FORM_FIELDS:
            raise Refusal(400, "invalid", "The form has an unknown field.", name)
    order: dict[str, Any] = {
        name: value
        for name, value in fields.items()
        if value and not name.startswith("card_") and name not in ("terminal", "timestamp", "hash")
    }
    order["card"] = {name[5:]: value for name, value in fields.items() if name.startswith("card_")}
    order["three_d"] = True
    try:
        message = msgspec.convert(order, Authorize, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    known = bank.accounts.open_for(terminal, message.reference)
    if known is not None and _is_reload(known.payment, message):
        return known
    bank.accounts.check_order(terminal, message)
    card, code = bank.accounts.judge(terminal, message)
    if card is None:
        raise Refusal(400, "declined", bank.accounts.catalogue.declines[code])
    assert message.card is not None
    return bank.accounts.challenge(new_payment(terminal, message, masked(message.card.number)), card, message)


def _is_reload(payment: Payment, order: Authorize) -> bool:
    return order.card is not None and (
        (payment.amount, payment.currency, payment.masked_card)
        == (order.amount, order.currency, masked(order.card.number))
    )


def _answered(bank: Bank, challenge: Challenge, otp: str | None) -> Response[str]:
    authenticated = bank.accounts.answer_challenge(challenge, otp)
    payment, order = challenge.payment, challenge.order
    fields = {
        "terminal": payment.terminal,
        "md": secrets.token_hex(16),
        "xid": secrets.token_hex(10),
        "eci": ("02" if payment.masked_card.startswith("5") else "05") if authenticated else "",
        "cavv": secrets.token_hex(14) if authenticated else "",
        "mdStatus": "1" if authenticated else "0",
        "status": "success" if authenticated else ("cancelled" if otp is None else "failure"),
        "paymentId": payment.id,
        "reference": payment.reference,
        "order_number": payment.order_number,
        "amount": payment.amount,
        "currency": payment.currency,
        "installments": str(payment.installments),
    }
    fields["hash"] = form_hash(bank.terminals[payment.terminal], fields)
    url = (order.success_url if authenticated else order.failure_url) or ""
    return way_back(url, fields)


def _otp_page(challenge: Challenge, bank: Bank, folder: str = "") -> Response[str]:
    payment = challenge.payment
    installments = f", {payment.installments} installments" if payment.installments > 1 else ""
    return page(
        "Sandbox bank: confirm your payment",
        f"<dl><dt>Order</dt><dd>{escape(payment.order_number)}</dd>"
        f"<dt>Amount</dt><dd>{payment.amount} {payment.currency}{installments}</dd>"
        f"<dt>Card</dt><dd>{payment.masked_card}</dd></dl>"
        f'<form method="post" action="{folder}{challenge.token}">'
        '<label for="otp">One-time password</label>'
        '<input id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code" required>'
        "<button>Confirm</button></form>"
        f'<form method="post" action="{folder}{challenge.token}">'
        '<button name="cancel" value="1">Cancel</button></form>'
        f"<p>This bank is a toy: the password is {escape(bank.accounts.catalogue.otp)}.</p>",
    )


def _closed_page(challenge: Challenge | None) -> Response[str]:
    if challenge is None:
        return page("Nothing here", "<p>The bank does not know this page.</p>", 404)
    return page("Nothing here any more", "<p>This page was used or is too old.</p>", 410)
