"""The demo shop with everything behind it: durable PostgreSQL, Valkey, the sandbox bank."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from msgspec import Struct

from bench import reference
from bench.server import ROOT, Server, free_port, running
from vezne_host.config import load
from vezne_host.database import bring_up, seed_demo
from vezne_host.storage.databases import create_database, drop_database
from vezne_host.storage.embedded import EmbeddedServers, default_folder

DATABASE = "vezne_bench"
MERCHANT = "demo"
STOCK = 100_000_000

Say = Callable[[str], None]


class House(Struct, frozen=True):
    """Where the servers are that every measurement shares."""

    folder: Path
    database_url: str
    redis_url: str
    postgres: int
    """Process id of PostgreSQL's first process."""
    bank: Server


class Shop(Struct, frozen=True):
    """The servers that are measured, with the same number of processes each."""

    checkout: Server
    reference: Server


@contextmanager
def housed(say: Say) -> Iterator[House]:
    """Start what every measurement shares, with a database of its own that is made anew."""
    with ExitStack() as stack:
        say("starting PostgreSQL and Valkey")
        servers = EmbeddedServers(default_folder() / "bench")
        found = stack.enter_context(servers)
        drop_database(found.database_url, DATABASE)
        database_url = create_database(found.database_url, DATABASE)
        stack.callback(drop_database, found.database_url, DATABASE)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vezne-bench-")))
        port = free_port()
        say("loading the demo shop")
        asyncio.run(_fill(_config(folder, free_port(), port), database_url))
        bank = stack.enter_context(
            running(
                "vezne_host", ["sandbox", "--port", str(port)], port=port, ready="/ledger?order_number=0",
                log=folder / "bank.log",
            )
        )  # fmt: skip
        postmaster = servers.folder / "postgres" / "postmaster.pid"
        yield House(folder, database_url, found.redis_url, int(postmaster.read_text().splitlines()[0]), bank)


@contextmanager
def open_shop(house: House, workers: int) -> Iterator[Shop]:
    """Start the shop, and the reference beside it; both with so many processes."""
    port, other = free_port(), free_port()
    serve = [
        "serve", "--config", str(_config(house.folder, port, house.bank.port)),
        "--database-url", house.database_url, "--redis-url", house.redis_url,
        "--port", str(port), "--workers", str(workers), "--messages", str(house.folder / "messages"),
    ]  # fmt: skip
    with (
        running(
            "vezne_host", serve, port=port, ready="/health/ready", log=house.folder / "shop.log"
        ) as checkout,
        running(
            "bench.reference", [str(other), str(workers)], port=other, ready="/reference",
            log=house.folder / "reference.log", environment={reference.URL: house.database_url},
        ) as beside,
    ):  # fmt: skip
        yield Shop(checkout, beside)


def _config(folder: Path, port: int, bank: int) -> Path:
    """Write the demo's configuration with our ports in it."""
    text = (ROOT / "plugins.toml").read_text()
    file = folder / "plugins.toml"
    file.write_text(text.replace("127.0.0.1:8001", f"127.0.0.1:{bank}").replace(":8000", f":{port}"))
    return file


async def _fill(config: Path, database_url: str) -> None:
    configuration = load(config, os.environ)
    await bring_up(configuration, database_url)
    await seed_demo(configuration, database_url)
    await reference.prepare(database_url)
    driver = await asyncpg.connect(database_url)
    try:
        await driver.execute("UPDATE stock SET quantity = $1 WHERE merchant = $2", STOCK, MERCHANT)
    finally:
        await driver.close()
