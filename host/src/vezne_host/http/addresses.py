"""``/address/``: the shopper's own addresses; guests have theirs for as long as their session."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath

from vezne_core import Address
from vezne_host.http.address_form import flat, nested, read_address
from vezne_host.http.failure import NOT_FOUND
from vezne_host.http.paging import listed, paging, parameters
from vezne_host.http.visitor import SIGNED_OUT, Failure, Visitor, visitor_of
from vezne_host.storage.addresses import AddressBook

TOO_MANY = "You have too many addresses. Please delete one first."
CHANGED = "This address was changed elsewhere. Please try again."

_PK = re.compile(r"[0-9]{1,18}", re.ASCII)
_RETRIES = 3


@get("/address")
async def addresses(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the user's addresses, places by key."""
    visitor = visitor_of(request.scope)
    mask = visitor.runtime.settings().USER_PHONE_FORMAT
    return await _page(visitor, "/address/", lambda address, user: flat(address, user, mask))


@get("/address/detailed")
async def detailed(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the user's addresses, places with their names."""
    visitor = visitor_of(request.scope)
    runtime = visitor.runtime
    mask, language = runtime.settings().USER_PHONE_FORMAT, visitor.client.language
    return await _page(
        visitor, "/address/detailed/", lambda address, _: nested(address, runtime.catalogue, language, mask)
    )


@post("/address", status_code=201)
async def create(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Store an address; it begins a session where there is none."""
    visitor = visitor_of(request.scope)
    visitor.prove()
    address = await _read(visitor, request)
    book = _book(visitor)
    made = await book.create(visitor.session, address) if visitor.session else None
    if made is None:
        public_id, made = await book.begin(address)
        visitor.begin(public_id)
    if made.pk is None:
        raise Failure(400, TOO_MANY)
    return _shown(visitor, address, made.pk, made.user, 201)


@patch("/address/{pk:str}")
async def change(request: Request[Any, Any, Any], pk: FromPath[str]) -> Response[bytes]:
    """Change some fields of an address."""
    visitor = visitor_of(request.scope)
    visitor.prove()
    session, key = _own(visitor, pk)
    book = _book(visitor)
    for _ in range(_RETRIES):
        kept = await book.find(session, key)
        if kept is None:
            raise Failure(404, NOT_FOUND)
        address = await _read(visitor, request, before=kept.address)
        if await book.update(session, address, kept.seen):
            return _shown(visitor, address, key, kept.user, 200)
    raise Failure(409, CHANGED)


@delete("/address/{pk:str}", status_code=200)
async def remove(request: Request[Any, Any, Any], pk: FromPath[str]) -> Response[bytes]:
    """Delete an address."""
    visitor = visitor_of(request.scope)
    visitor.prove()
    session, key = _own(visitor, pk)
    if not await _book(visitor).delete(session, key):
        raise Failure(404, NOT_FOUND)
    return visitor.raw(b"", "application/json", 204)


def _book(visitor: Visitor) -> AddressBook:
    return AddressBook(visitor.runtime.lane, visitor.runtime.name)


def _own(visitor: Visitor, pk: str) -> tuple[str, int]:
    if visitor.session is None or not _PK.fullmatch(pk):
        raise Failure(404, NOT_FOUND)
    return visitor.session, int(pk)


async def _page(
    visitor: Visitor, path: str, show: Callable[[Address, int | None], dict[str, Any]]
) -> Response[bytes]:
    sent = parameters(visitor)
    place = paging(sent)
    session = visitor.session
    page = await _book(visitor).page(session, place.size, place.offset) if session else None
    if page is None or page.user is None:
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": "Session"})
    results = [show(address, page.user) for address in page.addresses]
    return visitor.json(listed(visitor, sent, place, path, page.total, results))


async def _read(
    visitor: Visitor, request: Request[Any, Any, Any], *, before: Address | None = None
) -> Address:
    body = await visitor.body(request)
    runtime = visitor.runtime
    address, errors = read_address(body.fields, runtime.catalogue, runtime.settings(), before=before)
    if address is None:
        raise Failure(400, errors)
    return address


def _shown(visitor: Visitor, address: Address, pk: int, user: int | None, status: int) -> Response[bytes]:
    stored = msgspec.structs.replace(address, pk=pk)
    return visitor.json(flat(stored, user, visitor.runtime.settings().USER_PHONE_FORMAT), status)


HANDLERS = [addresses, detailed, create, change, remove]
