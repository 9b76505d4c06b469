"""Uses are taken exactly as often as allowed, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from vezne_core import VOUCHER, Held, Money, NotHeld, Offer, ReservedFor
from vezne_host.storage.lane import Lane
from vezne_host.storage.migrate import differences
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.reservation import VoucherReservation
from vezne_vouchers.table import COUNT, USE, metadata
from vezne_vouchers.uses import VoucherUses

pytestmark = pytest.mark.anyio

TOTAL = Money.of(100, "TRY")


def voucher(uses: int | None, pk: int = 203, code: str = "ONCE") -> Offer:
    return Offer(pk=pk, name=code, offer_type="voucher", voucher_code=code, uses=uses)


def buyer(attempt: int, *offers: int, code: str = "ONCE") -> ReservedFor:
    return ReservedFor(
        attempt=f"attempt-{attempt}",
        order_number=f"{attempt:013}",
        shopper=attempt,
        values={VOUCHER.name: code},
        offers=frozenset(offers or (203,)),
        amount=TOTAL,
    )


@pytest.fixture
def reservation(uses: VoucherUses, codes: VoucherCodes, shop: Any) -> VoucherReservation:
    return VoucherReservation(uses, codes, shop)


class Till:
    """Runs each call of a reservation in a transaction of its own."""

    def __init__(self, database: Any, reservation: VoucherReservation) -> None:
        self._database = database
        self._reservation = reservation
        merchant = bindparam("merchant", type_=USE.c.merchant.type)
        columns = (USE.c.attempt, USE.c.offer, USE.c.order_number, USE.c.user_pk, USE.c.state)
        self._rows = database.query(
            select(*columns).where(USE.c.merchant == merchant).order_by(USE.c.attempt, USE.c.offer)
        )
        self._counts = database.query(
            select(COUNT.c.offer, COUNT.c.taken).where(COUNT.c.merchant == merchant).order_by(COUNT.c.offer)
        )

    async def claim(self, order: ReservedFor) -> bool:
        async with self._database.transaction() as session:
            return isinstance(await self._reservation.claim(session, order), Held)

    async def consume(self, order: ReservedFor) -> None:
        async with self._database.transaction() as session:
            await self._reservation.consume(session, order)

    async def release(self, order: ReservedFor) -> None:
        async with self._database.transaction() as session:
            await self._reservation.release(session, order)

    async def restore(self, order: ReservedFor, amount: Money, action: str) -> None:
        async with self._database.transaction() as session:
            await self._reservation.restore(session, order, amount, action)

    async def rows(self) -> list[tuple[Any, ...]]:
        async with self._database.transaction() as session:
            return [tuple(row) for row in await session.fetch_all(self._rows)]

    async def counts(self) -> dict[int, int]:
        async with self._database.transaction() as session:
            return {row["offer"]: row["taken"] for row in await session.fetch_all(self._counts)}


@pytest.fixture
def till(database: Any, reservation: VoucherReservation) -> Till:
    return Till(database, reservation)


async def someone_waits(lane: Lane) -> bool:
    """Tell whether a connection to this database waits for a lock."""
    async with lane.lend() as driver:
        query = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await driver.fetchval(query) is not None


async def test_migration_makes_the_tables_that_the_code_speaks_of(migrated: str) -> None:
    assert await differences(migrated, metadata) == []


@pytest.mark.parametrize("limit", [1, 3, 19])
async def test_of_many_buyers_at_once_exactly_the_allowed_number_gets_a_use(
    till: Till, shop: Any, limit: int
) -> None:
    shop.load(voucher(limit))

    got = await asyncio.gather(*(till.claim(buyer(attempt)) for attempt in range(20)))

    assert sum(got) == limit
    assert await till.counts() == {203: limit}
    assert len(await till.rows()) == limit


async def test_buyers_who_begin_before_the_others_have_finished_do_not_slip_through(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation
) -> None:
    """Every transaction is open, with a snapshot of its own, before the first one claims."""
    shop.load(voucher(2))
    ready = asyncio.Barrier(10)

    async def buy(attempt: int) -> bool:
        async with database.transaction() as session:
            await reservation.release(session, buyer(attempt))  # a first statement
            await ready.wait()
            return isinstance(await reservation.claim(session, buyer(attempt)), Held)

    got = await asyncio.gather(*(buy(attempt) for attempt in range(10)))

    assert sum(got) == 2
    assert await till.counts() == {203: 2}


async def test_a_claim_rolled_back_leaves_its_use_to_the_one_who_waited(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation, lane: Lane
) -> None:
    shop.load(voucher(1))
    holding, waiting = asyncio.Event(), asyncio.Event()

    async def change_of_mind() -> None:
        async with database.transaction() as session:
            assert isinstance(await reservation.claim(session, buyer(1)), Held)
            holding.set()
            await waiting.wait()
            raise LookupError

    async def next_in_line() -> bool:
        await holding.wait()
        claim = asyncio.ensure_future(till.claim(buyer(2)))
        while not await someone_waits(lane):  # nobody is refused because of a claim that may yet fail
            assert not claim.done()
        waiting.set()
        return await claim

    first, second = await asyncio.gather(change_of_mind(), next_in_line(), return_exceptions=True)

    assert isinstance(first, LookupError)
    assert second is True
    assert await till.rows() == [("attempt-2", 203, f"{2:013}", 2, "held")]


async def test_the_loser_is_told_to_remove_the_code(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation
) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    async with database.transaction() as session:
        answer = await reservation.claim(session, buyer(2))

    assert isinstance(answer, NotHeld)
    assert [str(text) for text in answer.errors["non_field_errors"]] == [
        "The voucher code ONCE has been used up. Please remove it."
    ]


async def test_a_refused_claim_changes_nothing(till: Till, shop: Any) -> None:
    shop.load(voucher(0))

    assert not await till.claim(buyer(1))
    assert (await till.rows(), await till.counts()) == ([], {})


async def test_a_voucher_without_limit_is_counted_all_the_same(till: Till, shop: Any) -> None:
    shop.load(voucher(None))

    assert all(await asyncio.gather(*(till.claim(buyer(attempt)) for attempt in range(5))))

    shop.load(voucher(5))
    assert not await till.claim(buyer(6))


async def test_an_offer_that_gave_the_order_nothing_costs_no_use(till: Till, shop: Any) -> None:
    shop.load(voucher(1))

    assert await till.claim(buyer(1, 999))

    assert await till.rows() == []


async def test_an_offer_that_is_gone_costs_no_use(till: Till) -> None:
    assert await till.claim(buyer(1))


async def test_every_offer_of_a_code_is_taken_or_none(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation
) -> None:
    shop.load(voucher(5, 1), voucher(1, 2))
    assert await till.claim(buyer(1, 1, 2))

    async def refused() -> None:
        async with database.transaction() as session:
            if isinstance(await reservation.claim(session, buyer(2, 1, 2)), NotHeld):
                raise LookupError("the host rolls a refused claim back")

    with pytest.raises(LookupError):
        await refused()

    assert await till.counts() == {1: 1, 2: 1}


@pytest.mark.parametrize("limit", [1, 10, None])
async def test_claiming_again_takes_nothing_more(till: Till, shop: Any, limit: int | None) -> None:
    shop.load(voucher(limit))

    assert [await till.claim(buyer(1)) for _ in range(3)] == [True] * 3
    assert await till.counts() == {203: 1}


async def test_one_attempt_claimed_twice_at_once_takes_one_use(till: Till, shop: Any) -> None:
    shop.load(voucher(10))

    await asyncio.gather(*(till.claim(buyer(1)) for _ in range(8)), return_exceptions=True)

    assert await till.counts() == {203: 1}
    assert len(await till.rows()) == 1


async def test_a_released_use_goes_to_the_next_and_only_once(till: Till, shop: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    for _ in range(3):
        await till.release(buyer(1))

    assert await till.counts() == {203: 0}
    assert await till.claim(buyer(2))
    assert not await till.claim(buyer(3))


async def test_released_many_times_at_once_it_is_given_back_once(till: Till, shop: Any) -> None:
    shop.load(voucher(5))
    for attempt in range(3):
        await till.claim(buyer(attempt))

    await asyncio.gather(*(till.release(buyer(0)) for _ in range(8)))

    assert await till.counts() == {203: 2}


async def test_a_use_is_not_released_once_it_is_consumed(till: Till, shop: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    await till.consume(buyer(1))
    await till.consume(buyer(1))
    await till.release(buyer(1))

    assert await till.rows() == [("attempt-1", 203, f"{1:013}", 1, "used")]
    assert not await till.claim(buyer(2))


async def test_a_release_that_meets_the_consumption_half_way_comes_too_late(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation, lane: Lane
) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    async with database.transaction() as session:
        await reservation.consume(session, buyer(1))
        release = asyncio.ensure_future(till.release(buyer(1)))
        while not await someone_waits(lane):
            assert not release.done()
    await release

    assert await till.rows() == [("attempt-1", 203, f"{1:013}", 1, "used")]
    assert await till.counts() == {203: 1}


async def test_an_order_given_back_wholly_gives_its_use_back_once(till: Till, shop: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))
    await till.consume(buyer(1))

    for action in ("refund-1", "refund-1", "refund-2"):
        await till.restore(buyer(1), TOTAL, action)

    assert await till.counts() == {203: 0}
    assert await till.claim(buyer(2))


async def test_a_part_of_the_money_given_back_leaves_the_voucher_used(till: Till, shop: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))
    await till.consume(buyer(1))

    await till.restore(buyer(1), Money.of("99.99", "TRY"), "refund-1")

    assert not await till.claim(buyer(2))


async def test_what_is_only_held_is_not_restored(till: Till, shop: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    await till.restore(buyer(1), TOTAL, "refund-1")

    assert await till.counts() == {203: 1}


async def test_an_abandoned_attempt_makes_room_for_the_next_in_the_same_transaction(
    till: Till, shop: Any, database: Any, reservation: VoucherReservation
) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))

    async with database.transaction() as session:
        await reservation.release(session, buyer(1))
        assert isinstance(await reservation.claim(session, buyer(2)), Held)

    assert await till.rows() == [("attempt-2", 203, f"{2:013}", 2, "held")]


async def test_attempts_with_several_offers_never_wait_for_each_other_in_a_circle(
    till: Till, shop: Any
) -> None:
    shop.load(*(voucher(None, pk) for pk in (3, 1, 2)))
    offers = (1, 2, 3)

    async def come_and_go(attempt: int) -> None:
        for _ in range(5):
            assert await till.claim(buyer(attempt, *offers))
            await till.release(buyer(attempt))

    await asyncio.gather(*(come_and_go(attempt) for attempt in range(8)))

    assert await till.counts() == {1: 0, 2: 0, 3: 0}


async def test_merchants_do_not_share_uses(till: Till, shop: Any, new_database: Any) -> None:
    shop.load(voucher(1))
    await till.claim(buyer(1))
    other = new_database()
    uses, codes = VoucherUses(other), VoucherCodes()

    assert await uses.left(voucher(1)) == 1
    assert await Till(other, VoucherReservation(uses, codes, shop)).claim(buyer(1))


async def test_how_many_uses_are_left_counts_what_is_held_and_what_is_used(
    till: Till, shop: Any, uses: VoucherUses
) -> None:
    shop.load(voucher(3))
    assert await uses.left(voucher(3)) == 3
    await till.claim(buyer(1))
    await till.claim(buyer(2))
    await till.consume(buyer(2))

    assert await uses.left(voucher(3)) == 1
    assert await uses.left(voucher(3), order_number=f"{1:013}") == 2
    assert await uses.left(voucher(3), order_number=f"{2:013}") == 1
    assert await uses.left(voucher(1)) == 0
    assert await uses.left(voucher(None)) is None
