"""``/orders/checkout/``: requests into the engine's terms, its replies into JSON, HTML or a redirect.

Which requests need ``x-requested-with: XMLHttpRequest``: contract, decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from vezne_core import Answer, ClientData, Deferred, FormPost, Html, Message, Page, Redirect
from vezne_host.http.body import Body, merged
from vezne_host.http.form_schema import header_fields
from vezne_host.http.page import alert, forwarding, leaving, nothing_to_do, shown
from vezne_host.http.visitor import Failure, Visitor, visitor_of
from vezne_host.payments.attempt import NUMBER, OUTCOME, TOKEN
from vezne_host.present import Envelope, PageContext, wire
from vezne_host.storage.users import Users
from vezne_host.visit import CheckoutRequest, Reply, UnknownReturn

CHECKOUT = "/orders/checkout/"

NO_PAGE = "Say which page is submitted."
UNKNOWN_PAGE = "There is no such page."
NOT_BY_SCRIPT = "Send the header x-requested-with: XMLHttpRequest."
NO_RETURN = "This return does not belong to a payment."
NO_HEADER = "The header {name} is required."

_KEPT_BACK = frozenset({"cookie", "authorization"})
"""Headers that no page and no gateway sees."""
_OWN = frozenset({"page", TOKEN, NUMBER})
"""Parameters that are ours, not a page's."""

_headers_of = cache(header_fields)


