from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from vezne_core import Database, Transaction
from vezne_host.storage.database import HostTransaction, PluginDatabase
from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.tables import stock

pytestmark = pytest.mark.anyio

LOCKERS = MetaData()
LOCKER = Table(
    "locker",
    LOCKERS,
    Column("merchant", Text, nullable=False),
    Column("pk", BigInteger, nullable=False),
    Column("room", Integer, nullable=False),
    PrimaryKeyConstraint("merchant", "pk"),
)
PARCEL = Table(
    "parcel",
    LOCKERS,
    Column("merchant", Text, nullable=False),
    Column("locker", BigInteger, nullable=False),
    PrimaryKeyConstraint("merchant", "locker"),
)
KIND = Table("kind", LOCKERS, Column("name", Text, primary_key=True))
OTHER = LOCKER.alias("other")

MERCHANT = bindparam("merchant", type_=Text)
MINE = LOCKER.c.merchant == MERCHANT
PK = bindparam("pk", type_=BigInteger)

ROOM = select(LOCKER.c.pk, LOCKER.c.room).where(MINE).order_by(LOCKER.c.pk)
TAKE = (
    update(LOCKER)
    .where(MINE, LOCKER.c.pk == PK, LOCKER.c.room > text("0"))
    .values(room=LOCKER.c.room - text("1"))
    .returning(LOCKER.c.room)
)
BUILD = insert(LOCKER).values(merchant=MERCHANT, pk=PK, room=bindparam("room", type_=Integer))


@pytest.fixture
async def lockers(shop_lane: Lane) -> Lane:
    async with shop_lane.lend() as driver:
        await driver.execute(
            "CREATE TABLE locker (merchant text, pk bigint, room int, PRIMARY KEY (merchant, pk))"
        )
        await driver.execute("INSERT INTO locker VALUES ('acme', 1, 2), ('acme', 2, 1), ('rival', 1, 7)")
    return shop_lane


async def rooms(lane: Lane, merchant: str) -> dict[int, int]:
    database = PluginDatabase(lane, merchant)
    async with database.transaction() as transaction:
        return {row["pk"]: row["room"] for row in await transaction.fetch_all(database.query(ROOM))}


async def test_every_statement_is_about_the_merchant_of_the_plugin(lockers: Lane) -> None:
    database: Database = PluginDatabase(lockers, "acme")
    take, build, room = database.query(TAKE), database.query(BUILD), database.query(ROOM)

    async with database.transaction() as transaction:
        taken = await transaction.fetch(take, pk=1)
        assert taken is not None
        assert taken["room"] == 1
        await transaction.fetch(build, pk=7, room=3)
        assert [tuple(row) for row in await transaction.fetch_all(room)] == [(1, 1), (2, 1), (7, 3)]

    assert await rooms(lockers, "rival") == {1: 7}


async def test_fetch_answers_none_where_there_is_no_row(lockers: Lane) -> None:
    database = PluginDatabase(lockers, "rival")
    async with database.transaction() as transaction:
        assert await transaction.fetch(database.query(TAKE), pk=2) is None


async def test_exception_rolls_the_transaction_back(lockers: Lane) -> None:
    database = PluginDatabase(lockers, "acme")

    async def changed_its_mind() -> None:
        async with database.transaction() as transaction:
            await transaction.fetch(database.query(TAKE), pk=1)
            raise LookupError

    with pytest.raises(LookupError):
        await changed_its_mind()

    assert await rooms(lockers, "acme") == {1: 2, 2: 1}


async def test_another_merchant_cannot_be_named(lockers: Lane) -> None:
    database = PluginDatabase(lockers, "acme")
    async with database.transaction() as transaction:
        with pytest.raises(TypeError, match="bound by the host"):
            await transaction.fetch(database.query(ROOM), merchant="rival")


async def test_statement_of_another_make_is_refused(lockers: Lane) -> None:
    database = PluginDatabase(lockers, "acme")
    async with database.transaction() as transaction:
        for strange in ("SELECT * FROM locker", text("SELECT * FROM locker"), Query(select(LOCKER.c.pk))):
            with pytest.raises(TypeError, match=r"make it with database\.query"):
                await transaction.fetch_all(strange)  # type: ignore[arg-type]


async def test_transaction_on_a_lent_connection_is_part_of_its_transaction(lockers: Lane) -> None:
    """Reservations of plugins run inside the claim."""
    take = PluginDatabase(lockers, "acme").query(TAKE)
    async with lockers.lend() as driver:
        claim: Any = driver.transaction()
        await claim.start()
        transaction: Transaction = HostTransaction(driver, "acme")
        await transaction.fetch(take, pk=1)
        await claim.rollback()

    assert await rooms(lockers, "acme") == {1: 2, 2: 1}


