"""Fixtures: a whole shop as processes of its own, with the sandbox bank beside it.

Load after `vezne_host.testing.servers` and `vezne_host.testing.shop`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from redis import Redis

PATIENCE = 60.0


class House(Struct, frozen=True, kw_only=True):
    """Addresses of a running shop and of what stands behind it."""

    shop: str
    bank: str
    database_url: str
    redis_url: str
    log: Path
    """What the server processes have written."""

    def ledger(self, number: str | None = None) -> list[dict[str, Any]]:
        """Return what the bank has moved, for one order or in all."""
        query = {"order_number": number} if number else {}
        rows: list[dict[str, Any]] = httpx.get(f"{self.bank}/ledger", params=query).json()
        return rows


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str],
    log: Path,
    *,
    port: int | None = None,
    says: str = "",
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of ours as a process until the end of the block.

    :param port: what it has to listen at before the block begins.
    :param says: or what it has to write.
    """
    before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "vezne_host", *command],
            stdout=out, stderr=out, env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while not (_listens(port) if port else says in log.read_text()[before:]):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"vezne {' '.join(command)} did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.02)
        yield process
    finally:
        _end(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it has started; ask first."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Site:
    """Where a shop can be put up: its ports, its configuration, its database.

    In the configuration ``:8000`` stands for the shop and ``127.0.0.1:8001``
    for the bank. Bank, shop and worker are started and ended one by one, so
    that any of them can be killed and started again.
    """

    def __init__(self, folder: Path, config: str, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.shop_port, self.bank_port = free_port(), free_port()
        self.database_url, self.redis_url = database_url, redis_url
        self.log = folder / "server.log"
        self._file = folder / "plugins.toml"
        self._file.write_text(
            config.replace("127.0.0.1:8001", f"127.0.0.1:{self.bank_port}").replace(
                ":8000", f":{self.shop_port}"
            )
        )

    @property
    def house(self) -> House:
        """Where everything is."""
        return House(
            shop=f"http://127.0.0.1:{self.shop_port}",
            bank=f"http://127.0.0.1:{self.bank_port}",
            database_url=self.database_url,
            redis_url=self.redis_url,
            log=self.log,
        )

    def bank(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run the sandbox bank; its ledger survives a kill."""
        command = [
            "sandbox", "--port", str(self.bank_port), "--ledger", str(self.folder / "ledger.jsonl"),
        ]  # fmt: skip
        return running(command, self.folder / "bank.log", port=self.bank_port)

    def shop(
        self, *, workers: int = 1, environment: Mapping[str, str] | None = None
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run the server."""
        command = [*self._command("serve"), "--port", str(self.shop_port), "--workers", str(workers)]
        return running(command, self.log, port=self.shop_port, environment=environment)

    def worker(
        self, *, environment: Mapping[str, str] | None = None
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run the worker."""
        log = self.folder / "worker.log"
        return running(self._command("worker"), log, says="worker started", environment=environment)

    def _command(self, name: str) -> list[str]:
        return [
            name, "--config", str(self._file), "--database-url", self.database_url, "--redis-url",
            self.redis_url, "--messages", str(self.folder / "messages"),
        ]  # fmt: skip


@contextmanager
def housed(
    folder: Path, config: str, database_url: str, redis_url: str, *, workers: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[House]:  # fmt: skip
    """Run bank and shop with a configuration."""
    site = Site(folder, config, database_url, redis_url)
    with site.bank(), site.shop(workers=workers, environment=environment):
        yield site.house


@pytest.fixture(scope="session")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[House]:
    """Offer the demo shops, served by one process for the whole run; tests do not mind each other's rows."""
    config = (pytestconfig.rootpath / "plugins.toml").read_text()
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()  # limits that an earlier run has used up
    with (
        fresh_database() as database_url,
        housed(tmp_path_factory.mktemp("house"), config, database_url, session_redis_url) as running_house,
    ):
        yield running_house
