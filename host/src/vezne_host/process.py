"""Everything that a serving process holds open, from the first connection to the last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from vezne_core import Problem, Refused
from vezne_core.catalogue import RECORDS
from vezne_host.catalogue import Snapshot
from vezne_host.config import Configuration
from vezne_host.discovery import Found, load_plugins
from vezne_host.inspection import texts_of
from vezne_host.payments.expiry import Expiry
from vezne_host.payments.reconciler import Reconciler
from vezne_host.runtime import MerchantRuntime, Process
from vezne_host.servers import Addresses
from vezne_host.services.clock import SystemClock
from vezne_host.services.http import OutboundHttp
from vezne_host.services.mail import FolderMail
from vezne_host.services.sms import FolderSms
from vezne_host.storage.lane import Lane
from vezne_host.storage.migrate import pending
from vezne_host.storage.saved_cards import SavedCardTable
from vezne_host.storage.watcher import ConfigurationWatcher
from vezne_host.worker.job import Job
from vezne_host.worker.process import Work
from vezne_host.worker.shop import Shop
from vezne_host.worker.tasks import Tasks

log = structlog.get_logger()

CACHE_CONNECTIONS = 64
CACHE_SECONDS = 1.0


class Serving(Struct, frozen=True):
    """A process at work.

    ``merchants`` are by host; one that cannot start is there with its problems.
    """

    process: Process
    merchants: Mapping[str, MerchantRuntime | Refused]
    runtimes: Mapping[str, MerchantRuntime]


@asynccontextmanager
async def serving(
    configuration: Configuration,
    addresses: Addresses,
    lane: Lane,
    *,
    messages: Path,
    nudge: Callable[[], None] = lambda: None,
    merchants: dict[str, MerchantRuntime | Refused] | None = None,
) -> AsyncIterator[Serving]:
    """Open connections, assemble every merchant and follow changes of their configuration.

    :param messages: folder that mails and text messages are put into.
    :param nudge: called when there is something to tell.
    :param merchants: where to put them by host; a merchant that opens later is there later.
    :raises Refused: the database is not there or behind; wrong merchants do not raise.
    """
    found = load_plugins(configuration.plugins)
    packages = {name: installed.package for name, installed in found.plugins.items()}
    if behind := await pending(addresses.database_url, packages):
        raise Refused(behind)
    async with AsyncExitStack() as stack:
        redis = cache_at(addresses.redis_url)
        stack.push_async_callback(redis.aclose)
        http = OutboundHttp(allow_inside=configuration.host.allow_inside)
        stack.push_async_callback(http.aclose)
        process = Process(
            settings=configuration.host,
            installed=found.plugins,
            texts=texts_of(found),
            lane=lane,
            redis=redis,
            http=http,
            clock=SystemClock(),
            mail=FolderMail(messages),
            sms=FolderSms(messages),
            saved_cards=SavedCardTable(lane),
            nudge=nudge,
        )
        house = _House(configuration, found, process, {} if merchants is None else merchants)
        watcher = ConfigurationWatcher(lane, dict.fromkeys(house.able, RECORDS), house.accept)
        await stack.enter_async_context(watcher.watching())
        for name, problems in watcher.refused.items():
            house.refuse(name, problems)
        stack.push_async_callback(_drain, house.runtimes)
        yield Serving(process, house.by_host, house.runtimes)


def working(
    configuration: Configuration, addresses: Addresses, *, messages: Path
) -> Callable[[Lane], AbstractAsyncContextManager[Work]]:
    """Return what opens the work of a worker: the consumers of every merchant's events."""

    @asynccontextmanager
    async def open_work(lane: Lane) -> AsyncIterator[Work]:
        async with serving(configuration, addresses, lane, messages=messages) as served:
            reconciler = Reconciler(lane, served.runtimes)
            expiry = Expiry(lane, served.runtimes)
            tasks = Tasks(lane, served.runtimes)
            jobs = (
                Job("reconciler", reconciler.run), Job("expiry", expiry.run), Job("tasks", tasks.run)
            )  # fmt: skip
            yield Work(_Shops(served.runtimes), jobs=jobs)

    return open_work


class _Shops(Mapping[str, Shop]):
    """The merchants as consumers see them; a merchant that opens later is there later."""

    def __init__(self, runtimes: Mapping[str, MerchantRuntime]) -> None:
        self._runtimes = runtimes

    def __getitem__(self, name: str) -> Shop:
        return Shop.of(self._runtimes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._runtimes)

    def __len__(self) -> int:
        return len(self._runtimes)


class _House:
    """The merchants of a process; each is assembled when its configuration comes, and anew accepted later."""

    def __init__(
        self,
        configuration: Configuration,
        found: Found,
        process: Process,
        by_host: dict[str, MerchantRuntime | Refused],
    ) -> None:
        self._configuration = configuration
        self._process = process
        self.by_host = by_host
        self.runtimes: dict[str, MerchantRuntime] = {}
        self.able: list[str] = []
        for name, merchant in configuration.merchants.items():
            problems = [found.problems[plugin] for plugin in merchant.plugins if plugin in found.problems]
            problems += configuration.refused.get(name, ())
            if problems:
                self.refuse(name, tuple(problems))
            else:
                self.able.append(name)

    def refuse(self, name: str, problems: tuple[Problem, ...]) -> None:
        """Close a shop that cannot open, and say why; one that serves already goes on."""
        if name in self.runtimes:
            return
        for problem in problems:
            log.error("merchant refused", merchant=name, problem=str(problem))
        for host in self._configuration.merchants[name].hosts:
            self.by_host[host] = Refused(problems)

    def accept(self, name: str, snapshot: Snapshot) -> None:
        """Open a shop with its first configuration; later ones take the place of the last.

        :raises Refused: it does not fit.
        """
        runtime = self.runtimes.get(name)
        if runtime is not None:
            runtime.accept(snapshot)
            return
        merchant = self._configuration.merchants[name]
        runtime = MerchantRuntime(merchant, self._process, snapshot)
        self.runtimes[name] = runtime
        for host in merchant.hosts:
            self.by_host[host] = runtime


async def _drain(runtimes: Mapping[str, MerchantRuntime]) -> None:
    """Let payments that are on their way come to their end."""
    for runtime in runtimes.values():
        await runtime.runner.drain()


def cache_at(url: str) -> Redis:
    """Connect to Redis or Valkey so that a server that is away costs little time."""
    return Redis.from_url(
        url,
        max_connections=CACHE_CONNECTIONS,
        socket_timeout=CACHE_SECONDS,
        socket_connect_timeout=CACHE_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
