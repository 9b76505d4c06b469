"""How a payment stands, and what providers say of it by themselves."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import HttpMethod, Request, Response, get, route
from litestar.enums import MediaType
from litestar.params import FromPath

from vezne_core import Answer
from vezne_host.http.visitor import Failure, visitor_of
from vezne_host.visit import ForgedNotice

log = structlog.get_logger()

NO_GATEWAY = "There is no such gateway."
NOT_YET = "Not yet; send it again."
FORGED = "The signature does not fit."

_KEPT_BACK = frozenset({"cookie", "authorization"})


@get("/orders/checkout/status")
async def status(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell how the payment of the session stands; a storefront asks again after ``retry_after`` seconds."""
    visitor = visitor_of(request.scope)
    engine = visitor.runtime.engine
    if visitor.session is None:
        told = {"state": "none", "redirect_url": None, "retry_after": 0}
        return Response(msgspec.json.encode(told), media_type=MediaType.JSON)
    stands = await engine.status(visitor.session, visitor.client)
    return Response(msgspec.json.encode(stands), media_type=MediaType.JSON)


@route("/orders/hooks/{gateway:str}", http_method=[HttpMethod.POST], status_code=200)
async def hook(request: Request[Any, Any, Any], gateway: FromPath[str]) -> Response[bytes]:
    """Hear a provider's server-to-server message: no session, no CSRF, its signature instead."""
    visitor = visitor_of(request.scope)
    runtime = visitor.runtime
    known = runtime.gateways.get(gateway)
    if known is None:
        raise Failure(404, NO_GATEWAY)
    query = visitor.query(legacy=True)
    body = await visitor.notice(request)
    answer = Answer(
        method="POST",
        query=query,
        form=body.pairs,
        body=body.raw,
        headers={name: value for name, value in visitor.headers.items() if name not in _KEPT_BACK},
        client=visitor.client,
    )
    try:
        reply = await runtime.engine.noticed(known, answer, visitor.client)
    except ForgedNotice as forged:
        log.warning("notice refused", merchant=runtime.name, gateway=gateway, reason=str(forged))
        raise Failure(401, FORGED) from None
    if reply is None:
        raise Failure(503, NOT_YET, headers={"Retry-After": "5"})
    return Response(reply, media_type=MediaType.TEXT)


HANDLERS = [status, hook]
