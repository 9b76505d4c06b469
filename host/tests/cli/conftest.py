"""A database that nobody has touched."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from vezne_host.storage.databases import create_database, drop_database
from vezne_host.storage.embedded import Servers


@pytest.fixture
def fresh_empty_database(servers: Servers) -> Iterator[str]:
    name = f"vezne_test_{os.getpid()}_empty"
    yield create_database(servers.database_url, name)
    drop_database(servers.database_url, name)
