"""The messages of the bank's manual: written from an attempt, read into structs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.json import Decoder

from vezne_core import CardDetails, PaymentAttempt, Response

T = TypeVar("T")

Amount = Annotated[str, Meta(pattern=r"\A[0-9]{1,10}\.[0-9]{2}\Z")]
Currency = Literal["TRY", "USD", "EUR", "GBP"]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
LINE_LENGTH = 200
MOST_INSTALLMENTS = 36


class Token(Struct, frozen=True):
    """A card that the bank keeps."""

    token: Name
    last_four: Annotated[str, Meta(pattern=r"\A[0-9]{4}\Z")]


class Sale(Struct, frozen=True, kw_only=True, tag_field="result", tag="approved"):
    """The money is taken, or, where it is not ``captured``, only reserved."""

    transaction_id: Name
    reference: str
    order_number: str
    amount: Amount
    currency: Currency
    captured: bool
    installments: int = 1
    interest: Amount = "0.00"
    """Of the bank's own; a part of ``amount``."""
    stored_card: Token | None = None


class Decline(Struct, frozen=True, kw_only=True, tag_field="result", tag="declined"):
    """No money was moved, and none will be."""

    reference: str
    order_number: str
    code: Name


class HandOff(Struct, frozen=True):
    """Where the shopper's browser has to post which fields."""

    url: Annotated[str, Meta(pattern=r"\Ahttps?://\S+\Z")]
    fields: dict[str, str]


class Authentication(Struct, frozen=True, kw_only=True, tag_field="result", tag="three_d_required"):
    """The holder has to be authenticated first."""

    payment_id: Name
    reference: str
    order_number: str
    hand_off: HandOff
    expires_in: Annotated[int, Meta(ge=0, le=86400)]
    """Seconds."""


class Opened(Struct, frozen=True, kw_only=True, tag_field="result", tag="session_opened"):
    """The shopper pays on a page of the bank."""

    payment_id: Name
    reference: str
    order_number: str
    page_url: Annotated[str, Meta(pattern=r"\Ahttps?://\S+\Z")]
    expires_in: Annotated[int, Meta(ge=0, le=86400)]
    """Seconds."""


class Movement(Struct, frozen=True, kw_only=True, tag_field="result", tag="done"):
    """Money went back."""

    transaction_id: str
    kind: str
    amount: Amount
    currency: Currency


class Payment(Struct, frozen=True, kw_only=True):
    """How one payment stands."""

    transaction_id: Name
    reference: str
    order_number: str
    state: Literal["challenged", "approved", "declined", "voided", "refunded"]
    amount: Amount
    currency: Currency
    captured: Amount
    refunded: Amount
    authenticated: bool
    installments: int = 1
    interest: Amount = "0.00"
    code: str | None = None


class Found(Struct, frozen=True, tag_field="result", tag="found"):
    """What the bank knows of a reference: one payment, or none."""

    payments: tuple[Payment, ...]


class Points(Struct, frozen=True, tag_field="result", tag="rewards"):
    """The points of a card, as money, by type."""

    rewards: dict[str, Amount]


class Campaign(Struct, frozen=True):
    """A campaign of a card."""

    code: Name
    text: str = ""


class Campaigns(Struct, frozen=True, tag_field="result", tag="campaigns"):
    """The campaigns of a card."""

    campaigns: tuple[Campaign, ...]


class Untouched(Struct, frozen=True):
    """Proves that this call did nothing."""

    status: int
    """0 where nothing was sent."""
    code: str
    field: str = ""

    @property
    def reason(self) -> str:
        """Say it in a line, for the log."""
        return f"{self.status} {self.code} {self.field}".strip()


class Unclear(Struct, frozen=True):
    """Proves nothing: the bank may have acted."""

    reason: str


AUTHORIZED: Decoder[Sale | Decline | Authentication] = Decoder(Sale | Decline | Authentication)
OPENED = Decoder(Opened)
COMPLETED: Decoder[Sale | Decline] = Decoder(Sale | Decline)
MOVED = Decoder(Movement)
FOUND = Decoder(Found)
POINTS = Decoder(Points)
CAMPAIGNS = Decoder(Campaigns)


class _Error(Struct, frozen=True):
    code: str
    field: str | None = None


class _Refusal(Struct, frozen=True):
    error: _Error


class _NotProcessed(Struct, frozen=True, forbid_unknown_fields=True):
    processed: bool


