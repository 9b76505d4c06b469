"""Databases without the demo shops, for tests of migrations."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from vezne_host.storage.databases import create_database, drop_database
from vezne_host.storage.embedded import Servers
from vezne_host.storage.lane import Lane, opened

_NUMBERS = count(1)


@pytest.fixture
def empty_database_url(servers: Servers, template_database: str) -> Iterator[str]:
    """Offer a database without any table."""
    name = f"{template_database.removesuffix('_template')}_empty_{next(_NUMBERS)}"
    yield create_database(servers.database_url, name)
    drop_database(servers.database_url, name)


@pytest.fixture
async def shop_lane(database_url: str) -> AsyncIterator[Lane]:
    """Offer a lane to a copy of the demo shops."""
    async with opened(database_url, size=4, rest=2) as lane:
        yield lane
