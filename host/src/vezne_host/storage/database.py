"""Core's ``Database`` over the lane: every statement of a plugin is about its own merchant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ClauseElement

from vezne_host.storage.lane import Driver, Lane, Query, Row
from vezne_host.storage.scope import MERCHANT, untied


class PluginQuery(Query):
    """A plugin's statement.

    :raises ValueError: it has no bind named ``merchant``, or a table in it is not tied to the merchant.
    """

    def __init__(self, statement: ClauseElement) -> None:
        super().__init__(statement)
        if MERCHANT not in self.names:
            raise ValueError(
                f"Query {self.sql!r}: no bind is named merchant; compare with bindparam('merchant')"
            )
        if tables := untied(statement):
            raise ValueError(
                f"Query {self.sql!r}: rows of every merchant in {', '.join(tables)}; "
                "compare their merchant with bindparam('merchant')"
            )


class HostTransaction:
    """Core's ``Transaction`` on a lent connection; the host binds the merchant."""

    def __init__(self, driver: Driver, merchant: str) -> None:
        self._driver = driver
        self._merchant = merchant

    async def fetch(self, statement: PluginQuery, **values: Any) -> Row | None:
        """Run a statement of ``Database.query()`` and return its first row, or None."""
        return await self._checked(statement, values).run(self._driver, merchant=self._merchant, **values)

    async def fetch_all(self, statement: PluginQuery, **values: Any) -> Sequence[Row]:
        """Run a statement of ``Database.query()`` and return its rows."""
        return await self._checked(statement, values).all(self._driver, merchant=self._merchant, **values)

    @staticmethod
    def _checked(statement: Any, values: dict[str, Any]) -> PluginQuery:
        if not isinstance(statement, PluginQuery):
            raise TypeError(f"{type(statement).__name__} is not a statement; make it with database.query()")
        if MERCHANT in values:
            raise TypeError("the merchant is bound by the host; leave it out")
        return statement


class PluginDatabase:
    """One merchant's view of the database."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    def query(self, statement: ClauseElement) -> PluginQuery:
        """Compile a SQLAlchemy Core statement; once, in a plugin's constructor or later, never per request.

        :raises ValueError: it is not tied to the merchant, or holds values instead of binds.
        """
        return PluginQuery(statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[HostTransaction]:
        """Open a transaction; committed at the end of the block, rolled back by an exception."""
        async with self._lane.transaction() as driver:
            yield HostTransaction(driver, self._merchant)