_REFUSAL = Decoder(_Refusal)
_NOT_PROCESSED = Decoder(_NotProcessed)


def read(answer: Response, decoder: Decoder[T]) -> T | Untouched | Unclear:
    """Read an answer of the bank.

    Manual: an ``error`` of 4xx and HTTP 500 with exactly ``{"processed": false}``
    prove that nothing was done; whatever else is no answer proves nothing.
    """
    try:
        if answer.status == 200:
            return decoder.decode(answer.content)
        if answer.status == 500 and not _NOT_PROCESSED.decode(answer.content).processed:
            return Untouched(500, "not_processed")
        if 400 <= answer.status < 500:
            error = _REFUSAL.decode(answer.content).error
            return Untouched(answer.status, error.code, error.field or "")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return Unclear(f"an answer with status {answer.status} that the manual does not know")


def authorize(attempt: PaymentAttempt, card: CardDetails) -> bytes:
    """Ask for the money; the same bytes for the same attempt and card, so that a repeat is known as one."""
    message: dict[str, Any] = {
        **_terms(attempt),
        "installments": attempt.installments,
        "capture": True,
        "three_d": bool(attempt.three_d),
    }
    if card.token:
        message["card_token"] = card.token.reveal()
    elif card.number:
        message["card"] = {
            "number": card.number.reveal(),
            "holder": _line(card.holder),
            "expiry_month": f"{card.month:02d}",
            "expiry_year": f"{card.year:04d}",
            "cvv": card.cvv.reveal() if card.cvv else "",
        }
        message["store_card"] = attempt.save_card is not None
    if attempt.campaign is not None:
        message["campaign"] = attempt.campaign
    rewards = {kind: amount.wire for kind, amount in sorted(attempt.reward.items()) if amount}
    if rewards:
        message["rewards"] = rewards
    return msgspec.json.encode(message)


def session(attempt: PaymentAttempt) -> bytes:
    """Ask for a page on which the shopper pays; the same bytes for the same attempt."""
    return msgspec.json.encode({**_terms(attempt), "installments": _wanted(attempt)})


def _terms(attempt: PaymentAttempt) -> dict[str, Any]:
    buyer = attempt.buyer
    return {
        "reference": attempt.reference,
        "order_number": attempt.order_number,
        "amount": attempt.amount.wire,
        "currency": attempt.amount.currency,
        # without them a bank that demands 3-D Secure by itself has to decline
        "success_url": attempt.success_url,
        "failure_url": attempt.failure_url,
        "notice_url": attempt.notice_url,
        "buyer": {
            "name": _line(f"{buyer.first_name} {buyer.last_name}"),
            "email": _line(buyer.email),
            "phone": _line(buyer.phone or ""),
            "ip": _line(attempt.client.ip),
        },
    }


def _wanted(attempt: PaymentAttempt) -> list[int]:
    """Return the installment counts that the browser named (contract: browser_installments); none are all.

    0 is one payment. What no bank takes is left out; if nothing else was named, one payment is left.
    """
    named = attempt.input.get("browser_installments") or ""
    counts = {max(int(count), 1) for count in named.split(":") if count}
    return sorted(count for count in counts if count <= MOST_INSTALLMENTS) or [1] * bool(counts)


def complete(payment_id: str) -> bytes:
    """Ask for the money, or for what was taken, after the shopper came back."""
    return msgspec.json.encode({"payment_id": payment_id})


def query(reference: str) -> bytes:
    """Ask what became of an attempt."""
    return msgspec.json.encode({"reference": reference})


def void(transaction_id: str) -> bytes:
    """Ask to undo a payment."""
    return msgspec.json.encode({"transaction_id": transaction_id})


def refund(transaction_id: str, amount: str) -> bytes:
    """Ask to give a part back, or all of it."""
    return msgspec.json.encode({"transaction_id": transaction_id, "amount": amount})


def card_question(card: CardDetails) -> bytes:
    """Ask for the points or the campaigns of a card."""
    if card.token:
        return msgspec.json.encode({"card_token": card.token.reveal()})
    return msgspec.json.encode({"card_number": card.number.reveal() if card.number else ""})


def _line(text: str) -> str:
    """Make one printable line of what a shopper typed; the bank refuses any other."""
    return "".join(each for each in text if each.isprintable()).strip()[:LINE_LENGTH]
