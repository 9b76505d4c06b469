"""Servers as processes of their own: started, waited for, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

from msgspec import Struct

PATIENCE = 120.0
ROOT = Path(__file__).parent.parent


class NotStarted(Exception):
    """A server did not answer; carries what it has written."""


class Server(Struct, frozen=True):
    """A server at work."""

    pid: int
    port: int
    started_in: float
    """Seconds from the command to the first answer."""


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    module: str,
    arguments: Sequence[str],
    *,
    port: int,
    ready: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a module of ours as a server until the end of the block.

    :param ready: path that is answered with 200 once it serves.
    :raises NotStarted: it ended, or is not ready in time.
    """
    began = monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=out, stderr=out, cwd=ROOT, env={**os.environ, **(environment or {})},
            start_new_session=True,
        )  # fmt: skip
    try:
        while not _answers(port, ready):
            if process.poll() is not None or monotonic() > began + PATIENCE:
                raise NotStarted(f"{module} {' '.join(arguments)} does not serve:\n{log.read_text()[-4000:]}")
            sleep(0.01)
        yield Server(process.pid, port, monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
