"""The lane: the short way to PostgreSQL for page requests and for placing.

SQLAlchemy says what, the driver says it: statements are written in Core and compiled once at import, the
connections are on standing loan from the one engine pool, and asyncpg runs them. Nothing outside this
module catches the driver's connection errors; callers see `Away`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler

from vezne_host.storage.databases import driver_url

T = TypeVar("T")

# InternalClientError: the server said FATAL but the socket is still open. TimeoutError is an OSError.
GOING: tuple[type[Exception], ...] = (
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    OSError,
)
ANSWERED = (asyncpg.PostgresError, asyncpg.InterfaceError, *GOING)


class Away(Exception):
    """The connection was lost, or none could be had; it is not known whether the statement took effect.

    Repeat what is safe to repeat, look up what is not. At the edge it is a 503 that may be tried again.
    """


class Row(Protocol):
    """One row: read by name or position, or unpack in the order of the selected columns."""

    def __getitem__(self, key: int | str, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...


class Driver(Protocol):
    """What a lent connection offers: asyncpg's own methods, the ones that leave no trace behind.

    No session `SET` (use `set_config(…, true)` inside a transaction), no prepared statements by hand.
    """

    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, command: str, args: Any) -> None: ...
    async def fetch(self, query: str, *args: Any) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: Any) -> Row | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    def transaction(self) -> AbstractAsyncContextManager[Any]: ...


class Query:
    """A Core statement, compiled once; build it at import, never per request.

    Every value is a `bindparam()` without a default and is given by name when the query runs; names the
    statement does not have are ignored, so that a query and its repetition can share one set of values.
    Bind processors of SQLAlchemy types do not run. Values are what asyncpg takes for the column's type:

    =====================  ====================================================
    text, varchar          `str`
    bytea                  `bytes`
    uuid                   `uuid.UUID`, or `str`
    integer types          `int` within their range
    numeric                `decimal.Decimal`, `int`, or `str`; never `float`
    timestamptz            an aware `datetime`
    boolean                `bool`
    arrays                 `list` of the above; `= any(:ids)` instead of `IN`
    json, jsonb            `str` holding JSON text
    =====================  ====================================================

    Rows come back in the same types. Select json and jsonb as text (`cast(column, Text)`) and decode with
    msgspec: as itself a json column would go through SQLAlchemy's `json.loads`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects bare
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        fixed = sorted(name for bind, name in compiled.bind_names.items() if not bind.required)
        if fixed:
            raise ValueError(
                f"Query {compiled.string!r}: {fixed} carry values; use bindparam() or literal SQL"
            )
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise ValueError(f"Query {compiled.string!r}: IN needs a text per length; use = any(bindparam())")
        self.sql = compiled.string
        self.names = tuple(compiled.positiontup or ())

    async def run(self, driver: Driver, **values: Any) -> Row | None:
        """Run on a lent connection and return the first row, or None."""
        return await driver.fetchrow(self.sql, *[values[name] for name in self.names])

    async def all(self, driver: Driver, **values: Any) -> list[Row]:
        """Run on a lent connection and return every row."""
        return await driver.fetch(self.sql, *[values[name] for name in self.names])

    async def scalar(self, driver: Driver, **values: Any) -> Any:
        """Run on a lent connection and return the first column of the first row, or None."""
        return await driver.fetchval(self.sql, *[values[name] for name in self.names])


