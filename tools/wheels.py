"""Build every wheel, and use each where nothing is installed but core and what it declares.

``wheels.py build FOLDER`` builds into a folder; ``wheels.py check FOLDER`` makes one empty environment per
wheel found there, and one of all of them, in which the demo merchants must be sound. Versions are those of
uv.lock, so that the answer is the same tomorrow.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

from workspace import ROOT, Distribution, distributions

CORE = "vezne_core"
ALONE = Path(__file__).with_name("alone.py")


def uv(*arguments: str | Path) -> str:
    """Run uv in the workspace and return what it printed; its complaints go where ours go."""
    done = subprocess.run(["uv", *arguments], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


def build(folder: Path) -> None:
    """Build all wheels of the workspace."""
    uv("build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder)
    for distribution in distributions():
        wheel = built(folder, distribution)
        complete(wheel, distribution)
        print(wheel.name)


def built(folder: Path, distribution: Distribution) -> Path:
    """Return the wheel of a distribution."""
    (wheel,) = folder.glob(f"{distribution.name.replace('-', '_')}-*.whl")
    return wheel


def complete(wheel: Path, distribution: Distribution) -> None:
    """Compare a wheel with its source: texts, migrations and py.typed are easily left behind."""
    source = distribution.source
    expected = {
        file.relative_to(source.parent).as_posix()
        for file in source.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    packed = {name for name in names if ".dist-info/" not in name}
    if packed != expected:
        raise SystemExit(f"{wheel.name}: not as its source: {sorted(packed ^ expected)}")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        raise SystemExit(f"{wheel.name}: carries no licence; link LICENSE into {distribution.folder}")


def check(folder: Path) -> None:
    """Install each wheel with core's alone and import all of it; then open a shop with all of them."""
    everything = distributions()
    wheels = {distribution.package: built(folder, distribution) for distribution in everything}
    with tempfile.TemporaryDirectory() as scratch:
        locked = Path(scratch) / "locked.txt"
        locked.write_text(
            uv("export", "--quiet", "--all-packages", "--all-extras", "--no-emit-workspace", "--no-hashes")
        )
        for distribution in everything:
            home = Path(scratch) / distribution.package
            installed(home, dict.fromkeys([wheels[CORE], wheels[distribution.package]]), locked)
            plugin = [distribution.folder.name] if distribution.is_plugin else []
            tried(home, "python", "-I", ALONE, distribution.package, *plugin)
        home = Path(scratch) / "shop"
        installed(home, wheels.values(), locked)
        tried(home, "vezne", "check", "--config", ROOT / "plugins.toml")


def installed(home: Path, wheels: Iterable[Path], locked: Path) -> None:
    """Make an environment of wheels and what they declare."""
    uv("venv", "--quiet", "--no-project", "--python", sys.executable, home)
    uv("pip", "install", "--quiet", "--python", home / "bin" / "python", "--constraints", locked, *wheels)


def tried(home: Path, program: str, *arguments: str | Path) -> None:
    """Run a program of an environment; stop where it fails."""
    if subprocess.run([home / "bin" / program, *arguments], cwd=home, check=False).returncode:
        raise SystemExit(f"{home.name}: {program} failed in its own environment")


def main() -> None:
    """Do what the command line names."""
    match sys.argv[1:]:
        case ["build", folder]:
            build(Path(folder).absolute())
        case ["check", folder]:
            check(Path(folder).absolute())
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
