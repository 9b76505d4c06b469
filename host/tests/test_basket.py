"""What a basket takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.basket import (
    MOST_LINES,
    MOST_PIECES,
    Change,
    Goods,
    NewLine,
    Refusal,
    key,
    put,
    shortages,
    taken_over,
    without,
)
from vezne_host.storage.checkouts import LineRow, ProductBody

BODY = ProductBody("Mug", Decimal("89.50"), "TRY")


def line(pk: int, quantity: int, *, product: int = 1, left: int | None = 10, **attributes: Any) -> LineRow:
    return LineRow(pk, quantity, attributes, product, f"SKU-{product}", BODY, left)


def goods(product: int = 1, left: int | None = 10) -> Goods:
    return Goods(product, f"SKU-{product}", BODY, left)


def test_a_product_that_is_not_there_is_a_new_line() -> None:
    assert put([], goods(), 2, {}, add=True) == Change(added=(NewLine(goods(), 2, {}),))


def test_adding_sums_and_setting_replaces() -> None:
    assert put([line(7, 3)], goods(), 2, {}, add=True) == Change({7: 5})
    assert put([line(7, 3)], goods(), 2, {}, add=False) == Change({7: 2})


def test_setting_nothing_takes_the_line_out() -> None:
    assert put([line(7, 3)], goods(), 0, {}, add=False) == Change({7: 0})
    assert not put([], goods(), 0, {}, add=False)


def test_setting_what_is_there_changes_nothing() -> None:
    assert not put([line(7, 3)], goods(), 3, {}, add=False)


def test_other_attributes_are_another_line() -> None:
    change = put([line(7, 3, color="red")], goods(), 1, {"color": "blue"}, add=True)

    assert change == Change(added=(NewLine(goods(), 1, {"color": "blue"}),))
    assert put([line(7, 3, a="1", b="2")], goods(), 1, {"b": "2", "a": "1"}, add=True) == Change({7: 4})


def test_all_lines_of_a_product_share_its_stock() -> None:
    refused = put([line(7, 6, color="red")], goods(), 5, {"color": "blue"}, add=True)

    assert isinstance(refused, Refusal)
    assert (refused.code, str(refused.text)) == (
        "insufficient_stock", "Only 4 of this product are left in stock.",
    )  # fmt: skip


@pytest.mark.parametrize("left", [0, -3, None])
def test_what_is_sold_out_is_not_taken(left: int | None) -> None:
    refused = put([], goods(left=left), 1, {}, add=True)

    assert isinstance(refused, Refusal)
    assert str(refused.text) == "This product is sold out."


def test_a_quantity_can_always_be_lowered() -> None:
    assert put([line(7, 8, left=2)], goods(left=2), 5, {}, add=False) == Change({7: 5})


def test_pieces_and_lines_are_bounded() -> None:
    many = [line(pk, 1, product=pk) for pk in range(2, MOST_LINES + 2)]

    assert put([line(7, MOST_PIECES, left=5000)], goods(left=5000), 1, {}, add=True) == Refusal(
        "too_many_pieces",
        put([], goods(left=5000), MOST_PIECES + 1, {}, add=True).text,  # type: ignore[union-attr]
    )
    refused = put(many, goods(), 1, {}, add=True)
    assert isinstance(refused, Refusal)
    assert refused.code == "basket_full"
    assert put(many, goods(2), 1, {}, add=True) == Change({2: 2})


def test_what_cannot_be_delivered_is_found_and_taken_out() -> None:
    lines = [line(1, 2, left=5), line(2, 4, product=2, left=3), line(3, 1, product=3, left=0)]
    short = shortages(lines)

    assert [(each.line.pk, each.pieces) for each in short] == [(2, 1), (3, 1)]
    assert without(short) == Change({2: 3, 3: 0})


def test_later_lines_of_a_product_lose_first() -> None:
    short = shortages([line(1, 3, left=4), line(2, 3, left=4, color="red")])

    assert [(each.line.pk, each.pieces) for each in short] == [(2, 2)]


def test_the_lines_of_a_guest_are_added_to_the_accounts() -> None:
    own = [line(1, 2), line(2, 1, product=2)]
    guest = [line(11, 3), line(12, 4, product=3), line(13, 1, product=2, color="red")]

    assert taken_over(own, guest, "TRY") == Change(
        {1: 5}, (NewLine(goods(3), 4, {}), NewLine(goods(2), 1, {"color": "red"}))
    )


def test_what_a_guest_brings_is_capped_by_stock() -> None:
    assert taken_over([line(1, 8)], [line(11, 5)], "TRY") == Change({1: 10})
    assert not taken_over([line(1, 12)], [line(11, 5)], "TRY")
    assert not taken_over([], [line(11, 5, left=0)], "TRY")


def test_another_currency_stays_behind() -> None:
    assert not taken_over([line(1, 1)], [line(11, 5)], "EUR")


lines_of_products = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["", "red", "blue"]), st.integers(1, 20)),
    max_size=8,
    unique_by=lambda each: each[:2],
)


def rows(drawn: list[tuple[int, str, int]], stock: dict[int, int], first: int) -> list[LineRow]:
    return [
        line(first + place, quantity, product=product, left=stock[product], **({"c": color} if color else {}))
        for place, (product, color, quantity) in enumerate(drawn)
    ]


def after(lines: list[LineRow], change: Change) -> dict[str, int]:
    found = {
        key(each.product, each.attributes): change.quantities.get(each.pk, each.quantity) for each in lines
    }
    found |= {key(new.goods.product, new.attributes): new.quantity for new in change.added}
    return {name: quantity for name, quantity in found.items() if quantity}


@given(lines_of_products, lines_of_products, st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_taking_over_never_loses_own_pieces_nor_invents_any(
    own: list[tuple[int, str, int]], guest: list[tuple[int, str, int]], left: list[int]
) -> None:
    stock = dict(enumerate(left, start=1))
    mine, theirs = rows(own, stock, 1), rows(guest, stock, 100)
    before, brought = after(mine, Change()), after(theirs, Change())
    result = after(mine, taken_over(mine, theirs, "TRY"))

    assert all(result.get(name, 0) >= quantity for name, quantity in before.items())
    assert all(q <= before.get(name, 0) + brought.get(name, 0) for name, q in result.items())
    for product, pieces in stock.items():
        had = sum(each.quantity for each in mine if each.product == product)
        has = sum(q for name, q in result.items() if name.startswith(f"{product} "))
        assert has <= max(had, pieces)


@given(lines_of_products, st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_what_is_left_after_shortages_can_be_delivered(
    drawn: list[tuple[int, str, int]], left: list[int]
) -> None:
    stock = dict(enumerate(left, start=1))
    lines = rows(drawn, stock, 1)
    result = after(lines, without(shortages(lines)))

    for product, pieces in stock.items():
        assert sum(q for name, q in result.items() if name.startswith(f"{product} ")) <= pieces
