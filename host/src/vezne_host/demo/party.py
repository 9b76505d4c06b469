"""The demo: every server of a shop, started together and ended together."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from vezne_core import VezneError
from vezne_host.asgi import OPTIONS, make
from vezne_host.config import Configuration
from vezne_host.database import bring_up, seed_demo
from vezne_host.demo.walk import Walk
from vezne_host.log import set_up
from vezne_host.process import working
from vezne_host.servers import Addresses, servers
from vezne_host.storage.databases import create_database, database_named, database_names, drop_database
from vezne_host.storage.embedded import default_folder
from vezne_host.worker.process import Worker

Say = Callable[[str], None]

WRITTEN_SHOP, WRITTEN_BANK = ":8000", "127.0.0.1:8001"
"""What plugins.toml says of the addresses of shop and bank; the demo puts its own in their place."""
DATABASE = "vezne_demo"
PATIENCE = 30.0
"""Seconds for a server to answer after its start."""

TRY = """
Try:
  curl -s localhost:{port}/health/ready
  curl -s -c jar -b jar localhost:{port}/csrf_token/
  curl -s -c jar -b jar -H 'X-Requested-With: XMLHttpRequest' localhost:{port}/orders/checkout/
"""


class Trouble(VezneError):
    """A server of the demo could not be started."""


class Party:
    """Starts the servers of the demo, in the order in which they need each other."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        database_url: str | None,
        redis_url: str | None,
        port: int,
        sandbox_port: int,
        say: Say,
    ) -> None:
        self._configuration = moved(configuration, port, sandbox_port)
        self._database_url = database_url
        self._redis_url = redis_url
        self._port = port
        self._sandbox_port = sandbox_port
        self._say = say

    @property
    def _shop(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def walk(self, *, keep: bool) -> None:
        """Drive one checkout and end.

        :raises WalkFailed: no order came out.
        """
        set_up(level=40)
        with self._everything(keep):
            walk = Walk(self._shop, self._say)
            try:
                walk.run()
            finally:
                walk.close()

    def serve(self, *, keep: bool) -> None:
        """Serve until the process is told to stop."""
        set_up()
        with self._everything(keep) as server:
            self._say(
                f"\nThe demo shop is at {self._shop}, its bank at http://127.0.0.1:{self._sandbox_port}"
            )
            self._say(TRY.format(port=self._port))
            try:
                while server.is_alive():
                    server.join(0.5)
            except KeyboardInterrupt:
                self._say("stopping")

    @contextmanager
    def _everything(self, keep: bool) -> Iterator[threading.Thread]:
        for port in (self._port, self._sandbox_port):
            _must_be_free(port)
        with ExitStack() as stack:
            self._say("starting PostgreSQL and Valkey …")
            addresses = stack.enter_context(
                servers(self._configuration.host, self._database_url, self._redis_url)
            )
            addresses = self._own_database(addresses, keep)
            self._say("bringing the database up to date …")
            asyncio.run(self._fill(addresses, keep))
            stack.enter_context(self._bank())
            messages = default_folder() / "messages"
            self._say(f"mails and text messages go to {messages}")
            worker = stack.enter_context(
                Worker(
                    addresses.database_url,
                    addresses.redis_url,
                    working(self._configuration, addresses, messages=messages),
                    threads=2,
                )
            )
            yield stack.enter_context(self._server(addresses, messages, worker.nudge))

    def _own_database(self, addresses: Addresses, keep: bool) -> Addresses:
        """Use a database of the demo's own where the server is ours: made anew unless it is kept."""
        if self._database_url is not None or self._configuration.host.database_url is not None:
            return addresses
        url = addresses.database_url
        if not keep:
            drop_database(url, DATABASE)
        if DATABASE not in database_names(url):
            create_database(url, DATABASE)
        return msgspec.structs.replace(addresses, database_url=database_named(url, DATABASE))

    async def _fill(self, addresses: Addresses, keep: bool) -> None:
        applied = await bring_up(self._configuration, addresses.database_url)
        if applied or not keep:
            self._say("loading the demo shop …")
            await seed_demo(self._configuration, addresses.database_url, lambda text: self._say(f"  {text}"))

    @contextmanager
    def _bank(self) -> Iterator[None]:
        self._say(f"starting the sandbox bank at port {self._sandbox_port} …")
        command = [sys.executable, "-m", "vezne_host", "sandbox", "--port", str(self._sandbox_port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        try:
            _answers(self._sandbox_port, "the sandbox bank", lambda: process.poll() is None)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def _server(
        self, addresses: Addresses, messages: Path, nudge: Callable[[], None]
    ) -> Iterator[threading.Thread]:
        self._say(f"starting the server at port {self._port} …")
        app = make(self._configuration, addresses, messages=messages, nudge=nudge)
        config = uvicorn.Config(app, host="127.0.0.1", port=self._port, **OPTIONS)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, name="server", daemon=True)
        thread.start()
        try:
            _answers(self._port, "the server", thread.is_alive)
            yield thread
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def moved(configuration: Configuration, port: int, sandbox_port: int) -> Configuration:
    """Return the configuration with the addresses of this demo in the place of the written ones."""
    bank = f"127.0.0.1:{sandbox_port}"

    def rewritten(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(WRITTEN_BANK, bank)
        if isinstance(value, dict):
            return {key: rewritten(each) for key, each in value.items()}
        return [rewritten(each) for each in value] if isinstance(value, list) else value

    merchants = {
        name: msgspec.structs.replace(
            merchant,
            public_url=merchant.public_url and merchant.public_url.replace(WRITTEN_SHOP, f":{port}"),
            settings=rewritten(merchant.settings),
        )
        for name, merchant in configuration.merchants.items()
    }
    inside = tuple(place.replace(WRITTEN_BANK, bank) for place in configuration.host.allow_inside)
    host = msgspec.structs.replace(configuration.host, allow_inside=inside)
    return msgspec.structs.replace(configuration, host=host, merchants=merchants)


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(f"port {port} is taken; choose others with --port and --sandbox-port") from None


def _answers(port: int, what: str, alive: Callable[[], bool]) -> None:
    """Wait until something listens.

    :raises Trouble: it ended, or took too long.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not alive():
            raise Trouble(f"{what} ended while starting; its own messages stand above")
        time.sleep(0.05)
    raise Trouble(f"{what} does not answer at port {port} after {PATIENCE:.0f} s")
