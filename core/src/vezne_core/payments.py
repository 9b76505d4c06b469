"""What crosses between page, payment runner and gateway.

The runner of the host is the only caller of a gateway's calls that move
money. It stores the attempt before the call and the result after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from msgspec import Struct

from vezne_core.address import Address
from vezne_core.money import Money
from vezne_core.outcome import Back, Errors
from vezne_core.settings import Secret
from vezne_core.slots import Slot, Value
from vezne_core.world import Client

if TYPE_CHECKING:
    from vezne_core.services import Transaction


class Capability(Enum):
    """What a gateway declares that it can do."""

    REFUND = "refund"
    VOID = "void"
    REWARDS = "rewards"
    CAMPAIGNS = "campaigns"
    INSTALLMENTS = "installments"
    HASH_VALIDATION = "hash_validation"
    REFERENCE_CODES = "reference_codes"
    STORED_CARDS = "stored_cards"


class GatewayInfo(Value, frozen=True):
    """Value of the fact GATEWAY: which gateway would take the payment."""

    name: str
    capabilities: frozenset[str] = frozenset()

    def can(self, capability: Capability) -> bool:
        """Tell whether the gateway declares a capability."""
        return capability.value in self.capabilities


class PlacedOrder(Value, frozen=True, kw_only=True):
    """Value of the slot ORDER: the order that this pre-order became."""

    id: int
    number: str
    token: str
    """Signed number; opens ``/orders/completed/<token>/``."""
    key: str
    """40 hex characters (contract: ThankYouPage ``token``)."""
    new_user: bool = False


class CardDetails(Struct, frozen=True, kw_only=True):
    """A card to charge. Lives in the request, the vault and gateway calls only."""

    number: Secret | None = None
    cvv: Secret | None = None
    token: Secret | None = None
    """A card stored at the provider, instead of the number."""
    holder: str = ""
    month: int = 0
    year: int = 0

    def __repr__(self) -> str:
        return "CardDetails(…)"


class BrowserFields(Value, frozen=True, kw_only=True):
    """What 3-D Secure 2 wants to know of the browser."""

    java_enabled: bool | None = None
    language: str | None = None
    color_depth: str | None = None
    screen_height: str | None = None
    screen_width: str | None = None
    time_zone: str | None = None
    """Minutes; UTC-4 is 240."""
    header: str | None = None
    user_agent: str | None = None
    client_time: datetime | None = None


class PaidLine(Value, frozen=True, kw_only=True):
    """A line as told to the provider; the lines sum exactly to amount less interest."""

    name: str
    sku: str
    quantity: int
    total: Money
    category: str | None = None


class Buyer(Value, frozen=True, kw_only=True):
    """Who pays."""

    email: str
    first_name: str = ""
    last_name: str = ""
    phone: str | None = None
    user: int | None = None
    identity_number: str | None = None


class ExpectedTransfer(Value, frozen=True, kw_only=True):
    """A bank transfer that a shopper is about to make."""

    order_number: str
    amount: Money
    buyer: Buyer
    shipping_address: Address | None = None
    billing_address: Address | None = None
    account: str
    """IBAN that receives it."""
    site: str
    """Domain of the shop."""


class ReturnAddress(Value, frozen=True, kw_only=True):
    """How an answer from outside finds its attempt: what the addresses of return carry.

    An answer that carries nothing is for the open attempt of the session that it comes with.
    """

    one_time: Literal["offered", "required", "none"] = "offered"
    """A one-time token: with it no session is needed; ``required`` takes no answer without it."""
    number: bool = False
    """The order number, signed, as ``n``: no session is needed either."""


class PaymentAttempt(Value, frozen=True, kw_only=True):
    """One try to take money, as a gateway sees it."""

    id: str
    merchant: str
    key: str
    """Idempotency key: the same for repeats of this attempt, fresh for the next."""
    reference: str
    """Digits, at most 17: order number and try; the provider's order id."""
    order_number: str
    amount: Money
    """With interest."""
    interest: Money
    installments: int = 1
    three_d: bool | None = None
    save_card: str | None = None
    lines: tuple[PaidLine, ...] = ()
    buyer: Buyer
    shipping_address: Address | None = None
    billing_address: Address | None = None
    client: Client
    browser: BrowserFields | None = None
    option: int
    gateway: str
    input: dict[str, Any] = {}
    """The form that began it, without secrets."""
    success_url: str
    failure_url: str
    return_address: ReturnAddress = ReturnAddress()
    notice_url: str
    campaign: str | None = None
    reward: dict[str, Money] = {}
    state: dict[str, Any] = {}
    """The gateway's own; no secrets."""
    transaction_id: str | None = None
    """What the provider calls the payment, once it approved it."""
    transfer_code: str | None = None
    """What the shopper was told to state with a bank transfer."""
    expires: datetime


# What a gateway wants the shopper's browser to do.


