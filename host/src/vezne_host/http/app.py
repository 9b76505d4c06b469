"""The web application: every path, for every merchant of this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope
from sqlalchemy import text

from vezne_core import Clock, Refused, Unavailable
from vezne_host.config import HostSettings
from vezne_host.http import (
    addresses,
    baskets,
    checkout,
    failure,
    health,
    metrics,
    notices,
    openapi,
    operator,
    orders,
    places,
    users,
)
from vezne_host.http.body import BadBody
from vezne_host.http.cookies import SessionCookies
from vezne_host.http.csrf import CsrfTokens
from vezne_host.http.proxies import Proxies
from vezne_host.http.throttle import Throttle
from vezne_host.http.visitor import Edge, Failure, visitor_of
from vezne_host.password import Passwords
from vezne_host.runtime import MerchantRuntime
from vezne_host.services.clock import SystemClock
from vezne_host.services.keyring import KeyRing
from vezne_host.storage.lane import Away, Query

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

ONE = Query(text("SELECT 1"))

_HANDLERS = [
    *checkout.HANDLERS,
    *notices.HANDLERS,
    *baskets.HANDLERS,
    *addresses.HANDLERS,
    *places.HANDLERS,
    *users.HANDLERS,
    *orders.HANDLERS,
    *operator.HANDLERS,
    *openapi.HANDLERS,
    *health.HANDLERS,
    *metrics.HANDLERS,
]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_BY_DEFAULT = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_HTTPS = (b"strict-transport-security", b"max-age=31536000")
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"accept, accept-language, content-type, x-client-type, x-csrftoken, x-currency, x-requested-with",
    ),
    (b"access-control-max-age", b"600"),
)


def create_app(
    merchants: Mapping[str, MerchantRuntime | Refused],
    settings: HostSettings,
    *,
    lifespan: Sequence[Lifespan] = (),
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> Litestar:
    """Make the application of a process.

    :param merchants: by host; one that could not start answers 503 while the others serve. It is
        looked into with every request, so that merchants may come later.
    :param lifespan: opened before the first request; sets ``app.state.serving``.
    """
    keys = [(key.id, key.key) for key in settings.keys]
    tags = KeyRing(keys, "limits")
    edge = Edge(
        merchants=merchants,
        settings=settings,
        proxies=Proxies(settings.trusted_proxies),
        sessions=SessionCookies(keys, timedelta(days=settings.lifetimes.preorder_days)),
        csrf=CsrfTokens(keys),
        tags=tags,
        logins=Throttle("login", tags),
        registrations=Throttle("registration", tags),
        passwords=passwords or Passwords(),
        clock=clock or SystemClock(),
    )
    counted = metrics.Metrics()
    state = State({"edge": edge, "metrics": counted, "schemas": openapi.Schemas()})
    app = Litestar(
        route_handlers=_HANDLERS,
        middleware=[metrics.Meter(counted)],
        before_send=[_headers],
        exception_handlers={
            Failure: failure.failed,
            BadBody: failure.unreadable,
            Away: failure.away,
            Unavailable: failure.away,
            HTTPException: failure.refused,
            Exception: failure.crashed,
        },
        lifespan=list(lifespan),
        request_max_body_size=settings.body_limit,
        openapi_config=None,
        logging_config=None,
        state=state,
    )
    app.state["checks"] = _checks(app)
    return app


def _checks(app: Litestar) -> Mapping[str, health.Check]:
    """Return what has to answer before requests may come."""

    async def database() -> None:
        await app.state["serving"].process.lane.ask(ONE)

    async def redis() -> None:
        await app.state["serving"].process.redis.ping()

    return {"database": database, "redis": redis}


async def _headers(message: Message, scope: Scope) -> None:
    """Add what every answer carries: what browsers must not do with it, and who else may read it."""
    if message["type"] != "http.response.start":
        return
    sent: list[tuple[bytes, bytes]] = message["headers"]  # type: ignore[assignment]
    names = {name for name, _ in sent}
    sent += _ALWAYS
    sent += (header for header in _BY_DEFAULT if header[0] not in names)
    visitor = visitor_of(scope)
    shop = visitor.shop
    if shop is None or isinstance(shop, Refused):
        return
    if visitor.secure:
        sent.append(_HTTPS)
    if b"content-security-policy" not in names:
        sent.append((b"x-frame-options", b"DENY"))
    if shop.config.origins:
        sent.append((b"vary", b"Origin"))
        sent += _shared(visitor.headers, shop.config.origins, scope)


def _shared(headers: Mapping[str, str], origins: Sequence[str], scope: Any) -> Sequence[tuple[bytes, bytes]]:
    """Return the CORS headers for one of the merchant's own further origins, and none for others."""
    origin = headers.get("origin", "")
    if origin not in origins:
        return ()
    shared = (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"retry-after"),
    )
    preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
    return (*shared, *_PREFLIGHT) if preflight else shared
