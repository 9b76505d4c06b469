"""Place checkouts while everything around them breaks, then compare the bank's books with ours.

    uv run python -m bench.chaos --minutes 10 --seed 1

Money is counted from the sandbox's ``/ledger``, orders by plain SQL. Nothing of
the host's payment code is imported. The run fails on any discrepancy, when a
kind of fault was never injected, or when too few orders were placed.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
from redis import Redis

from vezne_host.config import load
from vezne_host.database import bring_up, seed_demo
from vezne_host.servers import servers
from vezne_host.storage.databases import create_database, database_named, drop_database
from vezne_host.testing.house import House, Site
from vezne_host.testing.journey import Shopper
from vezne_host.testing.laws import asking, broken_laws

ROOT = Path(__file__).parents[1]
DATABASE = "vezne_chaos"

CARDS = ("5421190000000009",) * 6 + (
    "5421190000000017", "5421190000000041", "5421190000000058", "5421190000000066",
)  # fmt: skip
"""Most approve; some are declined, charged without an answer, never charged, or refused once."""

FAILPOINTS = ("before_claim", "after_claim", "after_resume", "after_charge", "before_place", "after_place")
BANK_FAULTS = ("delay", "error", "reset", "hang", "garbage")
NOTICES = ("after", "before", "doubled", "late", "forged")
AT_REST = 240.0
"""Seconds for everything to settle after the last fault."""


class Chaos:
    """The shop, its shoppers, and what is done to them."""

    def __init__(self, site: Site, seed: int, say: Callable[[str], None]) -> None:
        self._site = site
        self._random = random.Random(seed)
        self._say = say
        self._over = threading.Event()
        self._shop: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._stacks: dict[str, ExitStack] = {}
        self.injected: Counter[str] = Counter()
        self.attempted = 0
        self.seen = 0
        self._count = threading.Lock()

    @property
    def house(self) -> House:
        return self._site.house

    # Putting up and tearing down.

    def open(self, failpoint: str | None = None) -> None:
        """Start the server, armed to kill itself at a failpoint where one is named."""
        stack = self._stacks["shop"] = ExitStack()
        environment = {"VEZNE_FAILPOINT": failpoint} if failpoint else {}
        self._shop = stack.enter_context(self._site.shop(workers=2, environment=environment))

    def open_worker(self) -> None:
        """Start the worker."""
        stack = self._stacks["worker"] = ExitStack()
        self._worker = stack.enter_context(self._site.worker())

    def close(self) -> None:
        """End both."""
        for stack in self._stacks.values():
            stack.close()

    # Faults.

    def kill_server(self) -> None:
        _kill(self._shop)
        self._stacks["shop"].close()
        self.open()

    def kill_at_a_failpoint(self) -> None:
        """Start the server so that each of its processes dies the first time it comes by a line."""
        point = self._random.choice(FAILPOINTS)
        _kill(self._shop)
        self._stacks["shop"].close()
        self.open(point)
        time.sleep(2.5)
        self.kill_server()

    def kill_worker(self) -> None:
        _kill(self._worker)
        self._stacks["worker"].close()
        self.open_worker()

    def kill_connections(self) -> None:
        with asking(self.house.database_url) as ask:
            ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip

    def flush_cache(self) -> None:
        with Redis.from_url(self.house.redis_url) as client:
            client.flushdb()

    def spoil_bank(self) -> None:
        fault = {
            "kind": self._random.choice(BANK_FAULTS), "operation": "any",
            "calls": self._random.randint(1, 3), "when": self._random.choice(["before", "after"]),
            "seconds": 5,
        }  # fmt: skip
        self.injected[f"bank {fault['kind']} {fault['when']}"] += 1
        self._control("faults", fault)

    def send_notices(self) -> None:
        mode = self._random.choice(NOTICES)
        self.injected[f"notices {mode}"] += 1
        self._control("notice-mode", {"mode": mode, "seconds": 3})

    def _control(self, what: str, body: dict[str, object]) -> None:
        httpx.post(f"{self.house.bank}/control/{what}", json=body, timeout=10).raise_for_status()

    @property
    def faults(self) -> dict[str, Callable[[], None]]:
        """What can be done, by kind."""
        return {
            "server killed": self.kill_server,
            "server killed at a failpoint": self.kill_at_a_failpoint,
            "worker killed": self.kill_worker,
            "connections killed": self.kill_connections,
            "cache flushed": self.flush_cache,
            "bank spoilt": self.spoil_bank,
            "notices": self.send_notices,
        }

    # Shoppers.

    def shopping(self, seed: int) -> None:
        """Check out again and again, as people do whose shop sometimes does not answer."""
        chance = random.Random(seed)
        while not self._over.is_set():
            with closing(Shopper(self.house.shop, host="demo.localhost")) as shopper:
                try:
                    self._check_out(shopper, chance)
                except (httpx.HTTPError, AssertionError, KeyError, IndexError):
                    time.sleep(0.5 + chance.random())  # the shop does not answer; do not take its processor

    def _check_out(self, shopper: Shopper, chance: random.Random) -> None:
        with self._count:
            self.attempted += 1
        if chance.random() < 0.3:
            shopper.comes_to_payment()
            shopper.pays_by_transfer()
        else:
            shopper.comes_to_card(installment=chance.choice([1, 2, 3]))
            for _ in range(3):
                secure = chance.random() < 0.4
                shopper.pays_by_card(chance.choice(CARDS), use_three_d=int(secure))
                if shopper.pending == "CreditCardThreeDSecurePage":
                    back = shopper.types_otp("123456" if chance.random() < 0.8 else "000000")
                    if chance.random() < 0.1:
                        return  # closed the browser at the bank
                    for _ in range(chance.choice([1, 1, 2])):
                        shopper.comes_back(*back)
                    shopper.get()
                if shopper.pending == "ThankYouPage":
                    break
        if shopper.pending == "ThankYouPage":
            shopper.order()
            with self._count:
                self.seen += 1

    # The run.

    def run(self, minutes: float, shoppers: int, least: int) -> None:
        """Let shoppers shop and break things until the time is over, each kind of fault often enough."""
        crowd = [
            threading.Thread(target=self.shopping, args=(self._random.randrange(2**32),), daemon=True)
            for _ in range(shoppers)
        ]
        for one in crowd:
            one.start()
        until = time.monotonic() + minutes * 60
        kinds = list(self.faults)
        while time.monotonic() < until or min(self.injected[kind] for kind in kinds) < least:
            rare = [kind for kind in kinds if self.injected[kind] < least]
            kind = self._random.choice(rare or kinds)
            try:
                self.faults[kind]()
                self.injected[kind] += 1
            except httpx.HTTPError as error:
                self._say(f"  {kind}: {type(error).__name__}")
            self._say(
                f"  {kind} ({self.injected[kind]}); {self.seen} of {self.attempted} checkouts seen placed"
            )
            time.sleep(self._random.uniform(0.5, 2.0))
        self._over.set()
        for one in crowd:
            one.join(60)

    def settle(self) -> None:
        """Heal everything and wait until nothing is on its way any more."""
        httpx.delete(f"{self.house.bank}/control/faults", timeout=10)
        until = time.monotonic() + AT_REST
        while time.monotonic() < until:
            if self.on_its_way() == 0:
                return
            time.sleep(2)

    def on_its_way(self) -> int:
        """Count attempts of which it is not known yet how they end."""
        with asking(self.house.database_url) as ask:
            rows = ask(
                "SELECT count(*) AS n FROM payment_attempt "
                "WHERE state IN ('started', 'unknown', 'approved', 'paid_late', 'voiding')"
            )
        return int(rows[0]["n"])

    def orders(self) -> int:
        """Count orders by plain SQL."""
        with asking(self.house.database_url) as ask:
            return int(ask('SELECT count(*) AS n FROM "order"')[0]["n"])


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    """Kill a process and all it has started, at once."""
    if process is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def put_up(folder: Path, database_url: str | None, redis_url: str | None) -> Iterator[Site]:
    """Make a database of the run's own and a site on it."""
    configuration = load(ROOT / "plugins.toml")
    with servers(configuration.host, database_url, redis_url) as addresses:
        drop_database(addresses.database_url, DATABASE)
        create_database(addresses.database_url, DATABASE)
        url = database_named(addresses.database_url, DATABASE)
        asyncio.run(bring_up(configuration, url))
        asyncio.run(seed_demo(configuration, url))
        with asking(url) as ask:
            ask("UPDATE stock SET quantity = 1000000")
        config = (ROOT / "plugins.toml").read_text()
        config = config.replace("timeout = 3.0", "timeout = 1.0").replace(
            "settles_after = 10.0", "settles_after = 8.0"
        )
        try:
            yield Site(folder, config, url, addresses.redis_url)
        finally:
            drop_database(addresses.database_url, DATABASE)