TIED = {
    "select": ROOM,
    "joined by merchant": select(LOCKER.c.pk).join(
        PARCEL, (PARCEL.c.merchant == LOCKER.c.merchant) & (PARCEL.c.locker == LOCKER.c.pk)
    ).where(MINE),
    "tied over two others": select(LOCKER.c.pk).where(
        PARCEL.c.merchant == MERCHANT, OTHER.c.merchant == PARCEL.c.merchant,
        LOCKER.c.merchant == OTHER.c.merchant,
    ),
    "alias": select(OTHER.c.pk).where(OTHER.c.merchant == MERCHANT),
    "exists": select(LOCKER.c.pk).where(MINE, exists().where(PARCEL.c.merchant == LOCKER.c.merchant)),
    "subquery": select(
        select(LOCKER.c.merchant, LOCKER.c.room).where(MINE).subquery("inner").c.room
    ).select_from(PARCEL).where(PARCEL.c.merchant == MERCHANT),
    "cte joined by its merchant": select(PARCEL.c.locker).where(
        PARCEL.c.merchant == select(LOCKER.c.merchant).where(MINE).cte("own").c.merchant
    ),
    "update": TAKE,
    "delete": delete(LOCKER).where(MINE, LOCKER.c.pk == PK),
    "delete by another table": delete(LOCKER).where(
        MINE, LOCKER.c.pk == PARCEL.c.locker, PARCEL.c.merchant == LOCKER.c.merchant
    ),
    "insert": BUILD,
    "insert what was selected": insert(PARCEL).from_select(
        ["merchant", "locker"], select(LOCKER.c.merchant, LOCKER.c.pk).where(MINE)
    ),
    "insert or count": upsert(LOCKER)
    .values(merchant=MERCHANT, pk=PK, room=bindparam("room"))
    .on_conflict_do_update(index_elements=["merchant", "pk"], set_={"room": LOCKER.c.room + text("1")}),
    "table without a merchant": select(KIND.c.name).join(LOCKER, text("true")).where(MINE),
    "no table": select(func.length(MERCHANT)),
    "text": text("SELECT pk FROM locker WHERE merchant = :merchant"),
}  # fmt: skip

LOOSE = {
    "select": (select(LOCKER.c.pk).where(func.length(MERCHANT) == LOCKER.c.room), "locker"),
    "join without merchant": (
        select(LOCKER.c.pk).join(PARCEL, PARCEL.c.locker == LOCKER.c.pk).where(MINE), "parcel"
    ),
    "tied to each other only": (
        select(LOCKER.c.pk).where(LOCKER.c.merchant == OTHER.c.merchant, MERCHANT.is_not(None)),
        "locker, other",
    ),
    "compared by inequality": (select(LOCKER.c.pk).where(LOCKER.c.merchant != MERCHANT), "locker"),
    "exists": (select(LOCKER.c.pk).where(MINE, exists().where(PARCEL.c.locker == LOCKER.c.pk)), "parcel"),
    "cte": (
        select(LOCKER.c.pk).where(MINE, LOCKER.c.pk == select(PARCEL.c.locker).cte("all").c.locker), "parcel"
    ),
    "update": (
        update(LOCKER).values(room=func.length(MERCHANT)).where(LOCKER.c.pk == PK), "locker"
    ),
    "delete by another table": (
        delete(LOCKER).where(LOCKER.c.pk == PARCEL.c.locker, PARCEL.c.merchant == MERCHANT), "locker"
    ),
    "insert what was selected": (
        insert(PARCEL).from_select(["merchant", "locker"], select(MERCHANT, OTHER.c.pk)), "other"
    ),
}  # fmt: skip


@pytest.mark.parametrize("statement", TIED.values(), ids=TIED.keys())
async def test_statement_tied_to_the_merchant_is_compiled(statement: ClauseElement, shop_lane: Lane) -> None:
    assert "merchant" in PluginDatabase(shop_lane, "acme").query(statement).names


@pytest.mark.parametrize(("statement", "tables"), LOOSE.values(), ids=LOOSE.keys())
async def test_statement_that_sees_rows_of_every_merchant_is_refused(
    statement: ClauseElement, tables: str, shop_lane: Lane
) -> None:
    with pytest.raises(ValueError, match=f"rows of every merchant in {tables};"):
        PluginDatabase(shop_lane, "acme").query(statement)


@pytest.mark.parametrize(
    "statement",
    [
        select(LOCKER.c.pk),
        text("SELECT pk FROM locker"),
        select(stock.c.sku).where(stock.c.merchant == text("'a'")),
    ],
    ids=["core", "text", "literal"],
)
async def test_statement_without_a_bind_for_the_merchant_is_refused(
    statement: ClauseElement, shop_lane: Lane
) -> None:
    with pytest.raises(ValueError, match="no bind is named merchant"):
        PluginDatabase(shop_lane, "acme").query(statement)
