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
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from redis import Redis

PATIENCE = 30.0


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
    command: list[str], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of ours as a process and wait until it answers; end it afterwards."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "vezne_host", *command],
            stdout=out, stderr=out, env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"vezne {' '.join(command)} did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def housed(
    folder: Path, config: str, database_url: str, redis_url: str, *, workers: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[House]:  # fmt: skip
    """Run bank and shop with a configuration, in which ``:8000`` and ``127.0.0.1:8001`` stand for them."""
    shop, bank = free_port(), free_port()
    file = folder / "plugins.toml"
    file.write_text(config.replace("127.0.0.1:8001", f"127.0.0.1:{bank}").replace(":8000", f":{shop}"))
    log = folder / "server.log"
    serve = [
        "serve", "--config", str(file), "--database-url", database_url, "--redis-url", redis_url,
        "--port", str(shop), "--workers", str(workers), "--messages", str(folder / "messages"),
    ]  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(running(["sandbox", "--port", str(bank)], bank, folder / "bank.log"))
        stack.enter_context(running(serve, shop, log, environment))
        yield House(
            shop=f"http://127.0.0.1:{shop}",
            bank=f"http://127.0.0.1:{bank}",
            database_url=database_url,
            redis_url=redis_url,
            log=log,
        )


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
