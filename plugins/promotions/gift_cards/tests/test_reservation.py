"""Balances are spent exactly as far as they go, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from vezne_core import Held, Money, NotHeld, ReservedFor
from vezne_gift_cards.holds import Holds
from vezne_gift_cards.reservation import GiftCardReservation
from vezne_gift_cards.slot import GIFT_CARDS, ReservedCard
from vezne_host.storage.database import PluginDatabase
from vezne_host.storage.lane import Lane, opened

pytestmark = pytest.mark.anyio


def tl(amount: str | int) -> Money:
    return Money.of(amount, "TRY")


def order(attempt: int, tender: str | int | None, *cards: tuple[Any, str | int]) -> ReservedFor:
    """Make an order that cards, each with what may be asked of it, pay a part of."""
    reserved = tuple(
        ReservedCard(card=card.pk, last_four="7890", amount=tl(amount)) for card, amount in cards
    )
    return ReservedFor(
        attempt=f"attempt-{attempt}",
        order_number=f"{attempt:013}",
        shopper=attempt,
        values={GIFT_CARDS.name: reserved},
        amount=tl(10_000),
        tender=None if tender is None else tl(tender),
    )


@pytest.fixture
def reservation(database: Any) -> GiftCardReservation:
    return GiftCardReservation(Holds(database))


class Till:
    """Runs each call of a reservation in a transaction of its own."""

    def __init__(self, database: Any, reservation: GiftCardReservation) -> None:
        self.database = database
        self._reservation = reservation
        self._balances = database.query(
            text("SELECT pk, balance FROM gift_card WHERE merchant = :merchant ORDER BY pk")
        )
        self._moved = database.query(
            text("SELECT card, sum(amount) AS moved FROM gift_card_movement"
                 " WHERE merchant = :merchant GROUP BY card ORDER BY card")
        )  # fmt: skip
        self._kinds = database.query(
            text("SELECT kind, amount FROM gift_card_movement WHERE merchant = :merchant ORDER BY pk")
        )
        self._holds = database.query(
            text("SELECT attempt, card, amount, restored, state FROM gift_card_hold"
                 " WHERE merchant = :merchant ORDER BY attempt, card")
        )  # fmt: skip

    async def claim(self, order: ReservedFor) -> bool:
        """Claim as the host does: what was refused is rolled back."""
        try:
            async with self.database.transaction() as session:
                if isinstance(await self._reservation.claim(session, order), NotHeld):
                    raise LookupError
        except LookupError:
            return False
        return True

    async def consume(self, order: ReservedFor) -> None:
        async with self.database.transaction() as session:
            await self._reservation.consume(session, order)

    async def release(self, order: ReservedFor) -> None:
        async with self.database.transaction() as session:
            await self._reservation.release(session, order)

    async def restore(self, order: ReservedFor, amount: str | int, action: str) -> None:
        async with self.database.transaction() as session:
            await self._reservation.restore(session, order, tl(amount), action)

    async def _rows(self, query: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.fetch_all(query)]

    async def balances(self) -> list[Decimal]:
        balances, moved = await self._rows(self._balances), await self._rows(self._moved)
        assert balances == moved, "the movements add up to the balances"
        return [balance for _, balance in balances]

    async def kinds(self) -> list[tuple[Any, ...]]:
        return await self._rows(self._kinds)

    async def holds(self) -> list[tuple[Any, ...]]:
        return await self._rows(self._holds)


@pytest.fixture
def till(database: Any, reservation: GiftCardReservation) -> Till:
    return Till(database, reservation)


async def someone_waits(lane: Lane) -> bool:
    """Tell whether a connection to this database waits for a lock."""
    async with lane.lend() as driver:
        query = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await driver.fetchval(query) is not None


async def test_gift_cards_are_taken_before_everything_else(reservation: GiftCardReservation) -> None:
    assert (reservation.name, list(reservation.reads), reservation.order) == (
        "gift_cards", [GIFT_CARDS], 10,
    )  # fmt: skip


# Racing.


@pytest.mark.parametrize(("balance", "spenders"), [("30.00", 1), ("100.00", 3), ("599.99", 19)])
async def test_of_many_spenders_at_once_exactly_so_many_as_the_balance_allows_are_served(
    till: Till, issue: Any, balance: str, spenders: int
) -> None:
    card = await issue(balance)

    served = await asyncio.gather(*(till.claim(order(attempt, 30, (card, 30))) for attempt in range(20)))

    assert sum(served) == spenders
    assert await till.balances() == [Decimal(balance) - 30 * spenders]
    assert len(await till.holds()) == spenders


async def test_spenders_who_begin_before_the_others_have_finished_do_not_slip_through(
    till: Till, issue: Any, database: Any, reservation: GiftCardReservation
) -> None:
    """Every transaction is open, with a snapshot of its own, before the first one claims."""
    card = await issue("65.00")
    ready = asyncio.Barrier(10)

    async def spend(attempt: int) -> bool:
        async with database.transaction() as session:
            await reservation.release(session, order(attempt, 30))  # a first statement
            await ready.wait()
            return isinstance(await reservation.claim(session, order(attempt, 30, (card, 30))), Held)

    served = await asyncio.gather(*(spend(attempt) for attempt in range(10)))

    assert sum(served) == 2
    assert await till.balances() == [5]


async def test_a_claim_rolled_back_leaves_the_balance_to_the_one_who_waited(
    till: Till, issue: Any, database: Any, reservation: GiftCardReservation, lane: Lane
) -> None:
    card = await issue("30.00")
    holding, waiting = asyncio.Event(), asyncio.Event()

    async def change_of_mind() -> None:
        async with database.transaction() as session:
            assert isinstance(await reservation.claim(session, order(1, 30, (card, 30))), Held)
            holding.set()
            await waiting.wait()
            raise LookupError

    async def next_in_line() -> bool:
        await holding.wait()
        claim = asyncio.ensure_future(till.claim(order(2, 30, (card, 30))))
        while not await someone_waits(lane):  # nobody is refused because of a claim that may yet fail
            assert not claim.done()
        waiting.set()
        return await claim

    first, second = await asyncio.gather(change_of_mind(), next_in_line(), return_exceptions=True)

    assert isinstance(first, LookupError)
    assert second is True
    assert await till.holds() == [("attempt-2", card.pk, 30, 0, "held")]


async def test_attempts_with_several_cards_never_wait_for_each_other_in_a_circle(
    till: Till, issue: Any
) -> None:
    cards = [await issue("1000.00") for _ in range(3)]

    async def come_and_go(attempt: int) -> None:
        mixed = cards[attempt % 3 :] + cards[: attempt % 3]
        mine = order(attempt, 30, *((card, 10) for card in mixed))
        assert await till.claim(mine)
        await till.release(mine)

    for _ in range(5):
        await asyncio.gather(*(come_and_go(attempt) for attempt in range(8)))
        assert await till.balances() == [1000, 1000, 1000]
        await _forget_holds(till)


async def _forget_holds(till: Till) -> None:
    query = till.database.query(
        text("DELETE FROM gift_card_hold WHERE merchant = :merchant RETURNING attempt")
    )
    async with till.database.transaction() as session:
        await session.fetch_all(query)


# Claiming.


async def test_what_the_sums_counted_is_taken_and_no_more(till: Till, issue: Any) -> None:
    first, second = await issue("100.00"), await issue("100.00")

    assert await till.claim(order(1, 130, (first, 100), (second, 100)))

    assert await till.balances() == [0, 70]


async def test_an_order_that_needs_no_tender_any_more_takes_nothing(till: Till, issue: Any) -> None:
    card = await issue("100.00")

    assert await till.claim(order(1, None, (card, 100)))

    assert await till.balances() == [100]
    assert await till.holds() == []


async def test_cards_are_taken_wholly_or_not_at_all(till: Till, issue: Any) -> None:
    first, second = await issue("100.00"), await issue("10.00")

    assert not await till.claim(order(1, 150, (first, 100), (second, 50)))

    assert await till.balances() == [100, 10]


async def test_the_loser_is_told_which_card(
    till: Till, issue: Any, database: Any, reservation: GiftCardReservation
) -> None:
    card = await issue("10.00")

    async with database.transaction() as session:
        answer = await reservation.claim(session, order(1, 30, (card, 30)))

    assert isinstance(answer, NotHeld)
    assert [str(told) for told in answer.errors["non_field_errors"]] == [
        "There is not enough left on the gift card •••• 7890. Please add it again or remove it."
    ]


async def test_a_tender_that_the_cards_cannot_make_up_is_never_placed(till: Till, issue: Any) -> None:
    card = await issue("100.00")

    assert not await till.claim(order(1, 50, (card, 30)))

    assert await till.balances() == [100]


async def test_a_blocked_card_pays_nothing(till: Till, issue: Any) -> None:
    card = await issue("100.00", blocked=True)

    assert not await till.claim(order(1, 30, (card, 30)))


async def test_lira_are_not_paid_from_a_card_of_euros(till: Till, issue: Any) -> None:
    card = await issue("100.00", currency="EUR")

    assert not await till.claim(order(1, 30, (card, 30)))


async def test_another_merchants_card_pays_nothing(till: Till, issue: Any, new_database: Any) -> None:
    card, other = await issue("100.00"), new_database()
    stranger = Till(other, GiftCardReservation(Holds(other)))

    assert not await stranger.claim(order(1, 30, (card, 30)))
    assert await till.claim(order(1, 30, (card, 30)))
    await stranger.release(order(1, 30, (card, 30)))
    await stranger.consume(order(1, 30, (card, 30)))
    assert await till.holds() == [("attempt-1", card.pk, 30, 0, "held")]
    await till.consume(order(1, 30, (card, 30)))
    await stranger.restore(order(1, 30, (card, 30)), 30, "refund-1")
    assert await till.balances() == [70]


# Giving back.


async def test_what_is_released_goes_back_once(till: Till, issue: Any) -> None:
    first, second = await issue("100.00"), await issue("100.00")
    mine = order(1, 130, (first, 100), (second, 100))
    await till.claim(mine)

    for _ in range(3):
        await till.release(mine)

    assert await till.balances() == [100, 100]
    assert await till.kinds() == [
        ("issued", 100), ("issued", 100), ("held", -100), ("held", -30), ("released", 100), ("released", 30),
    ]  # fmt: skip


async def test_released_many_times_at_once_it_goes_back_once(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    await till.claim(order(1, 30, (card, 30)))
    await till.claim(order(2, 30, (card, 30)))

    await asyncio.gather(*(till.release(order(1, 30, (card, 30))) for _ in range(8)))

    assert await till.balances() == [70]


async def test_what_is_spent_is_not_released(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    mine = order(1, 30, (card, 30))
    await till.claim(mine)

    await till.consume(mine)
    await till.consume(mine)
    await till.release(mine)

    assert await till.holds() == [("attempt-1", card.pk, 30, 0, "spent")]
    assert await till.balances() == [70]


async def test_what_was_released_is_not_spent(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    mine = order(1, 30, (card, 30))
    await till.claim(mine)

    await till.release(mine)
    await till.consume(mine)
    await till.restore(mine, 30, "refund-1")

    assert await till.balances() == [100]


async def test_a_release_that_meets_the_placing_half_way_comes_too_late(
    till: Till, issue: Any, database: Any, reservation: GiftCardReservation, lane: Lane
) -> None:
    card = await issue("100.00")
    mine = order(1, 30, (card, 30))
    await till.claim(mine)

    async with database.transaction() as session:
        await reservation.consume(session, mine)
        release = asyncio.ensure_future(till.release(mine))
        while not await someone_waits(lane):
            assert not release.done()
    await release

    assert await till.balances() == [70]


async def test_an_abandoned_attempt_makes_room_for_the_next_in_the_same_transaction(
    till: Till, issue: Any, database: Any, reservation: GiftCardReservation
) -> None:
    card = await issue("30.00")
    await till.claim(order(1, 30, (card, 30)))

    async with database.transaction() as session:
        await reservation.release(session, order(1, 30, (card, 30)))
        assert isinstance(await reservation.claim(session, order(2, 30, (card, 30))), Held)

    assert [(row[0], row[4]) for row in await till.holds()] == [
        ("attempt-1", "released"),
        ("attempt-2", "held"),
    ]


async def test_a_refund_fills_the_card_that_was_used_last_first(till: Till, issue: Any) -> None:
    later, first = await issue("100.00"), await issue("100.00")
    mine = order(1, 150, (first, 100), (later, 50))
    await till.claim(mine)
    await till.consume(mine)
    assert await till.balances() == [50, 0]

    await till.restore(mine, 20, "refund-1")
    assert await till.balances() == [70, 0]
    await till.restore(mine, 50, "refund-2")
    assert await till.balances() == [100, 20]


async def test_the_same_refund_has_its_effect_once_and_two_equal_ones_both(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    mine = order(1, 100, (card, 100))
    await till.claim(mine)
    await till.consume(mine)

    for action in ("refund-1", "refund-1", "refund-2"):
        await till.restore(mine, 10, action)

    assert await till.balances() == [20]


async def test_the_same_refund_many_times_at_once_has_its_effect_once(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    mine = order(1, 100, (card, 100))
    await till.claim(mine)
    await till.consume(mine)

    await asyncio.gather(*(till.restore(mine, 10, "refund-1") for _ in range(8)))

    assert await till.balances() == [10]


async def test_no_more_goes_back_than_was_paid(till: Till, issue: Any) -> None:
    first, second = await issue("100.00"), await issue("100.00")
    mine = order(1, 150, (first, 100), (second, 100))
    await till.claim(mine)
    await till.consume(mine)

    await till.restore(mine, 140, "refund-1")
    await till.restore(mine, 140, "refund-2")

    assert await till.balances() == [100, 100]


async def test_what_is_only_held_is_not_refunded(till: Till, issue: Any) -> None:
    card = await issue("100.00")
    mine = order(1, 30, (card, 30))
    await till.claim(mine)

    await till.restore(mine, 30, "refund-1")

    assert await till.balances() == [70]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "consume", "release", "restore"]), st.integers(0, 4), st.integers(1, 60)
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_in_whatever_order_no_money_is_made_or_lost(
    steps: list[tuple[str, int, int]], migrated: str
) -> None:
    asyncio.run(_lived(migrated, steps))


async def _lived(url: str, steps: list[tuple[str, int, int]]) -> None:
    async with opened(url, size=1, rest=0) as lane:
        database = PluginDatabase(lane, f"merchant-{uuid4()}")
        till = Till(database, GiftCardReservation(Holds(database)))
        cards = [await _put(database, "100.00"), await _put(database, "50.00")]
        orders: dict[int, ReservedFor] = {}
        for at, (step, who, amount) in enumerate(steps):
            if step == "claim" and who not in orders:
                mine = order(who, amount, (cards[0], 40), (cards[1], 40))
                if await till.claim(mine):
                    orders[who] = mine
            elif step != "claim" and who in orders:
                if step == "restore":
                    await till.restore(orders[who], amount, f"refund-{at}")
                else:
                    await getattr(till, step)(orders[who])
        balances, holds = await till.balances(), await till.holds()
        kept = sum(row[2] - row[3] for row in holds if row[4] != "released")
        assert sum(balances) + kept == 150
        assert all(balance >= 0 for balance in balances)


class _Card:
    def __init__(self, pk: int) -> None:
        self.pk = pk


async def _put(database: Any, balance: str) -> _Card:
    query = database.query(
        text("""
        WITH card AS (
            INSERT INTO gift_card (merchant, number_hash, last_four, pin_hash, currency, balance, blocked)
            VALUES (:merchant, decode(md5(random()::text), 'hex'), '7890', '', 'TRY',
                    CAST(:balance AS numeric), false)
            RETURNING pk, balance
        )
        INSERT INTO gift_card_movement (merchant, card, kind, amount)
        SELECT :merchant, pk, 'issued', balance FROM card RETURNING card
    """)
    )
    async with database.transaction() as session:
        row = await session.fetch(query, balance=Decimal(balance))
        return _Card(row["card"])
