"""One measurement: a load for some seconds, and what it cost whom."""

from __future__ import annotations

import subprocess
import sys

import msgspec
from msgspec import Struct

from bench import books, process
from bench.books import Balance
from bench.house import House, Shop
from bench.load import Task, Told
from bench.server import ROOT


class Figures(Struct, frozen=True, kw_only=True):
    """What was measured."""

    processes: int
    concurrency: int
    kind: str
    told: Told
    server: float
    """Seconds of the processor, here and below."""
    postgres: float
    bank: float
    balance: Balance | None = None

    @property
    def requests(self) -> float:
        """Return the requests answered in a second."""
        return self.told.in_time / self.told.seconds

    @property
    def rate(self) -> float:
        """Return the checkouts made in a second; of what is no checkout, the requests."""
        return self.requests / (self.per_checkout if self.balance else 1)

    @property
    def each(self) -> int:
        """Return over how many the costs are spread: checkouts, or requests."""
        return max(self.told.checkouts or self.told.requests, 1)

    @property
    def per_checkout(self) -> float:
        """Return the requests of a checkout."""
        return self.told.requests / max(self.told.checkouts, 1)


def measured(
    house: House, shop: Shop, processes: int, concurrency: int, kind: str, seconds: float
) -> Figures:
    """Put a load on the shop, or on the reference."""
    buys = kind in ("transfer", "card")
    server = shop.checkout if buys else shop.reference
    page = books.opened(house.database_url) if buys else None
    watched = (server.pid, house.postgres, house.bank.pid)
    before = [process.seconds(pid) for pid in watched]
    told = _loaded(Task(kind=kind, port=server.port, concurrency=concurrency, seconds=seconds))
    used = [process.seconds(pid) - earlier for pid, earlier in zip(watched, before, strict=True)]
    return Figures(
        processes=processes,
        concurrency=concurrency,
        kind=kind,
        told=told,
        server=used[0],
        postgres=used[1],
        bank=used[2],
        balance=books.closed(house.database_url, page, told.orders) if page else None,
    )


def _loaded(task: Task) -> Told:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(task), stdout=subprocess.PIPE, cwd=ROOT, check=True,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Told)
