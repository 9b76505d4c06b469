"""Fixtures: a PostgreSQL and a Redis for tests, and databases that cost a copy.

Load with `pytest_plugins = ["vezne_host.testing.servers"]` in the root conftest. Tests use `database_url`
and `redis_url`, or `module_database_url` where the tests of a module do not mind each other's rows.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import pytest
from redis import Redis

from vezne_host.storage.databases import create_database, database_names, drop_database
from vezne_host.storage.embedded import EmbeddedServers, Servers, default_folder
from vezne_host.storage.valkey_process import DATABASES

PREFIX = "vezne_test"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop of the host."""
    return "asyncio"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Offer the servers of VEZNE_TEST_DATABASE_URL and VEZNE_TEST_REDIS_URL, or the embedded ones.

    The embedded ones live in the folder `tests` of the user's embedded servers, with durability off, and are
    shared with other test runs going on. Remove that folder should a crash of the machine have spoilt it.
    """
    database_url = os.environ.get("VEZNE_TEST_DATABASE_URL")
    redis_url = os.environ.get("VEZNE_TEST_REDIS_URL")
    if database_url and redis_url:
        yield Servers(database_url, redis_url)
        return
    if database_url or redis_url:
        pytest.exit("VEZNE_TEST_DATABASE_URL and VEZNE_TEST_REDIS_URL: only one is set; set both or none")
    with EmbeddedServers(default_folder() / "tests", fast=True) as embedded:
        _drop_leftovers(embedded.database_url)
        yield embedded


@pytest.fixture(scope="session")
def fill_template() -> Callable[[str], None]:
    """Override to return what migrates and seeds the database of the URL it is given, once per session.

    It runs outside of any event loop, so it may use `asyncio.run`, and must close its connections. This one
    leaves the database empty.
    """
    return lambda database_url: None


@pytest.fixture(scope="session")
def template_database(servers: Servers, fill_template: Callable[[str], None]) -> Iterator[str]:
    """Offer the name of the database that every test's database is copied from. Do not connect to it."""
    name = f"{PREFIX}_{os.getpid()}_template"
    fill_template(create_database(servers.database_url, name))
    yield name
    drop_database(servers.database_url, name)


@pytest.fixture(scope="session")
def fresh_database(servers: Servers, template_database: str) -> Callable[[], AbstractContextManager[str]]:
    """Offer a context manager that copies the template and yields the copy's URL, dropping it afterwards."""
    numbers = count(1)

    @contextmanager
    def copied() -> Iterator[str]:
        name = f"{PREFIX}_{os.getpid()}_{next(numbers)}"
        yield create_database(servers.database_url, name, template_database)
        drop_database(servers.database_url, name)

    return copied


@pytest.fixture
def database_url(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Offer a copy of the template for one test."""
    with fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(fresh_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Offer a copy of the template for all tests of a module."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def redis_url(session_redis_url: str) -> str:
    """Offer an empty Redis for one test."""
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    return session_redis_url


@pytest.fixture(scope="session")
def session_redis_url(servers: Servers) -> Iterator[str]:
    """Offer a numbered database that no other test run of the embedded server uses; `redis_url` empties it.

    Of a server given by VEZNE_TEST_REDIS_URL it is the one that the URL names.
    """
    if os.environ.get("VEZNE_TEST_REDIS_URL"):
        yield servers.redis_url
        return
    with Redis.from_url(servers.redis_url) as register:
        number = _claimed_number(register)
        yield servers.redis_url.replace("?db=0", f"?db={number}")
        register.delete(_claim(number))


def _claimed_number(register: Redis) -> int:
    for number in range(1, DATABASES):
        holder = register.get(_claim(number))
        if isinstance(holder, bytes) and not _alive(int(holder)):
            register.delete(_claim(number))
        if register.set(_claim(number), os.getpid(), nx=True):
            return number
    pytest.exit(f"embedded Valkey: {DATABASES - 1} test runs at once; end some, or set VEZNE_TEST_REDIS_URL")


def _claim(number: int) -> str:
    return f"{PREFIX}:{number}"


def _drop_leftovers(database_url: str) -> None:
    """Drop what test runs that were killed have left behind."""
    for name in database_names(database_url):
        _, _, rest = name.partition(f"{PREFIX}_")
        process = rest.partition("_")[0]
        if process.isdecimal() and not _alive(int(process)):
            drop_database(database_url, name)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
