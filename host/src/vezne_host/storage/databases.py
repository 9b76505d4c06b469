"""Databases of a PostgreSQL server: their URLs, creating them (as a copy or empty), dropping them.

The functions block, whether or not an event loop is running: they are for commands and fixtures, not for
requests.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

ACCEPTED = ("postgresql", "postgres", "postgresql+asyncpg")


def driver_url(url: str) -> URL:
    """Read a database URL in any accepted form and name asyncpg as its driver; else ValueError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # the text is left out: it may hold a password
        raise ValueError("database URL: not a URL; use postgresql://user@host/database") from None
    if parsed.drivername not in ACCEPTED:
        raise ValueError(
            f"database URL: {parsed.drivername}:// is not PostgreSQL by asyncpg; use postgresql://user@host/database"
        )
    return parsed.set(drivername="postgresql+asyncpg")


def database_named(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return driver_url(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server of `url`, as a copy of `template` if given, and return its URL.

    Nobody may be connected to the template meanwhile.
    """
    copied = f" TEMPLATE {_quoted(template)}" if template is not None else ""
    _on_server(url, lambda server: server.execute(f"CREATE DATABASE {_quoted(name)}{copied}"))
    return database_named(url, name)


def drop_database(url: str, name: str) -> None:
    """Drop a database of the server of `url` if it exists, cutting off whoever is connected."""
    _on_server(url, lambda server: server.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)"))


def database_names(url: str) -> list[str]:
    """List the databases of the server of `url`, without its own templates."""
    rows = _on_server(
        url, lambda server: server.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    )
    return [row[0] for row in rows]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _on_server(url: str, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    async def connected() -> Any:
        server = await asyncpg.connect(database_named(url, "postgres"))
        try:
            return await work(server)
        finally:
            await server.close()

    # a thread of its own, since the caller's may have a loop running
    with ThreadPoolExecutor(1, thread_name_prefix="databases") as thread:
        return thread.submit(asyncio.run, connected()).result()
