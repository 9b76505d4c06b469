"""Errors as answers: JSON in the shape of the path, never a traceback.

Checkout paths answer ``{"errors": {"non_field_errors": [...]}}``; elsewhere a
sentence is ``{"detail": ...}`` and field errors are an object of lists.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException

from vezne_core import GENERAL, Errors, Message, Text, Unavailable
from vezne_host.collected import PluginFailed
from vezne_host.http.body import BadBody
from vezne_host.http.visitor import Failure, visitor_of
from vezne_host.storage.lane import Away

log = structlog.get_logger()

CHECKOUT = "/orders/checkout"

NO_METHOD = 'Method "{method}" is not allowed.'
NOT_FOUND = "Not found."
TOO_LARGE = "The request is too large."
NOT_UNDERSTOOD = "The request was not understood."
BUSY = "We cannot answer just now. Please try again in a moment."
BROKEN = "Something went wrong. Please try again; if it happens again, tell us {reference}."

_CHAIN = 5
_LONGEST = 500

_SENTENCES: Mapping[int, str] = {404: NOT_FOUND, 413: TOO_LARGE}


def failed(request: Request[Any, Any, Any], failure: Failure) -> Response[bytes]:
    """Answer a refusal of our own."""
    return _answer(request, failure.status, failure.errors, failure.more, failure.headers)


def unreadable(request: Request[Any, Any, Any], error: BadBody) -> Response[bytes]:
    """Answer a body or a query string that cannot be read."""
    return _answer(request, error.status, error.sentence)


def refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses: no such path, no such method, too large."""
    if error.status_code >= 500:
        return crashed(request, error)
    sentence: Text = _SENTENCES.get(error.status_code, NOT_UNDERSTOOD)
    if error.status_code == 405:
        sentence = Message(NO_METHOD, {"method": request.scope["method"]})
    return _answer(request, error.status_code, sentence, headers=error.headers)


def away(request: Request[Any, Any, Any], error: Away | Unavailable) -> Response[bytes]:
    """Answer while the database or a service cannot be reached; the request may be repeated."""
    log.warning("request not served", path=request.scope["path"], reason=type(error).__name__)
    return _answer(request, 503, BUSY, headers={"Retry-After": "1"})


def crashed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer our own mistake, or a plugin's: the shopper gets a reference, the log the rest."""
    reference = token_hex(4)
    visitor = visitor_of(request.scope)
    blame = {"plugin": error.plugin, "hook": error.hook} if isinstance(error, PluginFailed) else {}
    log.error(
        "request failed",
        reference=reference,
        merchant=visitor.name,
        method=request.scope["method"],
        path=request.scope["path"],
        page=visitor.page,
        error=described(error),
        stack=stack(error),
        **blame,
    )
    return _answer(request, 500, Message(BROKEN, {"reference": reference}))


def described(error: BaseException) -> str:
    """Say what was raised, without values: the database quotes rows in its details."""
    text = str(error.args[0]) if isinstance(error, asyncpg.PostgresError) and error.args else str(error)
    return f"{type(error).__name__}: {text[:_LONGEST]}" if text else type(error).__name__


def stack(error: BaseException) -> str:
    """Return where it was raised, and what caused it, without the values of any variable."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < _CHAIN:
        frames = "".join(traceback.format_tb(cause.__traceback__))
        parts.append(f"{frames}{described(cause)}")
        cause = cause.__cause__ or cause.__context__
    return "\ncaused by\n".join(parts)


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    errors: Errors | Text,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    translate = visitor_of(request.scope).translate
    checkout = request.scope["path"].startswith(CHECKOUT)
    content: dict[str, Any]
    if isinstance(errors, Mapping):
        content = {key: [translate(text) for text in texts] for key, texts in errors.items()}
    elif checkout:
        content = {GENERAL: [translate(errors)]}
    else:
        content = {"detail": translate(errors)}
    content |= more or {}
    return Response(
        msgspec.json.encode({"errors": content} if checkout else content),
        status_code=status,
        media_type=MediaType.JSON,
        headers=dict(headers or {}),
    )
