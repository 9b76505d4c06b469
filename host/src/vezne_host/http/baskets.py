"""``/baskets/basket/``: a decision on what was loaded, written over the version it was decided on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from msgspec import Meta, Struct

from vezne_core import Message, Money, decode
from vezne_core.forms import REQUIRED, TOO_LOW
from vezne_host.basket import (
    OTHER_CURRENCY,
    Change,
    Goods,
    Refusal,
    Shortage,
    shortages,
    without,
)
from vezne_host.basket import put as put_into
from vezne_host.http.visitor import Failure, Visitor, visitor_of
from vezne_host.present import basket_view
from vezne_host.storage.baskets import Baskets
from vezne_host.storage.checkouts import Loaded
from vezne_host.visit import CheckoutRequest

VOUCHER_PAGE = "VoucherCodePage"

NO_PRODUCT = "This product is not sold here."
NO_VOUCHERS = "This shop takes no voucher codes."
EMPTY = "Your basket is empty."
BUSY = "Your basket was changed elsewhere. Please try again."
BAD_ATTRIBUTES = "These attributes cannot be taken."

_RETRIES = 4
_LONGEST_ATTRIBUTES = 1024
"""Bytes; product and attributes together are the key of an index."""


class LineForm(Struct, frozen=True):
    """``POST`` adds so many pieces, ``PUT`` sets how many there are; 0 takes the line out."""

    product: Annotated[int, Meta(ge=1)]
    quantity: Annotated[int, Meta(ge=0, le=999)]
    attributes: dict[str, Any] = {}


class VoucherForm(Struct, frozen=True):
    """``PATCH``."""

    voucher_code: str | None = None
    remove_voucher_code: bool = False


@get("/baskets/basket")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the basket; what cannot be delivered any more is taken out and told."""
    visitor = visitor_of(request.scope)
    for _ in range(_RETRIES):
        loaded = await _loaded(visitor)
        short = shortages(loaded.basket.lines or ()) if loaded and loaded.basket else []
        if loaded is None or not short or loaded.state == "placing":
            return await _answer(visitor, loaded)
        assert loaded.basket is not None, "nothing is short of nothing"
        after = await _baskets(visitor).change(loaded.basket, without(short), loaded.basket.currency)
        if after is not None:
            return await _answer(visitor, msgspec.structs.replace(loaded, basket=after), short)
    return await _answer(visitor, await _loaded(visitor))