class Redirect(Value, frozen=True, tag=True):
    """Go to an address of the provider."""

    url: str
    iframe: bool = False


class FormPost(Value, frozen=True, tag=True):
    """Post fields to an address of the provider."""

    url: str
    fields: dict[str, str]


class Html(Value, frozen=True, tag=True):
    """Show a page that the provider made."""

    content: str


class ClientData(Value, frozen=True, tag=True):
    """Hand data to the provider's code in the shopper's client."""

    data: dict[str, Any]


class Deferred(Value, frozen=True, tag=True):
    """Made when the shopper leaves, because it contains card data: see :meth:`Gateway.hand_off`."""


HandOff = Redirect | FormPost | Html | ClientData | Deferred


class Challenge(Value, frozen=True, kw_only=True):
    """Value of every challenge slot: what the next step needs."""

    hand_off: HandOff
    show: dict[str, Any] = {}
    """What page contexts may tell the client."""
    expires: datetime | None = None


# Results: one closed union.


class Approved(Struct, frozen=True, kw_only=True, tag=True):
    """The money is taken. The runner compares amount, less interest, and currency with the attempt."""

    amount: Money
    transaction_id: str
    installment: int | None = None
    """Where the provider, not our pages, chose the count."""
    interest: Money | None = None
    """What the provider took for that beside our amount; a part of ``amount``."""
    stored_card: StoredCard | None = None


class Pending(Struct, frozen=True, kw_only=True, tag=True):
    """Nothing moves now; the order waits for its payment (offline family)."""

    transaction_id: str | None = None
    show: dict[str, Any] = {}


class Challenged(Struct, frozen=True, kw_only=True, tag=True):
    """The shopper has a further step to do."""

    hand_off: HandOff
    state: dict[str, Any] = {}
    show: dict[str, Any] = {}
    expires_in: timedelta | None = None


class Undecided(Struct, frozen=True, kw_only=True, tag=True):
    """Not yet: errors are shown and the attempt stays challenged; from ``resume`` only."""

    errors: Mapping[str, Sequence[str]] = {}
    code: str | None = None


class Declined(Struct, frozen=True, kw_only=True, tag=True):
    """Surely no money was taken, and none will be."""

    errors: Mapping[str, Sequence[str]] = {}
    code: str | None = None


class NotAttempted(Struct, frozen=True, kw_only=True, tag=True):
    """Surely nothing happened: repeated once with the same key."""

    reason: str


class Unknown(Struct, frozen=True, kw_only=True, tag=True):
    """It cannot be told whether money was taken; the reconciler will ask."""

    reason: str


class StoredCard(Struct, frozen=True, kw_only=True):
    """A card kept at the provider: token and last four digits, nothing else."""

    token: Secret
    last_four: str
    name: str = ""


Result = Approved | Pending | Challenged | Undecided | Declined | NotAttempted | Unknown


# What comes from outside.


class Answer(Struct, frozen=True, kw_only=True):
    """A request of the outside world as received; signatures are checked over this."""

    method: str = "POST"
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    """In order and case as received."""
    body: bytes = b""
    headers: dict[str, str] = {}
    """Names in lower case."""
    client: Client = Client()

    def get(self, name: str) -> str | None:
        """Return a field of the body, else of the query string."""
        for pairs in (self.form, self.query):
            for key, value in pairs:
                if key == name:
                    return value
        return None

    def __repr__(self) -> str:
        return f"Answer({self.method}, {len(self.body)} bytes)"


class Notice(Struct, frozen=True, kw_only=True):
    """A server-to-server message of a provider, verified."""

    event_id: str
    reference: str | None = None
    transaction_id: str | None = None
    proves_amount: bool = True
    reply: bytes = b""


class BadNotice(Struct, frozen=True):
    """A message that is not from the provider."""

    reason: str


