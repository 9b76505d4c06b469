import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from vezne_host.storage.lane import Away, Driver, Lane, Query, opened

pytestmark = pytest.mark.anyio

metadata = MetaData()
CARD = Table(
    "card",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slots", LargeBinary),
    Column("revision", BigInteger),
)
KINDS = Table(
    "kinds",
    metadata,
    Column("name", Text),
    Column("seal", LargeBinary),
    Column("key", Uuid),
    Column("price", Numeric(18, 4)),
    Column("made", DateTime(timezone=True)),
    Column("open", Boolean),
    Column("tags", ARRAY(Text)),
    Column("doc", JSONB),
)

LOAD = Query(select(CARD.c.slots, CARD.c.revision).where(CARD.c.id == bindparam("id", type_=Integer)))
AT = bindparam("expected", type_=BigInteger)


def saving(*accepted: Any) -> Query:
    found = CARD.c.id == bindparam("card", type_=Integer)
    saved = (
        update(CARD).where(found, or_(*accepted)).values(slots=bindparam("slots"), revision=AT + text("1"))
    )
    quick = func.set_config(text("'synchronous_commit'"), text("'off'"), text("true"))
    return Query(saved.returning(CARD.c.revision, quick))


SAVE = saving(CARD.c.revision == AT)
SAVE_AGAIN = saving(
    CARD.c.revision == AT, (CARD.c.revision == AT + text("1")) & (CARD.c.slots == bindparam("slots"))
)
SAME_PROCESS = Query(select(func.pg_backend_pid().label("process")))
KILL_OTHERS = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
KILL_ONE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    ORDER BY random() LIMIT 1"""


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    """A connection that is not the lane's, to look and to do harm."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE card (id int PRIMARY KEY, slots bytea, revision bigint)")
    await connection.execute("INSERT INTO card SELECT n, '', 0 FROM generate_series(1, 12) n")
    yield connection
    await connection.close()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
async def lane(database_url: str, outside: Any, told: list[str]) -> AsyncIterator[Lane]:
    async with opened(database_url, size=4, rest=2, logger=told.append) as lane:
        yield lane


async def process_of(lane: Lane) -> int:
    row = await lane.ask(SAME_PROCESS)
    assert row is not None
    return int(row["process"])


async def settled(told: list[str]) -> list[str]:
    await asyncio.sleep(0)
    return list(told)


async def test_ask_answers_one_row_or_none(lane: Lane) -> None:
    row = await lane.ask(LOAD, id=3)
    assert row is not None
    assert tuple(row) == (b"", 0)
    assert await lane.ask(LOAD, id=99) is None


async def test_ask_all_answers_every_row(lane: Lane) -> None:
    rows = await lane.ask_all(Query(select(CARD.c.id).order_by(CARD.c.id)))

    assert [row["id"] for row in rows] == list(range(1, 13))


async def test_scalar_answers_the_first_column(lane: Lane) -> None:
    async with lane.lend() as driver:
        assert await LOAD.scalar(driver, id=3) == b""
        assert await LOAD.scalar(driver, id=99) is None


async def test_values_without_a_name_are_refused_when_the_query_is_built() -> None:
    with pytest.raises(ValueError, match=r"\['id_1'\] carry values; use bindparam"):
        Query(select(CARD.c.slots).where(CARD.c.id == 7))
    with pytest.raises(ValueError, match="use = any"):
        Query(select(CARD.c.slots).where(CARD.c.id.in_(bindparam("ids", expanding=True))))


async def test_any_of_a_list(lane: Lane) -> None:
    ids = Query(select(CARD.c.id).where(CARD.c.id == func.any(bindparam("ids", type_=ARRAY(Integer)))))

    assert len(await lane.ask_all(ids, ids=[1, 2, 77])) == 2


async def test_values_of_every_kind_come_back_as_they_went(lane: Lane, outside: Any) -> None:
    await outside.execute(
        "CREATE TABLE kinds (name text, seal bytea, key uuid, price numeric(18, 4), made timestamptz, "
        "open boolean, tags text[], doc jsonb)"
    )
    given: dict[str, Any] = {
        "name": "Ağır çekmece",
        "seal": b"\x00\xff",
        "key": uuid.uuid4(),
        "price": Decimal("19.9000"),
        "made": datetime.now(UTC),
        "open": True,
        "tags": ["a", "b"],
        "doc": '{"a": [1.10]}',
    }
    binds = {column.name: bindparam(column.name, type_=column.type) for column in KINDS.c}
    plain = [column for column in KINDS.c if column is not KINDS.c.doc]
    put = Query(insert(KINDS).values(binds).returning(*plain, cast(KINDS.c.doc, Text).label("doc")))

    row = await lane.ask(put, **given)

    assert row is not None
    assert {name: row[name] for name in given} == given


