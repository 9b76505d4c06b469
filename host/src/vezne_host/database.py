"""Bring a database up to date, and fill it with the demo shop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from vezne_core import Problem, Refused
from vezne_host.config import Configuration
from vezne_host.demo.shop import MERCHANTS, demo_batches, demo_shop
from vezne_host.discovery import load_plugins
from vezne_host.inspection import inspected
from vezne_host.loading import read
from vezne_host.storage.lane import opened
from vezne_host.storage.migrate import Applied, upgrade
from vezne_host.storage.seed import load_batches, load_shop


async def bring_up(configuration: Configuration, database_url: str) -> tuple[Applied, ...]:
    """Apply what the database lacks for the host and every enabled plugin.

    :raises Refused: the database cannot be reached, or a revision fails.
    """
    found = load_plugins(configuration.plugins)
    return await upgrade(database_url, {name: each.package for name, each in found.plugins.items()})


async def seed_demo(
    configuration: Configuration, database_url: str, told: Callable[[str], None] = lambda text: None
) -> None:
    """Begin the demo shops anew, those of them that the configuration has.

    :param told: hears of every shop that was loaded.
    """
    assembled = await inspected(configuration, None)
    async with opened(database_url, size=2, rest=1) as lane:
        for name in MERCHANTS:
            if name not in configuration.merchants:
                continue
            runtime = assembled.runtimes.get(name)
            tables = [each for _, each in runtime.collected.tables] if runtime else []
            loaders = [each for _, each in runtime.collected.loaders] if runtime else []
            data = demo_shop(name)
            await load_shop(lane, name, data, plugins=tables, batches=demo_batches(name, loaders))
            told(
                f"{name}: {len(data.records)} records, {len(data.products)} products, {len(data.users)} users"
            )


async def load_file(
    configuration: Configuration, database_url: str, merchant: str, file: Path
) -> dict[str, int]:
    """Load a file into the tables of a merchant's plugins; return how many rows were new, by kind.

    :raises Refused: the merchant cannot be assembled, or something is wrong with the file.
    """
    assembled = await inspected(configuration, None)
    runtime = assembled.runtimes.get(merchant)
    if runtime is None:
        known = ", ".join(sorted(configuration.merchants))
        unknown = Problem(f"merchant {merchant}", "is not in the configuration", f"known: {known}")
        raise Refused(assembled.refused.get(merchant, (unknown,)))
    batches = read(file, [each for _, each in runtime.collected.loaders], os.environ)
    async with opened(database_url, size=1, rest=1) as lane:
        return await load_batches(lane, merchant, batches)
