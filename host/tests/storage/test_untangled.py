"""Transactions that wait for each other, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from vezne_host.storage.lane import Lane, opened, untangled

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lane(database_url: str) -> AsyncIterator[Lane]:
    async with opened(database_url, size=2, rest=0) as lane:
        async with lane.lend() as driver:
            await driver.execute("CREATE TABLE pot (name text PRIMARY KEY, money int NOT NULL)")
            await driver.execute("INSERT INTO pot VALUES ('a', 0), ('b', 0)")
        yield lane


async def test_two_that_wait_for_each_other_both_come_to_their_end_once(lane: Lane) -> None:
    both_hold = asyncio.Barrier(2)
    runs = {"a": 0, "b": 0}

    async def fills(first: str, then: str) -> None:
        async def step() -> None:
            runs[first] += 1
            async with lane.transaction() as driver:
                await driver.execute("UPDATE pot SET money = money + 1 WHERE name = $1", first)
                if runs[first] == 1:
                    await both_hold.wait()
                await driver.execute("UPDATE pot SET money = money + 1 WHERE name = $1", then)

        await untangled(step)

    await asyncio.gather(fills("a", "b"), fills("b", "a"))

    assert sorted(runs.values()) == [1, 2], "PostgreSQL has ended one of them"
    async with lane.lend() as driver:
        assert [row["money"] for row in await driver.fetch("SELECT money FROM pot")] == [2, 2]


async def test_what_is_always_entangled_is_given_up_in_the_end() -> None:
    runs = 0

    async def step() -> None:
        nonlocal runs
        runs += 1
        raise asyncpg.DeadlockDetectedError

    with pytest.raises(asyncpg.DeadlockDetectedError):
        await untangled(step)

    assert runs == 3


async def test_any_other_error_is_raised_at_once() -> None:
    runs = 0

    async def step() -> None:
        nonlocal runs
        runs += 1
        raise asyncpg.UniqueViolationError

    with pytest.raises(asyncpg.UniqueViolationError):
        await untangled(step)

    assert runs == 1
