"""Who sent a request, to which merchant, and what the answer changes in his browser."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from msgspec import Struct

from vezne_core import Client, Clock, Errors, Refused, Text
from vezne_host.config import HostSettings
from vezne_host.http import csrf
from vezne_host.http.body import NOT_READABLE, BadBody, Body, Pairs, read_body, read_notice, read_query
from vezne_host.http.client import client_of, currency_of
from vezne_host.http.cookies import NAMES, SessionCookies, Ticket, cookie_values
from vezne_host.http.csrf import CsrfTokens
from vezne_host.http.proxies import Proxies
from vezne_host.password import Passwords
from vezne_host.services.keyring import KeyRing
from vezne_host.services.links import current_origin

if TYPE_CHECKING:
    from vezne_host.http.throttle import Throttle
    from vezne_host.runtime import MerchantRuntime

NO_SHOP = "There is no shop here."
CLOSED = "This shop is closed for the moment."
NO_CSRF = "CSRF verification failed."
SIGNED_OUT = "Authentication credentials were not provided."
TOO_SLOW = "The request took too long."

_BODY_SECONDS = 15.0
_VISITOR = "vezne.visitor"


class Failure(Exception):
    """The request is refused: what the answer says, and its status.

    :param errors: a sentence, or sentences by field.
    :param more: further keys of the answer.
    """

    def __init__(
        self,
        status: int,
        errors: Errors | Text,
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.errors = errors
        self.more = more
        self.headers = headers
        super().__init__(status)


class Edge(Struct, frozen=True):
    """What every request is served with."""

    merchants: Mapping[str, MerchantRuntime | Refused]
    """By host; a merchant that could not start is here with its problems."""
    settings: HostSettings
    proxies: Proxies
    sessions: SessionCookies
    csrf: CsrfTokens
    tags: KeyRing
    """Names what must not be guessed or read."""
    logins: Throttle
    registrations: Throttle
    passwords: Passwords
    clock: Clock


class Visitor:
    """One request's sender; made once per request, see :func:`visitor_of`."""

    __slots__ = (
        "_client", "_cookies", "_proven", "_query", "_ticket", "edge", "headers", "origin", "page", "shop",
    )  # fmt: skip

    def __init__(self, edge: Edge, scope: Mapping[str, Any]) -> None:
        self.edge = edge
        self.headers = _headers(scope)
        peer = scope.get("client")
        self.origin = edge.proxies.origin(peer[0] if peer else "", scope["scheme"], self.headers)
        self.shop = edge.merchants.get(self.origin.host)
        self.page = ""
        self._query: bytes = scope.get("query_string", b"")
        self._client: Client | None = None
        self._cookies: list[Cookie] = []
        self._proven: str | None = None
        self._ticket: Ticket | None = None
        if self.shop is not None and not isinstance(self.shop, Refused):
            values = cookie_values(self.headers.get("cookie", ""), *NAMES)
            self._ticket = edge.sessions.open(self.shop.name, values, self.now) if values else None
            current_origin.set(self.origin.url)

    # To which merchant.

    @property
    def runtime(self) -> MerchantRuntime:
        """The merchant asked.

        :raises Failure: there is none at this host, or it could not start.
        """
        if self.shop is None:
            raise Failure(404, NO_SHOP)
        if isinstance(self.shop, Refused):
            raise Failure(503, CLOSED, headers={"Retry-After": "60"})
        return self.shop

    @property
    def name(self) -> str:
        """The merchant's name, or nothing."""
        return "" if self.shop is None or isinstance(self.shop, Refused) else self.shop.name

    @property
    def secure(self) -> bool:
        """Tell whether the shop is seen by https, so that cookies travel by it only."""
        return (self.runtime.config.public_url or self.origin.url).startswith("https:")

    # Who, and in which words.

    @property
    def now(self) -> datetime:
        """The time."""
        return self.edge.clock.now()

    @property
    def client(self) -> Client:
        """What the shopper came with."""
        if self._client is None:
            self._client = client_of(self.headers, self.origin.ip, self.runtime.config.languages)
        return self._client

    @property
    def currency(self) -> str:
        """The currency asked for."""
        return currency_of(self.headers, self.runtime.config.currencies)

    @property
    def session(self) -> str | None:
        """Public id of the session."""
        return self._ticket.public_id if self._ticket else None

    @property
    def is_ajax(self) -> bool:
        """Tell whether a script asks, which no form of another site can pretend to."""
        return self.headers.get("x-requested-with", "").lower() == "xmlhttprequest"

    def translate(self, text: Text) -> str:
        """Return a text in the language of the answer; as it is where there is no merchant."""
        if self.shop is None or isinstance(self.shop, Refused):
            return str(text)
        return self.shop.texts.translate(text, self.client.language)

    # What was sent.

    def query(self, *, legacy: bool = False) -> Pairs:
        """Return the parameters of the query string.

        :raises BadBody: they cannot be read.
        """
        return read_query(self._query, legacy=legacy)

    async def body(self, request: Request[Any, Any, Any], *, legacy: bool = False) -> Body:
        """Read the body, within size and time.

        :raises BadBody: it cannot be read.
        """
        raw = await self._raw(request)
        return read_body(raw, self._content_type, self._content_encoding, legacy=legacy)

    async def notice(self, request: Request[Any, Any, Any]) -> Body:
        """Read what a provider's server says, in whatever form, within size and time.

        :raises BadBody: it was compressed, or broke off.
        """
        return read_notice(await self._raw(request), self._content_type, self._content_encoding)

    async def _raw(self, request: Request[Any, Any, Any]) -> bytes:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                return await request.body()
        except TimeoutError:
            raise Failure(408, TOO_SLOW) from None
        except HTTPException as error:
            if error.status_code < 500:
                raise
            raise BadBody(NOT_READABLE) from None  # the client has gone; nobody reads the answer

    @property
    def _content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def _content_encoding(self) -> str:
        return self.headers.get("content-encoding", "")

    def prove(self, token: str | None = None) -> None:
        """Make sure that a page of our own sent this.

        :param token: of a form's field, where there is no header.
        :raises Failure: there is no token, or not the session's.
        """
        runtime = self.runtime
        sent = self.headers.get(csrf.HEADER) or token or ""
        cookies = cookie_values(self.headers.get("cookie", ""), csrf.COOKIE)
        self._proven = self.edge.csrf.proves(
            runtime.name, sent, session=self._ticket.anchor if self._ticket else None, cookies=cookies
        )
        if self._proven is None:
            raise Failure(403, NO_CSRF)

    # What the answer changes.

    def csrf_token(self) -> str:
        """Return the session's CSRF token, or one to begin with, and have the browser keep it."""
        runtime, tokens = self.runtime, self.edge.csrf
        cookies = cookie_values(self.headers.get("cookie", ""), csrf.COOKIE)
        if self._ticket is not None:
            anchor = self._ticket.anchor
            if not anchor:
                anchor = tokens.anchor()
                self._keep(Ticket(self._ticket.public_id, 0, anchor))
        else:
            known = (tokens.anchor_of(runtime.name, cookie) for cookie in cookies)
            anchor = next((each for each in known if each), None) or tokens.anchor()
        token = tokens.token(runtime.name, anchor)
        if token not in cookies:
            self._keep_csrf(token)
        return token

    def begin(self, public_id: str) -> None:
        """Give the browser a session that this request began; its CSRF token becomes the session's."""
        self._keep(Ticket(public_id, 0, self._proven or ""))

    def follow(self, public_id: str | None) -> None:
        """Go on under another public id, where the session got one."""
        if public_id is not None and self._ticket is not None and public_id != self._ticket.public_id:
            self._keep(Ticket(public_id, 0, self._ticket.anchor))

    def sign_in(self, public_id: str) -> None:
        """Give the browser the session of a signed-in user; cookie and CSRF token of before are void."""
        anchor = self.edge.csrf.anchor()
        self._keep(Ticket(public_id, 0, anchor))
        self._keep_csrf(self.edge.csrf.token(self.runtime.name, anchor))

    def sign_out(self) -> None:
        """Take the session out of the browser."""
        self._ticket = None
        for name in (*NAMES, csrf.COOKIE):
            self._cookies.append(Cookie(key=name, value="", max_age=0, expires=0))

    def _keep(self, ticket: Ticket) -> None:
        self._ticket = Ticket(ticket.public_id, int(self.now.timestamp()), ticket.anchor)
        value = self.edge.sessions.seal(self.runtime.name, self._ticket)
        self._cookies.append(self._cookie(NAMES[0], value, httponly=True))

    def _keep_csrf(self, token: str) -> None:
        self._cookies.append(self._cookie(csrf.COOKIE, token, httponly=False))

    def _cookie(self, name: str, value: str, *, httponly: bool) -> Cookie:
        life = int(self.edge.sessions.life.total_seconds())
        return Cookie(
            key=name, value=value, max_age=life, httponly=httponly, samesite="lax", secure=self.secure
        )

    # Answering.

    def json(
        self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response[bytes]:
        """Answer with JSON."""
        return self.raw(msgspec.json.encode(content), MediaType.JSON, status, headers)

    def raw(
        self, content: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response[bytes]:
        """Answer with bytes as they are; cookies are set only when they change."""
        if not self._cookies and self._ticket and self.edge.sessions.ages(self._ticket, self.now):
            self._keep(self._ticket)
        return Response(
            content, status_code=status, media_type=media_type, headers=headers, cookies=self._cookies
        )

    def redirect(self, location: str) -> Response[bytes]:
        """Send the browser to an address of our own, by GET."""
        return self.raw(b"", MediaType.TEXT, 303, {"Location": location})


def visitor_of(scope: Any) -> Visitor:
    """Return the sender of a request: the same object for handler, headers and errors."""
    state: dict[str, Any] = scope["state"]
    visitor = state.get(_VISITOR)
    if visitor is None:
        visitor = state[_VISITOR] = Visitor(scope["litestar_app"].state["edge"], scope)
    return visitor


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers by name in lower case; cookies are joined as cookies are, others by commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in found:
            value = f"{found[name]}{'; ' if name == 'cookie' else ', '}{value}"
        found[name] = value
    return found