@post("/baskets/basket", status_code=200)
async def add(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Put pieces of a product into the basket; it begins a session where there is none."""
    return await _put(request, add=True)


@put("/baskets/basket")
async def set_quantity(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Set how many pieces of a product are in the basket."""
    return await _put(request, add=False)


@patch("/baskets/basket")
async def use_voucher(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Use a voucher code, or take it back (decisions: voucher through the basket)."""
    visitor = visitor_of(request.scope)
    body = await visitor.body(request)
    visitor.prove()
    form, errors = decode(VoucherForm, body.fields)
    if form is None:
        raise Failure(400, errors)
    if not form.voucher_code and not form.remove_voucher_code:
        raise Failure(400, {"voucher_code": [REQUIRED]})
    runtime = visitor.runtime
    page = runtime.flow.pages.get(VOUCHER_PAGE)
    if page is None:
        raise Failure(400, {"non_field_errors": [NO_VOUCHERS]})
    fields = {} if form.remove_voucher_code else {"voucher_code": form.voucher_code}
    reply = await runtime.engine.post(
        CheckoutRequest(client=visitor.client, session=visitor.session, page=page, fields=fields)
    )
    visitor.follow(reply.public_id)
    if not reply.envelope.pre_order:
        raise Failure(400, {"non_field_errors": [EMPTY]})
    if reply.envelope.errors:
        sentences = [text for texts in reply.envelope.errors.values() for text in texts]
        raise Failure(400, {"non_field_errors": sentences})
    return await _answer(visitor, await _loaded(visitor))


@delete("/baskets/basket", status_code=200)
async def empty(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Empty the basket."""
    visitor = visitor_of(request.scope)
    visitor.prove()
    for _ in range(_RETRIES):
        loaded = await _loaded(visitor)
        basket = loaded.basket if loaded else None
        if loaded is None or basket is None or not basket.lines:
            return await _answer(visitor, loaded)
        nothing = Change({line.pk: 0 for line in basket.lines})
        after = await _baskets(visitor).change(basket, nothing, visitor.currency)
        if after is not None:
            return await _answer(visitor, msgspec.structs.replace(loaded, basket=after))
    raise Failure(409, {"non_field_errors": [BUSY]})


async def _put(request: Request[Any, Any, Any], *, add: bool) -> Response[bytes]:
    visitor = visitor_of(request.scope)
    body = await visitor.body(request)
    visitor.prove()
    form = _read(body.fields, add=add)
    repository = _baskets(visitor)
    for _ in range(_RETRIES):
        loaded, goods = await asyncio.gather(
            _loaded(visitor, to_write=True), repository.product(form.product)
        )
        if goods is None or not goods.for_sale:
            raise _refused(Refusal("product_not_found", NO_PRODUCT))
        change, currency = _decided(visitor, loaded, goods, form, add=add)
        after = await _written(visitor, repository, loaded, change, currency) if change else loaded
        if after is not None or not change:
            return await _answer(visitor, after)
    raise Failure(409, {"non_field_errors": [BUSY]})


def _read(fields: dict[str, Any], *, add: bool) -> LineForm:
    form, errors = decode(LineForm, fields)
    if form is not None:
        if add and form.quantity == 0:
            errors["quantity"] = [Message(TOO_LOW, {"n": 1})]
        plain = all(isinstance(value, str | int | None) for value in form.attributes.values())
        if not plain or len(msgspec.json.encode(form.attributes)) > _LONGEST_ATTRIBUTES:
            errors["attributes"] = [BAD_ATTRIBUTES]
    if form is None or errors:
        raise Failure(400, errors)
    return form


def _decided(
    visitor: Visitor, loaded: Loaded | None, goods: Goods, form: LineForm, *, add: bool
) -> tuple[Change, str]:
    """Decide what happens to the basket, and what it is priced in.

    :raises Failure: the basket does not take it.
    """
    basket = loaded.basket if loaded else None
    lines = list(basket.lines or ()) if basket else []
    currency = basket.currency if basket and lines else visitor.currency
    if form.quantity and goods.body.currency.upper() != currency.upper():
        raise _refused(Refusal("other_currency", OTHER_CURRENCY))
    for line in lines:
        if line.product == goods.product:  # what the session's own payment holds counts for it
            goods = msgspec.structs.replace(goods, left=line.left)
    change = put_into(lines, goods, form.quantity, form.attributes, add=add)
    if isinstance(change, Refusal):
        raise _refused(change)
    return change, currency


async def _written(
    visitor: Visitor, repository: Baskets, loaded: Loaded | None, change: Change, currency: str
) -> Loaded | None:
    """Write a change, where need be into a new basket or session; None when it is to be decided anew."""
    if loaded is None:
        visitor.begin(await repository.begin(change.added[0], currency))
        return await _loaded(visitor)
    if loaded.basket is None:
        opened = await repository.open(loaded.public_id, change.added[0], currency)
        return await _loaded(visitor) if opened else None
    after = await repository.change(loaded.basket, change, currency)
    return None if after is None else msgspec.structs.replace(loaded, basket=after)


def _refused(refusal: Refusal) -> Failure:
    return Failure(400, {"non_field_errors": [refusal.text]}, more={"error_code": refusal.code})


def _baskets(visitor: Visitor) -> Baskets:
    return Baskets(visitor.runtime.lane, visitor.runtime.name)


async def _loaded(visitor: Visitor, *, to_write: bool = False) -> Loaded | None:
    """Load the session; an id that was replaced opens nothing, and is not replaced once more."""
    runtime = visitor.runtime
    if visitor.session is None:
        return None
    loaded = await runtime.checkouts.load(visitor.session, runtime.settings().skus)
    if loaded is None or loaded.public_id == visitor.session:
        return loaded
    if to_write:
        raise Failure(409, {"non_field_errors": [BUSY]})
    return None


async def _answer(visitor: Visitor, loaded: Loaded | None, short: Sequence[Shortage] = ()) -> Response[bytes]:
    """Answer with the basket and what the offers in force give to it."""
    row = loaded.basket if loaded else None
    if loaded is None or row is None:
        basket, voucher = _nothing(visitor.currency), None
    else:
        currency = row.currency if row.lines else visitor.currency
        adjustments, voucher = await visitor.runtime.basket_adjustments(loaded, visitor.client)
        goods = msgspec.structs.replace(row, currency=currency).basket(visitor.client.language)
        basket = basket_view(goods, adjustments)
    basket |= {
        "segment": None,
        "unavailable_basket_products": [
            {"pk": each.line.product, "name": each.line.body.name, "unavailable_quantity": each.pieces}
            for each in short
        ],
        "upsell_details": [],
        "voucher_code": voucher,
    }
    return visitor.json({"basket": basket})


def _nothing(currency: str) -> dict[str, Any]:
    """Show the basket of a visitor who has none yet."""
    zero = Money.zero(currency).wire
    return {
        "basketitem_set": [],
        "total_quantity": 0,
        "total_amount": zero,
        "total_discount_amount": zero,
        "discounts": [],
        "upsell_messages": [],
        "total_product_amount": zero,
        "pk": None,
        "created_date": None,
        "modified_date": None,
    }


HANDLERS = [show, add, set_quantity, use_voucher, empty]
