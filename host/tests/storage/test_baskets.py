"""Baskets in the database: written over what was seen, taken over at sign-in, never lost in a race."""

from __future__ import annotations

import asyncio

import pytest

from vezne_host.basket import Change, Goods, NewLine, Refusal, put
from vezne_host.storage.baskets import Baskets
from vezne_host.storage.checkouts import BasketRow, Checkouts, Loaded
from vezne_host.storage.lane import Lane
from vezne_host.storage.users import Users

pytestmark = pytest.mark.anyio

MERCHANT = "demo"
ADA = 1


class Shelf:
    """Baskets, sessions and users of the demo merchant."""

    def __init__(self, lane: Lane) -> None:
        self.baskets = Baskets(lane, MERCHANT)
        self.checkouts = Checkouts(lane, MERCHANT)
        self.users = Users(lane, MERCHANT)

    async def goods(self, product: int) -> Goods:
        goods = await self.baskets.product(product)
        assert goods is not None
        return goods

    async def begun(self, product: int = 1, quantity: int = 1) -> str:
        return await self.baskets.begin(NewLine(await self.goods(product), quantity, {}), "TRY")

    async def loaded(self, session: str) -> Loaded:
        loaded = await self.checkouts.load(session)
        assert loaded is not None
        return loaded

    async def basket(self, session: str) -> BasketRow:
        basket = (await self.loaded(session)).basket
        assert basket is not None
        return basket

    async def quantities(self, session: str) -> dict[int, int]:
        basket = (await self.loaded(session)).basket
        return {line.product: line.quantity for line in basket.lines or ()} if basket else {}

    async def put(self, session: str, product: int, quantity: int) -> None:
        """Add pieces as a request does: again when somebody else was faster."""
        goods = await self.goods(product)
        while True:
            basket = await self.basket(session)
            change = put(basket.lines or [], goods, quantity, {}, add=True)
            assert not isinstance(change, Refusal)
            if await self.baskets.change(basket, change, "TRY") is not None:
                return


@pytest.fixture
def shelf(shop_lane: Lane) -> Shelf:
    return Shelf(shop_lane)


async def test_a_product_is_found_with_what_is_left_of_it(shelf: Shelf) -> None:
    goods = await shelf.goods(6)

    assert (goods.sku, goods.left, goods.for_sale) == ("VZ-LAST", 1, True)
    assert not (await shelf.goods(92)).for_sale
    assert await shelf.baskets.product(999) is None


async def test_a_session_begins_with_its_basket(shelf: Shelf) -> None:
    session = await shelf.begun(2, 3)
    basket = await shelf.basket(session)

    assert await shelf.quantities(session) == {2: 3}
    assert (basket.currency, basket.version) == ("TRY", 1)


async def test_a_change_answers_what_the_next_load_finds(shelf: Shelf) -> None:
    session = await shelf.begun(1, 2)
    basket = await shelf.basket(session)
    lines = basket.lines or []
    change = Change({lines[0].pk: 5}, (NewLine(await shelf.goods(2), 1, {"color": "red"}),))

    after = await shelf.baskets.change(basket, change, "TRY")

    found = await shelf.basket(session)
    assert after is not None
    assert (after.version, after.lines) == (found.version, found.lines)
    assert found.version == basket.version + 1


async def test_a_line_that_is_taken_out_is_gone(shelf: Shelf) -> None:
    session = await shelf.begun()
    basket = await shelf.basket(session)
    change = Change({line.pk: 0 for line in basket.lines or ()})

    assert (await shelf.baskets.change(basket, change, "TRY")) is not None
    assert await shelf.quantities(session) == {}


async def test_a_change_over_another_version_changes_nothing(shelf: Shelf) -> None:
    session = await shelf.begun(1, 2)
    basket = await shelf.basket(session)
    line = (basket.lines or [])[0]
    assert await shelf.baskets.change(basket, Change({line.pk: 3}), "TRY") is not None

    assert await shelf.baskets.change(basket, Change({line.pk: 9}), "TRY") is None
    assert await shelf.quantities(session) == {1: 3}


async def test_pieces_added_at_once_are_all_there(shelf: Shelf) -> None:
    session = await shelf.begun(1, 1)

    await asyncio.gather(*[shelf.put(session, 1, 1) for _ in range(8)])

    assert await shelf.quantities(session) == {1: 9}


async def test_of_two_first_baskets_of_a_session_one_is_opened(shelf: Shelf) -> None:
    session = await shelf.users.sign_in(ADA, None)
    line = NewLine(await shelf.goods(1), 1, {})

    opened = await asyncio.gather(*[shelf.baskets.open(session, line, "TRY") for _ in range(5)])

    assert sorted(opened) == [False] * 4 + [True]
    assert await shelf.quantities(session) == {1: 1}


# Signing in.


async def test_a_guest_takes_his_basket_along(shelf: Shelf) -> None:
    guest = await shelf.begun(1, 2)
    pk = (await shelf.basket(guest)).pk

    user = await shelf.users.sign_in(ADA, guest)

    assert await shelf.quantities(user) == {1: 2}
    assert (await shelf.basket(user)).pk == pk


async def test_what_a_guest_brings_is_added_to_the_account(shelf: Shelf) -> None:
    first = await shelf.users.sign_in(ADA, await shelf.begun(1, 2))
    guest = await shelf.begun(1, 3)
    await shelf.put(guest, 2, 1)

    second = await shelf.users.sign_in(ADA, guest)

    assert await shelf.quantities(second) == {1: 5, 2: 1}
    assert await shelf.quantities(first) == {1: 5, 2: 1}


async def test_what_a_guest_brings_is_capped_by_stock(shelf: Shelf) -> None:
    await shelf.users.sign_in(ADA, await shelf.begun(6, 1))
    user = await shelf.users.sign_in(ADA, await shelf.begun(6, 1))

    assert await shelf.quantities(user) == {6: 1}


async def test_an_empty_basket_of_a_guest_takes_nothing_away(shelf: Shelf) -> None:
    await shelf.users.sign_in(ADA, await shelf.begun(1, 2))
    guest = await shelf.begun(2, 1)
    basket = await shelf.basket(guest)
    await shelf.baskets.change(basket, Change({line.pk: 0 for line in basket.lines or ()}), "TRY")

    assert await shelf.quantities(await shelf.users.sign_in(ADA, guest)) == {1: 2}


async def test_the_basket_left_in_an_account_is_there_at_the_next_sign_in(shelf: Shelf) -> None:
    await shelf.users.sign_in(ADA, await shelf.begun(1, 2))

    assert await shelf.quantities(await shelf.users.sign_in(ADA, None)) == {1: 2}


async def test_a_user_who_signs_in_everywhere_at_once_loses_nothing(shelf: Shelf) -> None:
    guests = [await shelf.begun(1, 2) for _ in range(5)]

    sessions = await asyncio.gather(*[shelf.users.sign_in(ADA, guest) for guest in guests])

    assert {tuple((await shelf.quantities(each)).items()) for each in sessions} == {((1, 10),)}