@click.command()
@click.option("--minutes", default=1.0, show_default=True, help="How long, at least.")
@click.option("--seed", default=1, show_default=True)
@click.option("--shoppers", default=8, show_default=True, help="How many at a time.")
@click.option("--each", default=20, show_default=True, help="Every kind of fault at least so often.")
@click.option("--orders", "enough", default=500, show_default=True, help="Fewer orders fail the run.")
@click.option("--database-url", envvar="VEZNE_TEST_DATABASE_URL")
@click.option("--redis-url", envvar="VEZNE_TEST_REDIS_URL")
def main(
    minutes: float, seed: int, shoppers: int, each: int, enough: int, database_url: str | None,
    redis_url: str | None,
) -> None:  # fmt: skip
    """Break everything around checkouts, and count money and orders afterwards."""
    with (
        TemporaryDirectory(prefix="vezne-chaos-") as folder,
        put_up(Path(folder), database_url, redis_url) as site,
        site.bank(),
    ):
        chaos = Chaos(site, seed, click.echo)
        try:
            chaos.open()
            chaos.open_worker()
            chaos.run(minutes, shoppers, each)
            click.echo("healed; waiting for everything to settle …")
            chaos.settle()
            left, placed = chaos.on_its_way(), chaos.orders()
            broken = broken_laws(site.house)
        finally:
            chaos.close()
    click.echo(f"\nfaults: {dict(chaos.injected)}")
    click.echo(f"checkouts attempted {chaos.attempted}, orders {placed}, not settled {left}")
    for law in broken:
        click.secho(law, fg="red")
    never = [kind for kind in chaos.faults if not chaos.injected[kind]]
    failed = [
        *([f"{len(broken)} discrepancies"] if broken else []),
        *([f"{left} attempts did not settle"] if left else []),
        *([f"never injected: {', '.join(never)}"] if never else []),
        *([f"{placed} orders, {enough} were asked for"] if placed < enough else []),
    ]
    if failed:
        click.secho("; ".join(failed), fg="red")
        sys.exit(1)
    click.secho("discrepancies 0", fg="green")


if __name__ == "__main__":
    main()
