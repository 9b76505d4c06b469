"""How commands work on a shop that may be serving at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from getpass import getuser
from pathlib import Path
from typing import Any, TypeVar

import click

from vezne_core import Problem, Refused
from vezne_host.cli.option import configuration, fail, tell
from vezne_host.config import Configuration
from vezne_host.log import set_up
from vezne_host.process import serving
from vezne_host.runtime import MerchantRuntime
from vezne_host.servers import Addresses, servers
from vezne_host.storage.dossier import merchants_of
from vezne_host.storage.embedded import default_folder
from vezne_host.storage.lane import Away, Lane, opened

T = TypeVar("T")

NOT_KNOWN = 3
"""Exit code of a command of which it is not known yet how it ends."""


def actor() -> str:
    """Name who works, for the audit."""
    return f"command {getuser()}"


class Operation:
    """One command's work on the database of a configuration.

    :param merchant: the only one it is about; None leaves that to what it is about.
    """

    def __init__(
        self, config: Path, database_url: str | None, redis_url: str | None, merchant: str | None
    ) -> None:
        self._configuration = configuration(config)
        self._database_url = database_url
        self._redis_url = redis_url
        self._merchant = merchant
        if merchant is not None and merchant not in self._configuration.merchants:
            raise fail(Problem("--merchant", f"there is no merchant {merchant}", f"known: {self._known}"))

    @property
    def merchants(self) -> list[str]:
        """The merchants it is about."""
        return [self._merchant] if self._merchant else list(self._configuration.merchants)

    @property
    def _known(self) -> str:
        return ", ".join(self._configuration.merchants)

    def only(self) -> str:
        """Return the one merchant it is about; the command ends where several are meant."""
        if len(self.merchants) != 1:
            raise fail(Problem("--merchant", "several merchants are served", f"name one: {self._known}"))
        return self.merchants[0]

    def on_database(self, work: Callable[[Lane], Awaitable[T]]) -> T:
        """Work with the database alone."""

        async def run(database_url: str, _: Any) -> T:
            async with opened(database_url, size=2, rest=1) as lane:
                return await work(lane)

        return self._run(run, needs_redis=False)

    def on_order(self, number: str, work: Callable[[MerchantRuntime], Awaitable[T]]) -> T:
        """Work with the runtime of the merchant who has an order of this number."""
        return self._on_runtime(lambda lane: self.owner(lane, number), work)

    def on_merchant(self, work: Callable[[MerchantRuntime], Awaitable[T]]) -> T:
        """Work with the runtime of the one merchant it is about."""
        merchant = self.only()

        async def named(lane: Lane) -> str:
            return merchant

        return self._on_runtime(named, work)

    async def owner(self, lane: Lane, number: str) -> str:
        """Return the merchant who has an order; the command ends where there is none, or more than one."""
        owners = await merchants_of(lane, number, self.merchants)
        if len(owners) == 1:
            return owners[0]
        fact = f"merchants {', '.join(owners)} have one" if owners else "there is no such order"
        remedy = "name one with --merchant" if owners else ""
        raise fail(Problem(f"order {number}", fact, remedy))

    def _on_runtime(
        self, named: Callable[[Lane], Awaitable[str]], work: Callable[[MerchantRuntime], Awaitable[T]]
    ) -> T:
        async def run(database_url: str, redis_url: str) -> T:
            async with AsyncExitStack() as stack:
                lane = await stack.enter_async_context(opened(database_url, size=4, rest=2))
                merchant = await named(lane)
                mine = _alone(self._configuration, merchant)
                there = Addresses(database_url, redis_url)
                messages = default_folder() / "messages"
                served = await stack.enter_async_context(serving(mine, there, lane, messages=messages))
                runtime = served.runtimes.get(merchant)
                if runtime is None:
                    refused = next(iter(served.merchants.values()), None)
                    tell(refused.problems if isinstance(refused, Refused) else ())
                    raise SystemExit(1)
                return await work(runtime)

        return self._run(run, needs_redis=True)

    def _run(self, run: Callable[[str, str], Awaitable[T]], *, needs_redis: bool) -> T:
        set_up(level=logging.ERROR)
        redis_url = self._redis_url if needs_redis else "redis://unused"
        try:
            with servers(self._configuration.host, self._database_url, redis_url) as addresses:
                return asyncio.run(_awaited(run(addresses.database_url, addresses.redis_url)))
        except Refused as refused:
            tell(refused.problems)
        except Away as error:
            tell([Problem("database", f"cannot be reached: {error}", "see that it runs; then ask again")])
        raise SystemExit(1)


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _alone(configured: Configuration, merchant: str) -> Configuration:
    """Leave the other merchants out: what is wrong with them is nothing to this command."""
    merchants = {name: each for name, each in configured.merchants.items() if name == merchant}
    return Configuration(configured.host, merchants)


def refuse(fact: str, remedy: str) -> SystemExit:
    """Print why something was not done; raise what this returns."""
    click.secho(f"✗ {fact}", fg="red", err=True)
    if remedy:
        click.echo(f"    → {remedy}", err=True)
    return SystemExit(1)