async def test_jsonb_can_be_given_and_read_as_bytes(lane: Lane) -> None:
    utf8 = text("'UTF8'")
    given = cast(func.convert_from(bindparam("doc", type_=LargeBinary), utf8), JSONB)
    echo = Query(select(func.convert_to(cast(given, Text), utf8).label("doc")))

    row = await lane.ask(echo, doc=b'{"a": 1}')

    assert row is not None
    assert row["doc"] == b'{"a": 1}'


async def test_connection_is_lent_again_last_in_first_out(lane: Lane) -> None:
    async with lane.lend(), lane.lend():
        pass

    assert len({await process_of(lane) for _ in range(5)}) == 1


async def test_no_more_than_size_are_lent_at_once(lane: Lane) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(lane.lend())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process_of(lane), 0.1)

    assert await process_of(lane)


async def test_refusal_of_the_server_is_raised_and_costs_no_connection(lane: Lane) -> None:
    before = await process_of(lane)
    double = Query(insert(CARD).values(id=bindparam("id")).returning(CARD.c.id))

    with pytest.raises(asyncpg.UniqueViolationError):
        await lane.ask(double, id=1)
    with pytest.raises(asyncpg.DataError):
        await lane.ask(LOAD, id="three")

    assert await process_of(lane) == before


async def test_transaction_commits_at_its_end_and_rolls_back_on_error(lane: Lane, outside: Any) -> None:
    async with lane.transaction() as driver:
        await driver.execute("UPDATE card SET revision = 5 WHERE id = 1")

    async def refused() -> None:
        async with lane.transaction() as driver:
            await driver.execute("UPDATE card SET revision = 6 WHERE id = 1")
            raise LookupError

    with pytest.raises(LookupError):
        await refused()
    assert await outside.fetchval("SELECT revision FROM card WHERE id = 1") == 5


async def test_cancelled_transaction_rolls_back_and_its_connection_is_not_lent_again(
    lane: Lane, outside: Any
) -> None:
    process = await process_of(lane)
    reached = asyncio.Event()

    async def midway() -> None:
        async with lane.transaction() as driver:
            await driver.execute("UPDATE card SET revision = 9 WHERE id = 1")
            reached.set()
            await driver.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(midway())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await process_of(lane) != process
    assert await outside.fetchval("SELECT revision FROM card WHERE id = 1") == 0
    await outside.execute("UPDATE card SET revision = 1 WHERE id = 1")


async def test_connection_left_in_a_transaction_is_never_lent_again(lane: Lane, outside: Any) -> None:
    async with lane.lend() as driver:
        process = await SAME_PROCESS.scalar(driver)
        await driver.execute("BEGIN")
        await driver.execute("UPDATE card SET revision = 9 WHERE id = 1")

    assert await process_of(lane) != process
    assert await outside.fetchval("SELECT revision FROM card WHERE id = 1") == 0


async def test_retyped_column_keeps_working(lane: Lane, outside: Any) -> None:
    await lane.ask(LOAD, id=1)
    await outside.execute("ALTER TABLE card ALTER revision TYPE numeric, ADD note text")

    row = await lane.ask(LOAD, id=1)

    assert row is not None
    assert row["revision"] == Decimal(0)


async def test_idle_connections_that_were_killed_are_passed_over(lane: Lane, outside: Any) -> None:
    async with lane.lend(), lane.lend(), lane.lend(), lane.lend():
        pass
    assert await outside.fetchval(KILL_OTHERS) == 4
    await asyncio.sleep(0.1)

    for number in range(20):
        assert await lane.ask(LOAD, id=1 + number % 12) is not None


