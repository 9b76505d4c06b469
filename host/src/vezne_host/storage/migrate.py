"""Brings a database up to date, and tells whether it is.

Each revision is a transaction of its own, so one may leave it
(``op.get_context().autocommit_block()``) to build an index while shops are open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from msgspec import Struct
from sqlalchemy import Connection, MetaData, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from vezne_core import Problem, Refused
from vezne_host.culprit import told
from vezne_host.storage.branch import Branch, branches
from vezne_host.storage.databases import driver_url

LOCK = int.from_bytes(b"vezne db")
"""Key of the advisory lock: one process migrates a database at a time."""

REMEDY = "run vezne db upgrade"


class Applied(Struct, frozen=True):
    """A revision that was applied."""

    branch: str
    revision: str


async def upgrade(
    database_url: str, plugins: Mapping[str, str] | None = None, *, patience: float = 600.0
) -> tuple[Applied, ...]:
    """Apply every revision that the database lacks, the host's first; none where it is up to date.

    Another process doing the same is waited for, at most ``patience`` seconds.

    :param plugins: import names of packages, by enabled plugin.
    :raises Refused: the database cannot be reached, a revision fails, or the database is newer than the code.
        What was applied before stays applied.
    """
    lines = [(branch, branch.script()) for branch in branches(plugins or {})]
    applied: list[Applied] = []
    async with _connected(database_url) as connection, _alone(connection, patience):
        for branch, script in lines:
            await connection.run_sync(_upgrade, branch, script, applied)
    return tuple(applied)


async def pending(database_url: str, plugins: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Say what the database lacks, nothing where it is up to date; a process that serves refuses to start.

    :param plugins: import names of packages, by enabled plugin.
    :raises Refused: the database cannot be reached, or is newer than the code.
    """
    lines = [(branch, branch.script()) for branch in branches(plugins or {})]
    behind = []
    async with _connected(database_url) as connection:
        for branch, script in lines:
            current = await connection.run_sync(_current, branch, script)
            if current != script.get_current_head():
                fact = f"the database is at {current or 'none'} and needs {script.get_current_head()}"
                behind.append(Problem(branch.place, fact, REMEDY))
    return tuple(behind)


async def differences(database_url: str, metadata: MetaData) -> list[str]:
    """Compare the tables of a database with what the code says of them; for tests of migrations."""

    def compare(connection: Connection) -> list[str]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, parents: kind != "table" or name in metadata.tables,
        }
        return [
            repr(each)
            for each in compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        ]

    async with _connected(database_url) as connection:
        return await connection.run_sync(compare)


def _upgrade(connection: Connection, branch: Branch, script: ScriptDirectory, applied: list[Applied]) -> None:
    _current(connection, branch, script)
    config = branch.config()
    config.attributes |= {"connection": connection, "on_version_apply": _recorder(branch, applied)}
    try:
        command.upgrade(config, "heads")
    except Refused:
        raise
    except Exception as error:  # a revision is foreign code
        connection.rollback()
        cause = error.orig if isinstance(error, DBAPIError) else error
        done = f" after {applied[-1].revision}" if applied and applied[-1].branch == branch.name else ""
        raise Refused([Problem(branch.place, f"failed{done}: {told(cause or error, __file__)}")]) from error


def _recorder(branch: Branch, applied: list[Applied]) -> Callable[..., None]:
    def record(*, step: Any, **_: Any) -> None:
        applied.append(Applied(branch.name, step.up_revision_id))

    return record


def _current(connection: Connection, branch: Branch, script: ScriptDirectory) -> str | None:
    """Return the revision that a database is at; refuse one that the code does not know."""
    context = MigrationContext.configure(connection, opts={"version_table": branch.version_table})
    current = context.get_current_revision()
    connection.rollback()
    try:
        script.get_revisions(current or ())
    except CommandError:
        fact = f"the database is at {current}, which the installed version does not know"
        raise Refused([Problem(branch.place, fact, "install the version that migrated it")]) from None
    return current


@asynccontextmanager
async def _connected(database_url: str) -> AsyncIterator[AsyncConnection]:
    url = driver_url(database_url)
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        try:
            connection = await engine.connect()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError) as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            place = f"database {url.set(drivername='postgresql').render_as_string()}"
            remedy = "see that it runs, and what --database-url says"
            raise Refused([Problem(place, f"cannot be reached: {cause}", remedy)]) from error
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(connection: AsyncConnection, patience: float) -> AsyncIterator[None]:
    """Hold the lock of the database until the connection is closed, also by the death of this process."""
    # tried again and again: one statement that waits would itself be waited for by CREATE INDEX CONCURRENTLY
    deadline = asyncio.get_running_loop().time() + patience
    while not await connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
        await connection.rollback()
        if asyncio.get_running_loop().time() > deadline:
            fact = f"another process has been migrating it for {patience:g} s"
            raise Refused([Problem("database", fact, "wait for it, or end it")])
        await asyncio.sleep(0.1)
    await connection.commit()
    yield
