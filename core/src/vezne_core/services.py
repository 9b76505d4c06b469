"""What the host lends to a plugin. Everything is bound to the plugin's merchant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from vezne_core.address import Address
from vezne_core.catalogue import Card, Catalogue, Installment, Offer, ShippingOption
from vezne_core.delivery import Offered
from vezne_core.money import Money
from vezne_core.outcome import Text
from vezne_core.payments import CardDetails, Gateway
from vezne_core.settings import Secret

if TYPE_CHECKING:
    from vezne_core.offers import Verdict
    from vezne_core.preorder import PreOrder
    from vezne_core.standard import CardInfo


class Clock(Protocol):
    """Time, replaceable in tests."""

    def now(self) -> datetime:
        """Return the time, with its zone (UTC)."""


class Response(Struct, frozen=True):
    """An HTTP answer as received."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes


class Http(Protocol):
    """The only way out: verified TLS, a deadline, no redirects, no inside addresses."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float = 10.0,
        hosts: Sequence[str] | None = None,
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        :param hosts: limits an address that came from a browser to these host names.
        :raises Unavailable: no answer within ``timeout`` seconds, or the
            connection broke; it is not known what the server did, unless the
            error says that nothing was ``sent``.
        """


class Transaction(Protocol):
    """An open transaction; statements are scoped to the plugin's merchant."""

    async def fetch(self, statement: Any, **values: Any) -> Any | None:
        """Run a compiled ``Query`` and return its first row, or None."""

    async def fetch_all(self, statement: Any, **values: Any) -> Sequence[Any]:
        """Run a compiled ``Query`` and return its rows."""


class Database(Protocol):
    """A plugin's own tables. ``merchant`` is bound by the host in every statement."""

    def query(self, statement: Any) -> Any:
        """Compile a SQLAlchemy Core statement, once; it must have a bind named ``merchant``."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction; committed at the end of the block, rolled back by an exception."""


class Cache(Protocol):
    """Small things that may be lost at any moment."""

    async def get(self, key: str) -> bytes | None:
        """Return what was put, or None."""

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Keep a value for a while."""

    async def drop(self, key: str) -> None:
        """Forget a value."""

    async def take(self, key: str) -> bytes | None:
        """Return a value and forget it, at once: one of several callers gets it."""

    async def allow(self, key: str, limit: int, per: timedelta) -> bool:
        """Count an attempt in a moving window and tell whether it is within the limit."""


class Sms(Protocol):
    """Sends text messages."""

    async def send(self, phone: str, text: str, *, id: str | None = None) -> None:
        """Hand over a message for a phone number (E.164).

        :param id: names the message; handed over again under it, it arrives once
            where the way out allows.
        """


class Mail(Protocol):
    """Sends e-mails."""

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        """Hand over a message in plain text.

        :param id: as of :meth:`Sms.send`.
        """


class Texts(Protocol):
    """Translations."""

    def translate(self, text: Text, language: str) -> str:
        """Return a text in a language; the text itself where there is no translation."""


class Addresses(Protocol):
    """The shopper's own addresses."""

    async def of(self, preorder: PreOrder) -> Mapping[int, Address]:
        """Return them by key, in the order of the address page."""


class ShippingService(Protocol):
    """Evaluates the merchant's shipping options with their rules and calculators."""

    def options(self, preorder: PreOrder) -> Sequence[ShippingOption]:
        """Return the active options whose rules all pass, without amounts."""

    async def offered(self, preorder: PreOrder) -> Sequence[Offered]:
        """Return the options whose rules all pass and whose amount can be told."""

    async def amount(self, preorder: PreOrder, pk: int) -> Money | None:
        """Return what an option costs for this basket and address; None when it cannot be told."""


class InstallmentOffer(Struct, frozen=True):
    """An installment that a shopper may choose."""

    installment: Installment
    total: Money
    monthly: Money


class InstallmentList(Struct, frozen=True):
    """What is left of a card's installments after the filters, and what they had to say."""

    options: tuple[InstallmentOffer, ...]
    messages: tuple[Text, ...] = ()


class SavedCard(Struct, frozen=True):
    """A card the shopper has stored at a provider."""

    pk: int
    name: str
    last_four: str
    card: int | None


class Cards(Protocol):
    """BIN lookup, installments after filters, 3-D Secure rules, saved cards."""

    def lookup(self, bin_number: str) -> CardInfo | None:
        """Return the card of a BIN, else the default card, else None."""

    def card(self, info: CardInfo) -> Card | None:
        """Return the record of a card."""

    def installments(self, preorder: PreOrder) -> InstallmentList:
        """Return what the card in CARD may be paid in, after INSTALLMENT_FILTERS."""

    async def three_d_required(self, preorder: PreOrder, gateway: str, wished: bool | None) -> bool:
        """Decide 3-D Secure: the master switch, then any rule, or the shopper's wish."""

    async def may_try(self, preorder: PreOrder, number: Secret) -> bool:
        """Tell whether a card may be tried: not after too many declines of it, or of this shopper."""

    async def declined(self, preorder: PreOrder, number: Secret | None = None) -> None:
        """Count a declined payment. The payment runner reports every one, pages none."""

    async def saved(self, preorder: PreOrder) -> Sequence[SavedCard]:
        """Return the cards that the signed-in shopper has stored at the gateway of this payment."""

    async def token(self, preorder: PreOrder, pk: int) -> Secret | None:
        """Return what the provider calls one of :meth:`saved`, to charge it."""


class Gateways(Protocol):
    """Gateway calls that move no money."""

    def of(self, preorder: PreOrder) -> Gateway | None:
        """Return the gateway that would take the payment."""


class Numbers(Protocol):
    """Order numbers: 13 digits, unique per merchant, not guessable from the last one."""

    def fresh(self) -> str:
        """Return a number that was never given out."""


class Vault(Protocol):
    """Card data between two pages: encrypted, bound to one pre-order, for minutes."""

    async def keep(self, preorder: str, card: CardDetails) -> None:
        """Keep a card for the step at the bank."""

    async def card(self, preorder: str) -> CardDetails | None:
        """Return the card kept, or None when it is gone."""

    async def leave(self, preorder: str) -> None:
        """Note that the shopper was sent to the bank: the card stays for two minutes, for a reload."""

    async def drop(self, preorder: str) -> None:
        """Forget the card."""


class Links(Protocol):
    """Addresses of the shop, from its ``public_url``; never from a request."""

    def path(self, path: str) -> str:
        """Return the full address of a path of the shop."""


class OfferService(Protocol):
    """The merchant's offers, their conditions and benefits made ready."""

    def dry_run(self, preorder: PreOrder, offer: Offer) -> Verdict:
        """Say what an offer would give this snapshot, or why it would give nothing.

        Every promotion is asked for its offers of this snapshot, so that the
        offer is tried beside those that would be in force with it.
        """


class Services(Struct, frozen=True, kw_only=True):
    """The services of one merchant."""

    clock: Clock
    http: Http
    database: Database
    cache: Cache
    sms: Sms
    mail: Mail
    texts: Texts
    addresses: Addresses
    catalogue: Catalogue
    cards: Cards
    shipping: ShippingService
    offers: OfferService
    gateways: Gateways
    numbers: Numbers
    vault: Vault
    links: Links
