"""What a basket takes: decisions about its lines, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core import Message, Text
from vezne_host.storage.checkouts import BasketRow, LineRow, ProductBody

MOST_PIECES = 999
"""Most pieces of a line."""
MOST_LINES = 100
"""Most lines of a basket."""

SOLD_OUT = "This product is sold out."
FEW_LEFT = "Only {n} of this product are left in stock."
TOO_MANY_PIECES = "At most {n} pieces can be bought at once."
TOO_MANY_LINES = "Your basket is full."
OTHER_CURRENCY = "This product is not sold in the currency of your basket."


class Goods(Struct, frozen=True):
    """A product that may be put into a basket."""

    product: int
    sku: str
    body: ProductBody
    left: int | None

    @property
    def for_sale(self) -> bool:
        """Samples, gift boxes and bags come into an order by other ways than the basket."""
        return self.body.product_type is None


class NewLine(Struct, frozen=True):
    """A line that is not there yet."""

    goods: Goods
    quantity: int
    attributes: dict[str, Any]


class Change(Struct, frozen=True):
    """What is to happen to the lines of a basket."""

    quantities: Mapping[int, int] = {}
    """By pk of the line; 0 takes it out."""
    added: tuple[NewLine, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.quantities or self.added)


class Refusal(Struct, frozen=True):
    """Why a basket does not take something."""

    code: str
    text: Text


class Shortage(Struct, frozen=True):
    """A line of which not everything can be delivered any more."""

    line: LineRow
    pieces: int


def put(
    lines: Sequence[LineRow], goods: Goods, quantity: int, attributes: dict[str, Any], *, add: bool
) -> Change | Refusal:
    """Put pieces of a product into a basket, or set how many there are.

    Lowering a quantity is always possible.
    """
    own = _same(lines, goods.product, attributes)
    before = own.quantity if own else 0
    wanted = before + quantity if add else quantity
    if wanted > before:
        left = max(goods.left or 0, 0) - _others(lines, goods.product, own)
        if wanted > left:
            return Refusal("insufficient_stock", Message(FEW_LEFT, {"n": left}) if left > 0 else SOLD_OUT)
        if wanted > MOST_PIECES:
            return Refusal("too_many_pieces", Message(TOO_MANY_PIECES, {"n": MOST_PIECES}))
        if own is None and len(lines) >= MOST_LINES:
            return Refusal("basket_full", TOO_MANY_LINES)
    if wanted == before:
        return Change()
    return Change({own.pk: wanted}) if own else Change(added=(NewLine(goods, wanted, attributes),))


def shortages(lines: Sequence[LineRow]) -> list[Shortage]:
    """Find what cannot be delivered any more; of several lines of a product the later ones lose first."""
    room: dict[int, int] = {}
    found = []
    for line in lines:
        left = room.setdefault(line.product, max(line.left or 0, 0))
        room[line.product] = max(left - line.quantity, 0)
        if line.quantity > left:
            found.append(Shortage(line, line.quantity - left))
    return found


def without(short: Iterable[Shortage]) -> Change:
    """Take out what cannot be delivered."""
    return Change({each.line.pk: each.line.quantity - each.pieces for each in short})


def taken_over(own: Sequence[LineRow], guest: Sequence[LineRow], currency: str) -> Change:
    """Add the lines of a guest to those of an account: quantities summed, capped by stock.

    What is sold in another currency than the account's basket stays behind
    (decisions: a basket with lines keeps its currency), as does what has no room.
    """
    lines = list(own)
    quantities: dict[int, int] = {}
    added: list[NewLine] = []
    for line in guest:
        if line.body.currency.upper() != currency.upper():
            continue
        same = _same(lines, line.product, line.attributes)
        before = same.quantity if same else 0
        left = max(line.left or 0, 0) - _others(lines, line.product, same)
        wanted = min(before + line.quantity, left, MOST_PIECES)
        if wanted <= before or (same is None and len(lines) >= MOST_LINES):
            continue
        if same is not None:
            quantities[same.pk] = wanted
            lines[lines.index(same)] = msgspec.structs.replace(same, quantity=wanted)
        else:
            goods = Goods(line.product, line.sku, line.body, line.left)
            added.append(NewLine(goods, wanted, line.attributes))
            lines.append(msgspec.structs.replace(line, quantity=wanted))
    return Change(quantities, tuple(added))


def changed(basket: BasketRow, change: Change, pks: Mapping[str, int]) -> BasketRow:
    """Return a basket as it stands after a change.

    :param pks: of the lines added, by :func:`key`.
    """
    kept = [
        msgspec.structs.replace(line, quantity=change.quantities.get(line.pk, line.quantity))
        for line in basket.lines or ()
    ]
    fresh = [
        LineRow(
            pk=pks[key(new.goods.product, new.attributes)],
            quantity=new.quantity,
            attributes=new.attributes,
            product=new.goods.product,
            sku=new.goods.sku,
            body=new.goods.body,
            left=new.goods.left,
        )
        for new in change.added
    ]
    return msgspec.structs.replace(basket, lines=[line for line in kept if line.quantity > 0] + fresh)


def _same(lines: Iterable[LineRow], product: int, attributes: Mapping[str, Any]) -> LineRow | None:
    like = key(product, attributes)
    return next((line for line in lines if key(line.product, line.attributes) == like), None)


def _others(lines: Iterable[LineRow], product: int, own: LineRow | None) -> int:
    return sum(line.quantity for line in lines if line.product == product and line is not own)


def key(product: int, attributes: Mapping[str, Any]) -> str:
    """Return what makes two lines one: product and attributes."""
    return f"{product} {msgspec.json.encode(attributes, order='deterministic').decode()}"
