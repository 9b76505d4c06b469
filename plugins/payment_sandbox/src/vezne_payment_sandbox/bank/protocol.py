"""Every message of the bank, as structs. The README explains each field."""

from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from vezne_payment_sandbox.bank.cards import Campaign, masked

# \A and \Z: with ^ and $ a trailing line feed would pass; [0-9]: \d knows every script's digits.
Amount = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,10}\.[0-9]{2}\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]
Line = Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Url = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"\Ahttps?://[^\s\x00-\x1f\x7f]+\Z")]
Currency = Literal["TRY", "USD", "EUR", "GBP"]
State = Literal["none", "challenged", "approved", "declined", "voided", "refunded"]
Count = Annotated[int, msgspec.Meta(ge=1, le=36)]
Operation = Literal[
    "authorize", "session", "complete", "capture", "void", "refund", "query", "rewards", "campaigns",
    "forget-card",
]  # fmt: skip


class Refusal(Exception):
    """The bank did not act on a request; `field` is the one at fault, where there is one."""

    def __init__(self, status: int, code: str, text: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {text}")
        self.status, self.code, self.text, self.field = status, code, text, field


class Message(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a client sends. Unknown fields are refused, so that a misspelt one is noticed."""


class CardData(Message, frozen=True):
    """A card as the holder typed it. Never printed, never kept."""

    number: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{12,19}\Z")]
    holder: Line
    expiry_month: Annotated[str, msgspec.Meta(pattern=r"\A(0[1-9]|1[0-2])\Z")]
    expiry_year: Annotated[str, msgspec.Meta(pattern=r"\A20[0-9]{2}\Z")]
    cvv: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{3,4}\Z")]

    def __repr__(self) -> str:
        return f"CardData({masked(self.number)!r})"


class Buyer(Message, frozen=True):
    """Who pays; all of it optional."""

    name: Line = ""
    email: Line = ""
    phone: Line = ""
    ip: Line = ""
    address: Line = ""


class Authorize(Message, frozen=True):
    """`POST /api/authorize`."""

    reference: Word
    order_number: Word
    amount: Amount
    currency: Currency
    installments: Count = 1
    capture: bool = True
    three_d: bool = False
    success_url: Url | None = None
    failure_url: Url | None = None
    notice_url: Url | None = None
    card: CardData | None = None
    card_token: Word | None = None
    store_card: bool = False
    campaign: Word | None = None
    rewards: dict[Word, Amount] = {}
    buyer: Buyer | None = None


class OpenSession(Message, frozen=True):
    """`POST /api/session`."""

    reference: Word
    order_number: Word
    amount: Amount
    currency: Currency
    success_url: Url
    failure_url: Url
    installments: list[Count] = []
    notice_url: Url | None = None
    buyer: Buyer | None = None


class Complete(Message, frozen=True):
    """`POST /api/complete`."""

    payment_id: Word


class Capture(Message, frozen=True):
    """`POST /api/capture`; without an amount, all that is not captured yet."""

    transaction_id: Word
    amount: Amount | None = None


class Void(Message, frozen=True):
    """`POST /api/void`."""

    transaction_id: Word


class Refund(Message, frozen=True):
    """`POST /api/refund`; without an amount, all that is not refunded yet."""

    transaction_id: Word
    amount: Amount | None = None


class Query(Message, frozen=True):
    """`POST /api/query`, by exactly one of the three."""

    reference: Word | None = None
    order_number: Word | None = None
    transaction_id: Word | None = None


class CardQuestion(Message, frozen=True):
    """`POST /api/rewards` and `POST /api/campaigns`, by exactly one of the two."""

    card_number: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{12,19}\Z")] | None = None
    card_token: Word | None = None

    def __repr__(self) -> str:
        return "CardQuestion(…)"


class ForgetCard(Message, frozen=True):
    """`POST /api/forget-card`."""

    card_token: Word


MESSAGES: dict[Operation, type[Message]] = {
    "authorize": Authorize,
    "session": OpenSession,
    "complete": Complete,
    "capture": Capture,
    "void": Void,
    "refund": Refund,
    "query": Query,
    "rewards": CardQuestion,
    "campaigns": CardQuestion,
    "forget-card": ForgetCard,
}
KEYED: frozenset[Operation] = frozenset({"authorize", "session", "complete", "capture", "void", "refund"})
"""Operations that move money, or let it be moved, and therefore need an `Idempotency-Key`."""


class StoredCard(msgspec.Struct, frozen=True):
    """A card that the bank remembers for this terminal."""

    token: str
    last_four: str
    masked_card: str


class Answer(msgspec.Struct, kw_only=True, frozen=True, tag_field="result"):
    """What the bank says; `result` names which."""


class Approved(Answer, frozen=True, tag="approved"):
    """The money is reserved (`captured` false) or taken (`captured` true)."""

    transaction_id: str
    auth_code: str
    reference: str
    order_number: str
    amount: str
    currency: str
    installments: int
    interest: str
    masked_card: str
    captured: bool
    at: str
    stored_card: StoredCard | None = None


class Declined(Answer, frozen=True, tag="declined"):
    """No money was moved, and none will be for this reference."""

    transaction_id: str
    reference: str
    order_number: str
    code: str
    text: str


class HandOff(msgspec.Struct, frozen=True):
    """Where to send the browser: post the fields to the address (a plain GET of it works as well)."""

    url: str
    fields: dict[str, str]
    method: str = "POST"


class ThreeDRequired(Answer, frozen=True, tag="three_d_required"):
    """The card holder has to be authenticated; `/api/complete` follows."""

    payment_id: str
    reference: str
    order_number: str
    session_token: str
    access_url: str
    hand_off: HandOff
    expires_in: int


class InstallmentOffer(msgspec.Struct, frozen=True):
    """One way to pay on a hosted page; `amount` is what is taken, with the interest."""

    count: int
    interest: str
    amount: str


class SessionOpened(Answer, frozen=True, tag="session_opened"):
    """The shopper pays on a page of the bank; the browser has to go to `page_url`."""

    payment_id: str
    reference: str
    order_number: str
    page_url: str
    installments: list[InstallmentOffer]
    expires_in: int


class Moved(Answer, frozen=True, tag="done"):
    """A capture, void or refund was made; the amounts are those of the payment after it."""

    transaction_id: str
    kind: Literal["capture", "void", "refund"]
    amount: str
    currency: str
    state: State
    captured: str
    refunded: str


class PaymentView(msgspec.Struct, kw_only=True, frozen=True):
    """A payment as `/api/query` shows it."""

    transaction_id: str
    reference: str
    order_number: str
    state: State
    amount: str
    currency: str
    installments: int
    interest: str
    captured: str
    refunded: str
    masked_card: str
    auth_code: str | None
    code: str | None
    text: str | None
    authenticated: bool
    at: str


class Found(Answer, frozen=True, tag="found"):
    """The answer of `/api/query`; nothing found is `state: none`."""

    state: State
    payments: list[PaymentView]


class Rewards(Answer, frozen=True, tag="rewards"):
    """Points of a card, as money, by type."""

    rewards: dict[str, str]


class Campaigns(Answer, frozen=True, tag="campaigns"):
    """Campaigns of a card."""

    campaigns: list[Campaign]


class Forgotten(Answer, frozen=True, tag="forgotten"):
    """A stored card is gone (or was never there)."""


class Notice(msgspec.Struct, kw_only=True, frozen=True):
    """What the bank posts to `notice_url` after an approval."""

    event_id: str
    kind: Literal["payment.approved"]
    terminal: str
    transaction_id: str
    reference: str
    order_number: str
    amount: str
    currency: str
    installments: int
    at: str


def decode(operation: Operation, body: bytes) -> Message:
    """Read a message; raise `Refusal` 400 naming the field. The value at fault is never repeated."""
    try:
        message: Message = msgspec.json.decode(body, type=MESSAGES[operation])
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "malformed", "The body is not JSON.") from None
    return message


def invalid(error: msgspec.ValidationError) -> Refusal:
    """Turn an error of the decoder into a refusal that names the field."""
    text, _, path = str(error).partition(" - at `$")
    return Refusal(400, "invalid", text, path.rstrip("`").lstrip(".") or None)


def money(text: str) -> Decimal:
    """Read an amount whose shape the decoder has checked."""
    return Decimal(text)


def shown(amount: Decimal) -> str:
    """Write an amount with its two decimals."""
    return format(amount, ".2f")


def check_return_url(url: str, field: str) -> None:
    """Refuse an address that no browser could be sent to."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise Refusal(400, "invalid", "Not a usable address.", field)
