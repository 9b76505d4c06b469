"""Orders that stand, and the texts that a shopper agrees to."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from vezne_core import Contract
from vezne_core.forms import NOT_A_DATE
from vezne_core.money import label
from vezne_host.http.contract_text import filled
from vezne_host.http.failure import NOT_FOUND
from vezne_host.http.page import shown
from vezne_host.http.paging import listed, number, paging, parameters
from vezne_host.http.visitor import SIGNED_OUT, Failure, Visitor, visitor_of
from vezne_host.orders.status import STATUS
from vezne_host.orders.view import order_view
from vezne_host.storage.orders import Order, Orders
from vezne_host.visit import CheckoutRequest

THANKS = "Thank you for your order."
NOT_PAYABLE = "This order does not wait for a payment any more."

_PK = re.compile(r"[0-9]{1,18}", re.ASCII)


@get("/orders/completed/{token:str}")
async def completed(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[bytes]:
    """Show an order to whoever has its signed link; somebody else's account does not count as that."""
    visitor = visitor_of(request.scope)
    order = await _of_token(visitor, token)
    if parameters(visitor).get("format") == "json":
        return visitor.json({"campaigns": [], "order": _view(visitor, order)})
    translate = visitor.translate
    lines = [
        f"{translate('Order number')}: {order.number}",
        f"{translate('Total')}: {order.amount.wire} {label(order.amount.currency)}",
        translate(STATUS.get(order.status, "")),
    ]
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return shown(visitor, translate(THANKS), f"<h1>{escape(translate(THANKS))}</h1>{body}")


@get("/users/orders")
async def orders(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the user's orders, the latest first."""
    visitor = visitor_of(request.scope)
    sent = parameters(visitor)
    place = paging(sent)
    status = number(sent, "status")
    page = None
    if visitor.session is not None:
        page = await _orders(visitor).page(
            visitor.session,
            limit=place.size,
            offset=place.offset,
            status=None if status is None else min(status, 10_000),
            after=_moment(visitor, sent, "created_date__gte", time.min),
            before=_moment(visitor, sent, "created_date__lte", time.max),
        )
    if page is None:
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": "Session"})
    results = [_view(visitor, order) for order in page.orders]
    return visitor.json(listed(visitor, sent, place, "/users/orders/", page.total, results))


@get("/users/orders/{pk:str}")
async def order(request: Request[Any, Any, Any], pk: FromPath[str]) -> Response[bytes]:
    """Show one of the user's orders."""
    visitor = visitor_of(request.scope)
    repository = _orders(visitor)
    if visitor.session is None or (await repository.viewer(visitor.session)).user is None:
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": "Session"})
    found = await repository.own(visitor.session, int(pk)) if _PK.fullmatch(pk) else None
    if found is None:
        raise Failure(404, NOT_FOUND)
    return visitor.json(_view(visitor, found))


@get("/orders/contract")
async def contract(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the text of a contract, filled from the session's checkout."""
    visitor = visitor_of(request.scope)
    runtime, language = visitor.runtime, visitor.client.language
    slug = parameters(visitor).get("contract_name", "")
    record = next((each for each in runtime.catalogue.all(Contract) if each.slug == slug), None)
    if record is None:
        raise Failure(404, NOT_FOUND)
    reply = await runtime.engine.get(CheckoutRequest(client=visitor.client, session=visitor.session))
    visitor.follow(reply.public_id)
    pre_order = reply.envelope.pre_order
    today = visitor.now.astimezone(ZoneInfo(runtime.config.timezone)).date()
    html = filled(record.text("html", language), pre_order if pre_order else {}, today.isoformat())
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'self'"}
    return visitor.raw(html.encode(), MediaType.HTML, 200, headers)


@post("/orders/{number:str}/pay", status_code=200)
async def pay(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Begin to pay for an order that waits for its payment: by its owner, or with its signed link."""
    visitor = visitor_of(request.scope)
    visitor.prove()
    runtime = visitor.runtime
    linked = runtime.order_links.number(parameters(visitor).get("token", "")) == number
    session = visitor.session
    if session is None:
        if not linked:
            raise Failure(404, NOT_FOUND)
        session = await runtime.post_orders.begin_session()
        visitor.begin(session)
    opened = await runtime.post_orders.open(number, session, linked=linked)
    if opened is None:
        raise Failure(404, NOT_FOUND)
    if not opened:
        raise Failure(409, NOT_PAYABLE)
    return visitor.json({"redirect_url": "/orders/checkout/"})


def _orders(visitor: Visitor) -> Orders:
    return Orders(visitor.runtime.lane, visitor.runtime.name)


def _view(visitor: Visitor, order: Order) -> dict[str, Any]:
    return order_view(order, visitor.runtime.catalogue, visitor.translate)


async def _of_token(visitor: Visitor, token: str) -> Order:
    """Return the order of a signed link.

    :raises Failure: the link is forged or too old, or the account signed in is not the order's.
    """
    number_ = visitor.runtime.order_links.number(token)
    repository = _orders(visitor)
    found = await repository.by_number(number_) if number_ is not None else None
    if found is None:
        raise Failure(404, NOT_FOUND)
    viewer = await repository.viewer(visitor.session)
    if viewer.user is not None and found.user != viewer.user and found.session != viewer.session:
        raise Failure(404, NOT_FOUND)
    return found


def _moment(visitor: Visitor, sent: dict[str, str], name: str, of_day: time) -> datetime | None:
    """Read a moment, or a day as its first or last moment where the merchant is."""
    text = sent.get(name, "").strip()
    if not text:
        return None
    zone = ZoneInfo(visitor.runtime.config.timezone)
    try:
        if len(text) == len("2026-05-01"):
            moment = datetime.combine(date.fromisoformat(text), of_day, zone)
        else:
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Failure(400, {name: [NOT_A_DATE]}) from None


HANDLERS = [completed, orders, order, contract, pay]
