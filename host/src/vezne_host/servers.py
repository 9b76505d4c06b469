"""The database and the cache that a command works with: given ones, or the embedded ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from msgspec import Struct

from vezne_core import Problem, Refused
from vezne_host.config import HostSettings


class Addresses(Struct, frozen=True):
    """Where database and cache are."""

    database_url: str
    redis_url: str


@contextmanager
def servers(settings: HostSettings, database_url: str | None, redis_url: str | None) -> Iterator[Addresses]:
    """Use the servers that are named; start the embedded one for each that is not.

    :raises Refused: an embedded server is needed and cannot be started.
    """
    database = database_url or (settings.database_url.reveal() if settings.database_url else None)
    redis = redis_url or (settings.redis_url.reveal() if settings.redis_url else None)
    with ExitStack() as stack:
        if database is None or redis is None:
            from vezne_host.storage.child import ServerNotStarted
            from vezne_host.storage.embedded import EmbeddedServers

            try:
                embedded = stack.enter_context(EmbeddedServers())
            except ServerNotStarted as error:
                raise Refused(
                    [Problem("embedded servers", str(error), "or give --database-url and --redis-url")]
                ) from None
            database, redis = database or embedded.database_url, redis or embedded.redis_url
        yield Addresses(database, redis)
