"""Fixtures of every test: real servers, and asyncio behind anyio."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "vezne_host.testing.servers",
    "vezne_host.testing.shop",
    "vezne_host.testing.house",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


# A busy machine is slow, not wrong: nothing here is judged by its time.
settings.register_profile(
    "vezne", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("vezne")
