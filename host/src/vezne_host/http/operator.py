"""What operators' programs do: look at orders, move them on, give money back. By token, no session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import structlog
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from vezne_core import decode
from vezne_host.http.failure import NOT_FOUND
from vezne_host.http.throttle import Throttle
from vezne_host.http.visitor import SIGNED_OUT, Failure, Visitor, visitor_of
from vezne_host.orders.move import NotMoved
from vezne_host.payments.refund_answer import Given, NotGiven, Open, Wish
from vezne_host.storage.dossier import dossier
from vezne_host.storage.operators import Tokens

log = structlog.get_logger()

NOT_ALLOWED = "This token is not good for that."

_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]{1,200})", re.ASCII)
_STATUS: Mapping[str, int] = {"no_order": 404, "bad_id": 400}
"""Answers to refusals of the request itself; whatever stands in the way of the order is a 409."""


class RefundForm(Struct, frozen=True):
    """What is to be given back, under an id that the caller has chosen: the same is done once."""

    action_id: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Decimal | None = None
    """None is all that is left."""


class MoveForm(Struct, frozen=True):
    """The status that the order is to have."""

    status: Annotated[int, Meta(ge=0, le=999)]


@get("/operator/orders/{number:str}")
async def show(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Show everything there is of an order and its money."""
    visitor = visitor_of(request.scope)
    await _operator(visitor, "read")
    found = await dossier(visitor.runtime.lane, visitor.runtime.name, number)
    if found is None:
        raise Failure(404, NOT_FOUND)
    return visitor.json(found)


@post("/operator/orders/{number:str}/moves", status_code=200)
async def move(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Give an order another status."""
    visitor = visitor_of(request.scope)
    actor = await _operator(visitor, "orders")
    body = await visitor.body(request)
    form, errors = decode(MoveForm, body.fields)
    if form is None:
        raise Failure(400, errors)
    answer = await visitor.runtime.moves.move(number, form.status, actor=actor)
    if isinstance(answer, NotMoved):
        raise _refusal(404 if answer.unknown else 409, answer.fact, answer.remedy)
    return visitor.json({"order_number": number, "before": answer.before, "status": answer.status})


@post("/operator/orders/{number:str}/refunds", status_code=200)
async def refund(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """Give money of an order back: 200 when it is back, 202 while that is not known."""
    visitor = visitor_of(request.scope)
    actor = await _operator(visitor, "refund")
    body = await visitor.body(request)
    form, errors = decode(RefundForm, body.fields)
    if form is None:
        raise Failure(400, errors)
    wish = Wish(number=number, action=form.action_id, amount=form.amount, actor=actor)
    answer = await visitor.runtime.refunds.give_back(wish)
    shown = {"action_id": form.action_id, "order_number": number}
    match answer:
        case NotGiven(why=why, fact=fact, remedy=remedy):
            raise _refusal(_STATUS.get(why, 409), fact, remedy, {"code": why})
        case Open(amount=amount, reason=reason):
            told = {"amount": amount.wire, "currency": amount.currency, "reason": reason}
            return visitor.json(shown | {"state": "open"} | told, 202)
        case Given(amount=amount, kept=kept, status=status):
            told = {"amount": amount.wire, "kept": kept.wire, "currency": amount.currency}
            return visitor.json(shown | {"state": "done", "order_status": status} | told)


async def _operator(visitor: Visitor, role: str) -> str:
    """Return who sent the request, for the audit.

    :raises Failure: there is no token, it is not good for this merchant, or not for this.
    """
    runtime, throttle = visitor.runtime, Throttle("operator", visitor.edge.tags)
    sent = _BEARER.fullmatch(visitor.headers.get("authorization", ""))
    if sent is None:
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": "Bearer"})
    await throttle.admit(visitor)
    operator = await Tokens(runtime.lane).operator(runtime.name, sent[1])
    if operator is None:
        await throttle.failed(visitor)
        log.warning("operator refused", merchant=runtime.name, role=role)
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if role not in operator.roles:
        log.warning("operator refused", merchant=runtime.name, actor=operator.actor, role=role)
        challenge = f'Bearer error="insufficient_scope", scope="{role}"'
        raise Failure(403, NOT_ALLOWED, headers={"WWW-Authenticate": challenge})
    return operator.actor


def _refusal(status: int, fact: str, remedy: str, more: Mapping[str, Any] | None = None) -> Failure:
    told = {"remedy": remedy} if remedy else {}
    return Failure(status, fact, more={**told, **(more or {})})


HANDLERS = [show, move, refund]
