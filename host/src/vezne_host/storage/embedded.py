"""Embedded servers: PostgreSQL and Valkey as child processes in a folder, for the demo and for tests."""

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from vezne_host.storage import databases
from vezne_host.storage.postgres_process import PostgresProcess
from vezne_host.storage.valkey_process import ValkeyProcess

DATABASE = "vezne"


@dataclass(frozen=True)
class Servers:
    """Where to find PostgreSQL and Redis."""

    database_url: str
    redis_url: str


def default_folder() -> Path:
    """Return the folder of the user's embedded servers.

    `VEZNE_HOME` if set; else `$XDG_CACHE_HOME/vezne`, which is usually `~/.cache/vezne`; for root
    `/var/cache/vezne`, since PostgreSQL then runs as a system user that may not enter root's home.
    """
    if home := os.environ.get("VEZNE_HOME"):
        return Path(home).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/vezne")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "vezne"


class EmbeddedServers:
    """PostgreSQL and Valkey of one folder, started by the first user and stopped by the last.

    Several processes of one user may use a folder at once. A user that is killed counts as gone; when it was
    the last, the servers stay up until the next one leaves. PostgreSQL keeps its data between runs, Valkey
    nothing. `fast` turns durability off, for tests, and holds for the run that starts the servers.
    """

    def __init__(self, folder: Path | None = None, *, fast: bool = False) -> None:
        self.folder = (folder or default_folder()).absolute()
        self._postgres = PostgresProcess(self.folder, fast=fast)
        self._valkey = ValkeyProcess(self.folder)
        self._using: int | None = None
        self._process = os.getpid()

    def start(self) -> Servers:
        """Start what is not running yet and return where it is; raises `ServerNotStarted`.

        The caller is a user from here on, until `leave()`, `stop()` or the end of the process.
        """
        self._make_folder()
        with self._turn():
            if self._using is None:
                self._using = self._lock("users.lock", fcntl.LOCK_SH)
                self._process = os.getpid()
                atexit.register(self.leave)
            try:
                if not self._postgres.running():
                    self._postgres.start()
                if not self._valkey.running():
                    self._valkey.start()
                if DATABASE not in databases.database_names(self._postgres.url("postgres")):
                    self.create_database(DATABASE)
            except BaseException:
                self._forget(stop=True)
                raise
        return Servers(self._postgres.url(DATABASE), self._valkey.url())

    def leave(self) -> None:
        """Stop using the servers; the last user stops them.

        Does nothing when repeated, nor in a forked child: the share is its parent's.
        """
        if self._using is not None and self._process == os.getpid() and self.folder.exists():
            with self._turn():
                self._forget(stop=True)

    def stop(self) -> None:
        """Stop the servers, whoever else uses them."""
        if not self.folder.exists():
            return
        with self._turn():
            self._forget(stop=False)
            self._stop_servers()

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given, and return its URL."""
        return databases.create_database(self._postgres.url("postgres"), name, template)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, cutting off whoever is connected."""
        databases.drop_database(self._postgres.url("postgres"), name)

    def __enter__(self) -> Servers:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # the system user of PostgreSQL passes through to its own folder, and sees nothing on the way
            self.folder.chmod(self.folder.stat().st_mode | 0o001)

    def _forget(self, *, stop: bool) -> None:
        """Give up our share of the users' lock; stop the servers if it was the last. Call in our turn."""
        if self._using is None:
            return
        used, self._using = self._using, None
        atexit.unregister(self.leave)
        try:
            fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop = False
        if stop:
            self._stop_servers()
        # by name: a forked child may hold a copy of the descriptor
        fcntl.flock(used, fcntl.LOCK_UN)
        os.close(used)

    def _stop_servers(self) -> None:
        if self._valkey.running():
            self._valkey.stop()
        if self._postgres.running():
            self._postgres.stop()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be the only one who starts or stops the servers of this folder."""
        turn = self._lock("turn.lock", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(turn)

    def _lock(self, name: str, kind: int) -> int:
        lock = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, kind)
        return lock
