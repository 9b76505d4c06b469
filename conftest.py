"""Fixtures of every test: real servers, and asyncio behind anyio."""

import pytest

pytest_plugins = [
    "vezne_host.testing.servers",
    "vezne_host.testing.shop",
    "vezne_host.testing.house",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