class Lane:
    """A standing loan of `size` connections from an engine's pool, lent last in first out.

    `logger` is told the text of every statement that runs on a lent connection, BEGIN, COMMIT and ROLLBACK
    included. It is told by the event loop, so let the loop turn once before reading. Set-up of a connection
    is over before the lane sees it and is not told. Neither are the driver's own questions about a type
    that it meets for the first time (enums, domains, composites): see `is_introspection`.
    """

    def __init__(
        self, engine: AsyncEngine, size: int, *, logger: Callable[[str], None] | None = None
    ) -> None:
        self.engine = engine
        self._idle: list[Any] = []
        self._room = asyncio.Semaphore(size)
        # a connection lost during its own set-up: raised bare, and wrapped for the engine's very first
        setting_up = (asyncpg.InterfaceError, engine.dialect.loaded_dbapi.Error, DBAPIError)
        self._refused: tuple[type[Exception], ...] = (*GOING, *setting_up)
        self._logger = logger

    def lend(self) -> AbstractAsyncContextManager[Driver]:
        """Lend one connection for the length of a block, each statement committing by itself.

        Hold it for statements only, never across somebody else's await. The connection is not lent again
        when the block was cancelled, left a transaction open or ended in an error that did not come from
        the server: return a refusal rather than raising it. Raises `Away` when the connection is lost.
        """
        return _Lent(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Driver]:
        """Lend one connection inside a transaction: committed at the end of the block, else rolled back.

        Never repeated here: only the caller knows what is safe. After `Away` the commit may have happened.
        A statement that turns `synchronous_commit` off must not run inside, it would cover everything.
        """
        async with self.lend() as driver, driver.transaction():
            yield driver

    async def ask(self, query: Query, /, again: Query | None = None, **values: Any) -> Row | None:
        """Run one statement, committed by itself, and return its first row or None.

        A lost connection repeats it once on another, as `again` if given: only for statements that may run
        twice, or whose `again` recognises its own first attempt. Raises `Away` when that is lost as well.
        """
        try:
            async with self.lend() as driver:
                return await query.run(driver, **values)
        except Away:
            async with self.lend() as driver:
                return await (again or query).run(driver, **values)

    async def ask_all(self, query: Query, /, again: Query | None = None, **values: Any) -> list[Row]:
        """Run one statement as `ask` does and return every row."""
        try:
            async with self.lend() as driver:
                return await query.all(driver, **values)
        except Away:
            async with self.lend() as driver:
                return await (again or query).all(driver, **values)

    def close(self) -> None:
        """Give the idle connections back to the engine's pool; call when nothing is lent any more."""
        while self._idle:
            loan = self._idle.pop()
            if self._logger is not None:
                loan.driver_connection.remove_query_logger(self._log)
            loan.close()

    async def _borrow(self) -> Any:
        await self._room.acquire()
        try:
            return await self._sound()
        except BaseException:
            self._room.release()
            raise

    def _give_back(self, loan: Any, error: BaseException | None) -> None:
        """Take a loan back after a block that ended in an error, or in none."""
        driver, sound = loan.driver_connection, error is None
        try:
            if isinstance(error, ANSWERED):
                if driver.is_closed() or isinstance(error, GOING):
                    raise Away(str(error)) from error
                sound = True  # the server answered: both ends agree where they are
        finally:
            if sound and not driver.is_closed() and not driver.is_in_transaction():
                self._idle.append(loan)
            else:
                loan.invalidate()
            self._room.release()

    async def _sound(self) -> Any:
        while True:
            try:
                loan = self._idle.pop() if self._idle else await self._fresh()
            except self._refused as error:
                raise Away(str(error)) from error
            if not loan.driver_connection.is_closed():
                return loan
            loan.invalidate()  # the pool opens another in its place

    async def _fresh(self) -> Any:
        loan = await self.engine.raw_connection()
        driver: Any = loan.driver_connection
        if self._logger is not None and not driver.is_closed():
            driver.add_query_logger(self._log)
        return loan

    def _log(self, record: Any) -> None:
        if self._logger is not None and not is_introspection(record.query):
            self._logger(record.query)


class _Lent:
    """A lend: twice in a request, so it is spared the generator of ``@asynccontextmanager``."""

    __slots__ = ("_lane", "_loan")

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._loan: Any = None

    async def __aenter__(self) -> Driver:
        self._loan = await self._lane._borrow()
        driver: Driver = self._loan.driver_connection
        return driver

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lane._give_back(self._loan, error)


async def untangled(step: Callable[[], Awaitable[T]], *, tries: int = 3) -> T:
    """Run a whole transaction, again where PostgreSQL ended it because it and another waited for each other.

    Rows of one table are locked in one order everywhere. Reservations of several plugins, taken by one
    attempt while another gives them back, are not.
    """
    for _ in range(tries - 1):
        with suppress(asyncpg.DeadlockDetectedError):
            return await step()
    return await step()


def is_introspection(sql: str) -> bool:
    """Tell whether asyncpg asked this by itself, to learn a type it had not met on that connection."""
    return "typeinfo_tree" in sql or ("current_setting('jit')" in sql and "set_config(" in sql)


def engine_for(url: str, connections: int) -> AsyncEngine:
    """Build the one engine of a process: exactly `connections` at most, opened as they are needed.

    Takes `postgresql://`, `postgres://` and `postgresql+asyncpg://`. Processes times `connections` must
    stay below the server's `max_connections`.
    """
    return create_async_engine(driver_url(url), pool_size=connections, max_overflow=0)


@asynccontextmanager
async def opened(
    url: str, *, size: int = 8, rest: int = 4, logger: Callable[[str], None] | None = None
) -> AsyncIterator[Lane]:
    """Open a lane of `size` on an engine of `size + rest` and dispose of both at the end.

    The rest is for Core and ORM code off the hot path, through `lane.engine`.
    """
    engine = engine_for(url, size + rest)
    lane = Lane(engine, size, logger=logger)
    try:
        yield lane
    finally:
        lane.close()
        await engine.dispose()