class Gateway(ABC):
    """A terminal at a payment provider; subclass it and return it from ``vezne_register_gateways``.

    Calls may raise and may time out: the runner turns both into ``Unknown``.
    A decline is a value. Nothing here stores, logs or retries.
    """

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    timeout: float = 20.0
    """Seconds for one call."""
    settles_after: timedelta = timedelta(minutes=15)
    """For so long after a call "never heard of it" is not believed."""
    card_at_resume: ClassVar[bool] = False
    forms: ClassVar[Mapping[str, type[Struct]]] = {}
    """Further fields by page name, decoded in addition to the page's own form."""

    @abstractmethod
    async def begin(self, attempt: PaymentAttempt, card: CardDetails | None) -> Result:
        """Start the payment: take the money, or say what the shopper has to do."""

    async def resume(self, attempt: PaymentAttempt, answer: Answer, card: CardDetails | None) -> Result:
        """Go on with what came from outside. Called only while the attempt is live."""
        return Declined(code="not_resumable")

    async def ask(self, attempt: PaymentAttempt) -> Result:
        """Say how the payment stands. Moves nothing; may be called any number of times."""
        return Unknown(reason="this gateway cannot be asked")

    async def void(self, attempt: PaymentAttempt, action: str) -> Result:
        """Give back money that is not settled; the same ``action`` once only.

        ``Approved`` tells what was given back.
        """
        return NotAttempted(reason="this gateway cannot void")

    async def refund(self, attempt: PaymentAttempt, amount: Money, action: str) -> Result:
        """Give money back; the same ``action`` once only.

        ``Approved`` tells what was given back.
        """
        return NotAttempted(reason="this gateway cannot refund")

    def hand_off(self, attempt: PaymentAttempt, card: CardDetails) -> FormPost:
        """Make the form of a ``Deferred`` challenge. Pure."""
        raise TypeError(f"{type(self).__name__} defers no hand-off")

    def notice(self, answer: Answer) -> Notice | BadNotice:
        """Verify a server-to-server message. Pure, signature over the bytes."""
        return BadNotice("this gateway sends no notices")

    async def rewards(self, card: CardDetails, currency: str) -> Mapping[str, Money]:
        """Return the points of a card as money, by type. Moves nothing.

        :raises Unavailable: the provider could not tell.
        """
        return {}

    async def campaigns(self, card: CardDetails) -> Sequence[Mapping[str, Any]]:
        """Return the campaigns of a card, each with a ``code``. Moves nothing.

        :raises Unavailable: the provider could not tell.
        """
        return ()

    async def reference_code(self, transfer: ExpectedTransfer) -> str | None:
        """Return the code a shopper states with a bank transfer: the same for the same transfer."""
        return None


class OfflineGateway(Gateway):
    """Nothing moves now: the order waits for money that comes by another road."""

    async def begin(self, attempt: PaymentAttempt, card: CardDetails | None) -> Result:
        """Accept the order as waiting for its payment."""
        return Pending()

    async def ask(self, attempt: PaymentAttempt) -> Result:
        """An order that was accepted as waiting still waits."""
        return Pending()


# Reservations: whatever is scarce and taken with an order.


class Held(Struct, frozen=True):
    """The reservation took what it needs."""


class NotHeld(Struct, frozen=True):
    """Somebody else was faster, or it is not valid any more."""

    errors: Errors
    back_to: Back | None = None


class Reservation(Protocol):
    """Something scarce that an order takes: a voucher use, a balance, a slot of time.

    All methods run in the caller's transaction. All but ``claim`` are
    idempotent per attempt, ``restore`` per action.
    """

    name: str
    reads: Sequence[Slot[Any]]
    """Asked only when one of these is filled."""
    order: int
    """Lower is claimed earlier: gift cards 10, loyalty 20, others 50."""

    async def claim(self, session: Transaction, order: ReservedFor) -> Held | NotHeld:
        """Take what the order needs by a conditional update."""

    async def consume(self, session: Transaction, order: ReservedFor) -> None:
        """Turn the reservation into a use."""

    async def release(self, session: Transaction, order: ReservedFor) -> None:
        """Give the reservation back."""

    async def restore(self, session: Transaction, order: ReservedFor, amount: Money, action: str) -> None:
        """Give back what was used, wholly or in part."""


class ReservedFor(Struct, frozen=True, kw_only=True):
    """Whom a reservation is for, and what the shopper answered to its slots."""

    attempt: str
    order_number: str
    shopper: int | None
    values: Mapping[str, Any]
    """Values of the reservation's ``reads`` by slot name."""
    offers: frozenset[int] = frozenset()
    amount: Money | None = None
    """The total of the order, with interest."""
    tender: Money | None = None
    """What the adjustments that name this reservation cover of it; None where none of them counts."""


AttemptState = Literal[
    "started", "challenged", "unknown", "approved", "pending", "placed", "declined", "released",
    "abandoned", "paid_late", "voiding", "voided", "refunded",
]  # fmt: skip

LIVE: frozenset[AttemptState] = frozenset(
    {"started", "challenged", "unknown", "approved", "pending", "voiding"}
)
"""States in which an attempt may still move money; one per pre-order."""

TRANSITIONS: Mapping[AttemptState, frozenset[AttemptState]] = {
    "started": frozenset({"challenged", "approved", "pending", "declined", "unknown", "released"}),
    "challenged": frozenset({"started", "abandoned", "approved", "declined", "unknown"}),
    "unknown": frozenset({"approved", "declined", "challenged", "released"}),
    "abandoned": frozenset({"paid_late"}),
    "declined": frozenset({"paid_late"}),
    "released": frozenset({"paid_late"}),
    "paid_late": frozenset({"voided", "refunded"}),
    "approved": frozenset({"placed", "voiding"}),
    "pending": frozenset({"placed"}),
    "voiding": frozenset({"voided", "refunded"}),
    "placed": frozenset({"voided", "refunded"}),
    "voided": frozenset(),
    "refunded": frozenset(),
}
"""Every edge an attempt may take; a state to itself changes nothing."""
