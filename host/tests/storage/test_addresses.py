"""Addresses in the database: everybody's own, and nobody else's."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from vezne_core import Address
from vezne_host.storage.addresses import MOST, AddressBook
from vezne_host.storage.checkouts import Checkouts
from vezne_host.storage.lane import Lane
from vezne_host.storage.users import Users

pytestmark = pytest.mark.anyio

ADA, GRACE = 1, 2
HOME = Address(
    title="Home", first_name="A", last_name="B", phone_number="+905551234567", country=1, city=34,
    township=3401, line="Moda 1", notes="Çay 🍵",
)  # fmt: skip


@pytest.fixture
def book(shop_lane: Lane) -> AddressBook:
    return AddressBook(shop_lane, "demo")


@pytest.fixture
async def ada(shop_lane: Lane) -> str:
    return await Users(shop_lane, "demo").sign_in(ADA, None)


@pytest.fixture
async def grace(shop_lane: Lane) -> str:
    return await Users(shop_lane, "demo").sign_in(GRACE, None)


async def stored(book: AddressBook, session: str, address: Address = HOME) -> int:
    made = await book.create(session, address)
    assert made is not None
    assert made.pk is not None
    return made.pk


async def titles(book: AddressBook, session: str) -> list[str]:
    page = await book.page(session, 100, 0)
    assert page is not None
    return [address.title for address in page.addresses]


async def test_an_address_comes_back_as_it_was_stored(book: AddressBook, grace: str) -> None:
    pk = await stored(book, grace)

    kept = await book.find(grace, pk)
    assert kept is not None
    assert kept.address == replace(HOME, pk=pk, primary=False)
    assert kept.user == GRACE


async def test_the_primary_address_comes_first_and_there_is_one(book: AddressBook, grace: str) -> None:
    for title in ("first", "second"):
        await stored(book, grace, replace(HOME, title=title, primary=True))
    await stored(book, grace, replace(HOME, title="third"))

    assert await titles(book, grace) == ["second", "third", "first"]


async def test_making_one_primary_is_the_end_of_the_other(book: AddressBook, grace: str) -> None:
    first, second = [await stored(book, grace, replace(HOME, primary=True)) for _ in range(2)]
    kept = await book.find(grace, first)
    assert kept is not None

    assert await book.update(grace, replace(kept.address, primary=True), kept.seen)

    now = {pk: await book.find(grace, pk) for pk in (first, second)}
    assert {pk: found and found.address.primary for pk, found in now.items()} == {first: True, second: False}


async def test_nobody_gets_at_somebody_elses_address(book: AddressBook, ada: str, grace: str) -> None:
    pk = await stored(book, grace)
    kept = await book.find(grace, pk)
    assert kept is not None

    assert await book.find(ada, pk) is None
    assert not await book.update(ada, kept.address, kept.seen)
    assert not await book.delete(ada, pk)
    assert await book.delete(grace, pk)


async def test_a_guest_has_his_own_until_he_signs_in(book: AddressBook, shop_lane: Lane) -> None:
    session, made = await book.begin(HOME)
    other, _ = await book.begin(HOME)
    assert made.pk is not None
    assert made.user is None

    assert await book.find(session, made.pk) is not None
    assert await book.find(other, made.pk) is None
    user = await Users(shop_lane, "demo").sign_in(GRACE, session)
    assert await book.find(user, made.pk) is None
    assert await titles(book, user) == []


async def test_a_guests_address_is_his_checkouts(book: AddressBook, shop_lane: Lane) -> None:
    session, made = await book.begin(HOME)
    loaded = await Checkouts(shop_lane, "demo").load(session)

    assert loaded is not None
    assert [address.pk for address in loaded.addresses] == [made.pk]


async def test_of_two_changes_at_once_one_is_made(book: AddressBook, grace: str) -> None:
    kept = await book.find(grace, await stored(book, grace))
    assert kept is not None
    changes = [replace(kept.address, title=title) for title in ("one", "two", "three")]

    done = await asyncio.gather(*[book.update(grace, change, kept.seen) for change in changes])

    assert sorted(done) == [False, False, True]


async def test_a_list_has_pages(book: AddressBook, ada: str) -> None:
    page = await book.page(ada, 2, 2)

    assert page is not None
    assert (page.user, page.total, len(page.addresses)) == (ADA, 3, 1)
    assert await book.page("unknown", 2, 0) is None


async def test_addresses_are_bounded(book: AddressBook, grace: str) -> None:
    for _ in range(MOST):
        await stored(book, grace)

    made = await book.create(grace, replace(HOME, primary=True))
    assert made is not None
    assert made.pk is None
    assert len(await titles(book, grace)) == MOST