async def test_ask_repeats_a_lost_statement_once_as_again(lane: Lane, outside: Any) -> None:
    """The first attempt is saved, its answer lost; the repetition recognises it."""
    await outside.execute("UPDATE card SET slots = 'new', revision = 1 WHERE id = 1")
    lost = Query(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    row = await lane.ask(lost, SAVE_AGAIN, card=1, slots=b"new", expected=0)

    assert row is not None
    assert row["revision"] == 1
    assert await lane.ask(SAVE_AGAIN, card=1, slots=b"other", expected=0) is None


async def test_twice_lost_is_away(lane: Lane) -> None:
    lost = Query(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Away):
        await lane.ask(lost)
    with pytest.raises(Away):
        await lane.ask_all(lost)

    assert await lane.ask(LOAD, id=1) is not None


async def test_transaction_is_away_and_not_repeated_when_lost(lane: Lane, outside: Any) -> None:
    times = 0

    async def cut_off() -> None:
        nonlocal times
        async with lane.transaction() as driver:
            times += 1
            await driver.execute("UPDATE card SET revision = 9 WHERE id = 1")
            await outside.execute(KILL_OTHERS)
            await driver.fetchval("SELECT 1")

    with pytest.raises(Away):
        await cut_off()

    assert times == 1
    assert await outside.fetchval("SELECT revision FROM card WHERE id = 1") == 0


async def test_no_server_is_away() -> None:
    async with opened("postgresql://postgres@127.0.0.1:1/vezne") as lane:
        with pytest.raises(Away):
            await lane.ask(LOAD, id=1)


async def test_steps_lose_nothing_while_backends_are_killed(lane: Lane, outside: Any) -> None:
    """Eight shoppers save their own card; what was acknowledged is stored, and nothing else is."""
    acknowledged = dict.fromkeys(range(1, 9), 0)
    away = 0
    stop = asyncio.get_running_loop().time() + 3

    async def shopper(card: int) -> None:
        nonlocal away
        while asyncio.get_running_loop().time() < stop:
            try:
                row = await lane.ask(LOAD, id=card)
                assert row is not None
                slots, revision = row
                assert slots == (str(revision).encode() if revision else b"")
                assert revision in (acknowledged[card], acknowledged[card] + 1)
                acknowledged[card] = revision
                following = str(revision + 1).encode()
                saved = await lane.ask(SAVE, SAVE_AGAIN, card=card, slots=following, expected=revision)
                assert saved is not None
                acknowledged[card] = saved["revision"]
            except Away:
                away += 1

    async def harm() -> None:
        while asyncio.get_running_loop().time() < stop:
            await outside.execute(KILL_ONE)
            await asyncio.sleep(random.uniform(0, 0.03))

    await asyncio.gather(harm(), *(shopper(card) for card in acknowledged))

    stored = {row["id"]: row["revision"] for row in await outside.fetch("SELECT * FROM card WHERE id < 9")}
    assert away < 20
    assert sum(stored.values()) > 200
    assert all(0 <= stored[card] - acknowledged[card] <= (away > 0) for card in stored)


async def test_cancelled_at_random_leaks_nothing(lane: Lane, outside: Any) -> None:
    async def step(card: int) -> None:
        async with lane.transaction() as driver:
            await driver.execute("UPDATE card SET revision = revision + 1 WHERE id = $1", card)
            await asyncio.sleep(0.001)
            await driver.execute("UPDATE card SET revision = revision - 1 WHERE id = $1", card)

    for _ in range(100):
        task = asyncio.create_task(step(random.randint(1, 12)))
        await asyncio.sleep(random.uniform(0, 0.004))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async with lane.lend(), lane.lend(), lane.lend(), lane.lend():
        pass
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    assert await outside.fetchval(open_ones + " AND datname = current_database()") == 0
    assert await outside.fetchval("SELECT sum(revision) FROM card") == 0


async def test_logger_sees_exactly_the_statements(lane: Lane, told: list[str]) -> None:
    await lane.ask(LOAD, id=1)
    await lane.ask(SAVE, SAVE_AGAIN, card=1, slots=b"1", expected=0)
    assert await settled(told) == [LOAD.sql, SAVE.sql]

    told.clear()
    async with lane.transaction() as driver:
        await LOAD.run(driver, id=1)
        await LOAD.scalar(driver, id=1)
    with suppress(LookupError):
        async with lane.transaction():
            raise LookupError
    assert await settled(told) == ["BEGIN;", LOAD.sql, LOAD.sql, "COMMIT;", "BEGIN;", "ROLLBACK;"]


async def test_logger_sees_every_connection_and_no_set_up(lane: Lane, told: list[str]) -> None:
    async def once(driver: Driver) -> None:
        await LOAD.run(driver, id=1)

    async with lane.lend() as one, lane.lend() as two, lane.lend() as three:
        await asyncio.gather(once(one), once(two), once(three))

    assert await settled(told) == [LOAD.sql] * 3


async def test_logger_is_not_told_what_the_driver_asks_about_types(
    lane: Lane, outside: Any, told: list[str]
) -> None:
    await outside.execute("CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN moods AS mood[]")
    odd = Query(select(literal_column("ARRAY['calm']::moods").label("moods")))

    row = await lane.ask(odd)

    assert row is not None
    assert row["moods"] == ["calm"]
    assert await settled(told) == [odd.sql]


async def test_rest_of_the_pool_serves_core_beside_the_lane(lane: Lane, told: list[str]) -> None:
    async with lane.lend(), lane.lend(), lane.lend(), lane.lend(), lane.engine.connect() as connection:
        found = await connection.scalar(select(func.count()).select_from(CARD))

    assert found == 12
    assert await settled(told) == []
