"""Fixture: every test's database is a copy of one that holds the demo shops.

Load with `pytest_plugins = ["vezne_host.testing.servers", "vezne_host.testing.shop"]`, in this order, in the
root conftest.
"""

import asyncio
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def fill_template(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Migrate the template and load the demo merchants of the workspace's plugins.toml into it."""

    def fill(database_url: str) -> None:
        # imported here: most runs of most tests need no database
        from vezne_host.config import load
        from vezne_host.database import bring_up, seed_demo

        configuration = load(pytestconfig.rootpath / "plugins.toml")

        async def migrate_and_seed() -> None:
            await bring_up(configuration, database_url)
            await seed_demo(configuration, database_url)

        asyncio.run(migrate_and_seed())

    return fill
