"""What the embedded servers share: where a wheel keeps its programs, running one, saying why it failed."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class ServerNotStarted(RuntimeError):
    """An embedded server cannot run here; the text is for the operator: place, fact, remedy."""


@dataclass(frozen=True)
class Account:
    """The system user a child runs as, which is not ours."""

    name: str
    uid: int
    gid: int


def wheel_folder(package: str, distribution: str) -> Path:
    """Return the folder of an optional package without importing it; importing starts more than we need."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerNotStarted(
            f"embedded servers: the package {distribution} is not installed; "
            "install vezne-host[embedded], or pass --database-url and --redis-url"
        )
    return Path(spec.origin).parent


def run(
    place: str, command: Sequence[str | Path], account: Account | None = None, log: Path | None = None
) -> None:
    """Run a program to its end, or raise `ServerNotStarted` with what it and its log said last."""
    # a file and not a pipe: the server that the program leaves behind would hold the pipe open
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - our own programs and arguments
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode == 0:
            return
        output.seek(0)
        said = output.read().decode(errors="replace")
    raise ServerNotStarted(f"{place}: {Path(command[0]).name} failed: {said.strip()[-800:]}{last_lines(log)}")


def last_lines(log: Path | None) -> str:
    """Return the end of a server's log, to put behind an error."""
    if log is None or not log.exists():
        return ""
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    return f"\n{log} ends with:\n{tail}"
