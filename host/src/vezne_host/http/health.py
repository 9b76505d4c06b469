"""Whether the process lives, and whether it can serve; answers any Host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog
from litestar import HttpMethod, Request, Response, route
from litestar.enums import MediaType

from vezne_host.http.failure import described

log = structlog.get_logger()

DEADLINE = 2.0
"""Seconds within which everything that is needed has to answer."""

Check = Callable[[], Awaitable[Any]]


@route("/health/live", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def live(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell that the process answers."""
    return _answer({"status": "ok"}, 200)


@route("/health/ready", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell whether the database and Redis answer in time."""
    checks: Mapping[str, Check] = request.app.state["checks"]
    results = await asyncio.gather(*[_passes(name, check) for name, check in checks.items()])
    told = {name: "ok" if passed else "away" for name, passed in zip(checks, results, strict=True)}
    sound = all(results)
    return _answer({"status": "ok" if sound else "away", **told}, 200 if sound else 503)


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(DEADLINE):
            await check()
    except Exception as error:
        log.warning("not ready", check=name, error=described(error))
        return False
    return True


def _answer(content: Mapping[str, str], status: int) -> Response[bytes]:
    return Response(msgspec.json.encode(content), status_code=status, media_type=MediaType.JSON)


HANDLERS = [live, ready]
