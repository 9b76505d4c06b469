"""Users and their sessions: a new id at every sign-in, the old one void, nothing of others within reach."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from vezne_core import Memory
from vezne_host.basket import NewLine
from vezne_host.storage.baskets import Baskets
from vezne_host.storage.checkouts import Checkouts, fresh
from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.users import UserBody, Users

pytestmark = pytest.mark.anyio

ADA, GRACE = 1, 2
REVOKE = Query(text('UPDATE "user" SET revoked_at = now() WHERE merchant = :merchant AND pk = :pk'))


@pytest.fixture
def users(shop_lane: Lane) -> Users:
    return Users(shop_lane, "demo")


async def guest(lane: Lane) -> str:
    baskets = Baskets(lane, "demo")
    goods = await baskets.product(1)
    assert goods is not None
    return await baskets.begin(NewLine(goods, 1, {}), "TRY")


async def create(users: Users, email: str) -> int | None:
    body = UserBody("1990-01-01", None, True, False)
    return await users.create(email, "hash", body, first_name="A", last_name="B", phone="+905551234567")


async def test_a_user_is_found_by_his_e_mail(users: Users) -> None:
    known = await users.find("ada@example.com")

    assert known is not None
    assert known.pk == ADA
    assert known.password_hash.startswith("$argon2id$")
    assert "argon2" not in repr(known)
    assert await users.find("nobody@example.com") is None


async def test_a_user_of_another_merchant_is_nobody(shop_lane: Lane) -> None:
    assert await create(Users(shop_lane, "lean"), "only@lean.example") is not None
    assert await Users(shop_lane, "demo").find("only@lean.example") is None


async def test_an_e_mail_is_taken_once(users: Users) -> None:
    made = await asyncio.gather(*[create(users, "new@example.com") for _ in range(5)])

    assert len([pk for pk in made if pk is not None]) == 1


async def test_who_is_signed_in_is_known(users: Users) -> None:
    pk = await create(users, "new@example.com")
    assert pk is not None
    account = await users.current(await users.sign_in(pk, None))

    assert account is not None
    assert (account.email, account.phone, account.body.date_of_birth) == (
        "new@example.com", "+905551234567", "1990-01-01",
    )  # fmt: skip
    assert account.last_login is not None


async def test_signing_in_voids_the_id_of_before(shop_lane: Lane, users: Users) -> None:
    checkouts, before = Checkouts(shop_lane, "demo"), await guest(shop_lane)
    session = await checkouts.load(before)

    after = await users.sign_in(ADA, before)

    assert session is not None
    assert await checkouts.load(before) is None
    loaded = await checkouts.load(after)
    assert loaded is not None
    assert (loaded.session, loaded.user and loaded.user.pk) == (session.session, ADA)


async def test_the_checkout_of_a_guest_goes_on(shop_lane: Lane, users: Users) -> None:
    checkouts, before = Checkouts(shop_lane, "demo"), await guest(shop_lane)
    session = await checkouts.load(before)
    assert session is not None
    preorder = fresh("demo")
    await checkouts.create(session.session, preorder, Memory())

    loaded = await checkouts.load(await users.sign_in(ADA, before))

    assert loaded is not None
    assert loaded.preorder is not None
    assert loaded.preorder.id == preorder.id


async def test_somebody_elses_session_is_not_gone_on_with(shop_lane: Lane, users: Users) -> None:
    checkouts, ada = Checkouts(shop_lane, "demo"), await users.sign_in(ADA, None)

    grace = await users.sign_in(GRACE, ada)

    one, other = await checkouts.load(ada), await checkouts.load(grace)
    assert one is not None
    assert other is not None
    assert one.session != other.session
    assert (one.user and one.user.pk, other.user and other.user.pk) == (ADA, GRACE)


async def test_an_id_that_nobody_knows_begins_a_session_of_its_own(shop_lane: Lane, users: Users) -> None:
    session = await users.sign_in(ADA, "chosen-by-the-client")

    assert session != "chosen-by-the-client"
    assert await Checkouts(shop_lane, "demo").load("chosen-by-the-client") is None


async def test_signing_out_voids_the_session(shop_lane: Lane, users: Users) -> None:
    session = await users.sign_in(ADA, await guest(shop_lane))

    await users.sign_out(session)

    assert await users.current(session) is None
    assert await Checkouts(shop_lane, "demo").load(session) is None


async def test_revoking_a_user_signs_him_out_everywhere(shop_lane: Lane, users: Users) -> None:
    sessions = [await users.sign_in(ADA, None) for _ in range(2)]
    await shop_lane.ask(REVOKE, merchant="demo", pk=ADA)

    assert [await users.current(each) for each in sessions] == [None, None]
    assert await users.current(await users.sign_in(ADA, None)) is not None


async def test_a_better_hash_takes_the_place_of_the_old_one(users: Users) -> None:
    await users.sign_in(ADA, None, renewed="better")

    known = await users.find("ada@example.com")
    assert known is not None
    assert known.password_hash == "better"


async def test_errors_of_a_return_are_shown_once(shop_lane: Lane, users: Users) -> None:
    checkouts, session = Checkouts(shop_lane, "demo"), await guest(shop_lane)
    loaded = await checkouts.load(session)
    assert loaded is not None
    await checkouts.flash(loaded.session, {"non_field_errors": ["Declined."]})

    shown = await asyncio.gather(*[users.take_flash(session) for _ in range(4)])

    assert [each for each in shown if each] == [{"non_field_errors": ["Declined."]}]
    assert await users.take_flash(session) is None