@get("/orders/checkout")
async def look(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell where the checkout stands, or open a page of it."""
    visitor = visitor_of(request.scope)
    query = visitor.query(legacy=True)
    sent = merged(query)
    page = _page(visitor, sent)
    if not visitor.is_ajax and page is not None and page.returns and {TOKEN, OUTCOME} & sent.keys():
        # a provider that sends the shopper back by a link
        return await _returned(visitor, _request(visitor, "GET", page, sent, query, Body({})))
    asked = CheckoutRequest(client=visitor.client, session=visitor.session, page=page)
    reply = await visitor.runtime.engine.get(asked)
    visitor.follow(reply.public_id)
    return _json(visitor, reply) if visitor.is_ajax else await _html(visitor, reply)


@post("/orders/checkout", status_code=200)
async def submit(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Submit one page; a bank's answer comes as the plain form of a browser."""
    visitor = visitor_of(request.scope)
    query = visitor.query(legacy=True)
    sent = merged(query)
    page = _page(visitor, sent)
    if page is None:
        raise Failure(400, NO_PAGE)
    if not visitor.is_ajax and not page.returns:
        raise Failure(403, NOT_BY_SCRIPT)
    body = await visitor.body(request, legacy=page.returns)
    asked = _request(visitor, "POST", page, sent, query, body)
    if not visitor.is_ajax:
        return await _returned(visitor, asked)
    try:
        reply = await visitor.runtime.engine.post(asked)
    except UnknownReturn:
        raise Failure(404, NO_RETURN) from None
    visitor.follow(reply.public_id)
    return _json(visitor, reply)


@get("/orders/redirect-three-d")
async def redirect_three_d(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Take the shopper's browser to the bank."""
    visitor = visitor_of(request.scope)
    hand_off = await _left(visitor)
    return leaving(visitor, hand_off) if hand_off else nothing_to_do(visitor, _back(visitor))


@get("/orders/redirection")
async def redirection(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Forward the shopper's browser to the provider."""
    visitor = visitor_of(request.scope)
    hand_off = await _left(visitor)
    return forwarding(visitor, hand_off) if hand_off else visitor.redirect(_back(visitor))


async def _left(visitor: Visitor) -> Redirect | FormPost | Html | None:
    """Return what takes the browser away, and note that the shopper left."""
    asked = CheckoutRequest(client=visitor.client, session=visitor.session)
    hand_off = await visitor.runtime.engine.leave(asked)
    return None if isinstance(hand_off, ClientData | Deferred) else hand_off


def _back(visitor: Visitor) -> str:
    return visitor.runtime.services.links.path(CHECKOUT)


def _page(visitor: Visitor, sent: Mapping[str, Any]) -> Page[Any] | None:
    """Return the page that is named, by its name or an alias; None where none is.

    :raises Failure: the merchant has no such page; nothing is read or written.
    """
    name = sent.get("page")
    if not name:
        return None
    page = visitor.runtime.flow.pages.get(name) if isinstance(name, str) else None
    if page is None:
        raise Failure(404, UNKNOWN_PAGE)
    visitor.page = page.name
    return page


def _text(sent: Mapping[str, Any], name: str) -> str | None:
    text = sent.get(name)
    return text if isinstance(text, str) and text else None


def _reference(visitor: Visitor, sent: Mapping[str, Any]) -> str | None:
    """Return the attempt that a return address names; a name that is not signed by us is none."""
    number = _text(sent, NUMBER)
    return visitor.runtime.return_links.number(number) if number else None


def _request(
    visitor: Visitor,
    method: str,
    page: Page[Any],
    sent: Mapping[str, Any],
    query: tuple[tuple[str, str], ...],
    body: Body,
) -> CheckoutRequest:
    fields = dict(body.fields)
    if page.returns:
        fields = {name: value for name, value in sent.items() if name not in _OWN} | fields
    for name in _headers_of(page.form):
        fields[name] = visitor.headers.get(name.lower())
        if fields[name] is None:
            raise Failure(400, {name: [Message(NO_HEADER, {"name": name})]})
    return CheckoutRequest(
        client=visitor.client,
        session=visitor.session,
        page=page,
        fields=fields,
        answer=Answer(
            method=method,
            query=query,
            form=body.pairs,
            body=body.raw,
            headers={name: value for name, value in visitor.headers.items() if name not in _KEPT_BACK},
            client=visitor.client,
        ),
        token=_text(sent, TOKEN) if page.returns else None,
        reference=_reference(visitor, sent) if page.returns else None,
    )


def _json(visitor: Visitor, reply: Reply) -> Response[bytes]:
    return visitor.json(shown_envelope(reply.envelope))


def shown_envelope(envelope: Envelope) -> Envelope:
    """Return an envelope with the contexts of its pages in their wire form."""
    entries = [
        PageContext(wire(entry.page_context), entry.page_name, entry.page_slug)
        for entry in envelope.context_list
    ]
    return msgspec.structs.replace(envelope, context_list=entries)


async def _returned(visitor: Visitor, asked: CheckoutRequest) -> Response[bytes]:
    """Answer the browser that a bank sent back: on to the order, or to the checkout with the errors kept.

    It comes from another site and so without its cookie: it gets none, and the page it is sent to has it.
    """
    runtime = visitor.runtime
    try:
        reply = await runtime.engine.post(asked)
    except UnknownReturn:
        return visitor.redirect(runtime.services.links.path(CHECKOUT))
    visitor.follow(reply.public_id)
    if reply.order is not None:
        return visitor.redirect(runtime.services.links.path(f"/orders/completed/{reply.order.token}/"))
    if reply.envelope.errors:
        await _flash(visitor, asked, reply.envelope.errors)
    return visitor.redirect(runtime.services.links.path(CHECKOUT))


async def _flash(visitor: Visitor, asked: CheckoutRequest, errors: Mapping[str, list[str]]) -> None:
    """Keep errors for the next page that the session is shown."""
    checkouts, runner = visitor.runtime.checkouts, visitor.runtime.runner
    loaded = None
    if asked.token is not None or asked.reference is not None:
        found = await runner.returning(asked.token, asked.reference)
        loaded = found[0] if found else None
    elif asked.session is not None:
        loaded = await checkouts.load(asked.session)
    if loaded is not None:
        await checkouts.flash(loaded.session, dict(errors))


async def _html(visitor: Visitor, reply: Reply) -> Response[bytes]:
    """Tell in a few lines where the checkout stands."""
    runtime, translate = visitor.runtime, visitor.translate
    errors: dict[str, list[str]] = {}
    if visitor.session is not None:
        errors = await Users(runtime.lane, runtime.name).take_flash(visitor.session) or {}
    told = [text for texts in (*errors.values(), *(reply.envelope.errors or {}).values()) for text in texts]
    title = translate("Checkout")
    parts = [f"<h1>{escape(title)}</h1>", alert(told)]
    if reply.order is not None:
        path = escape(f"/orders/completed/{reply.order.token}/")
        parts.append(f"<p>{escape(translate('Order number'))}: {escape(reply.order.number)}</p>")
        parts.append(f'<p><a href="{path}">{escape(translate("Your order"))}</a></p>')
    elif reply.envelope.context_list:
        pending = reply.envelope.context_list[-1].page_name
        parts.append(f"<p>{escape(translate('Next step'))}: <code>{escape(pending)}</code></p>")
    elif reply.envelope.redirect_url:
        parts.append(f"<p>{escape(translate('Your basket is empty.'))}</p>")
    return shown(visitor, title, "".join(parts))


HANDLERS = [look, submit, redirect_three_d, redirection]
