"""Whose tables migrate by themselves: the host's, and those of every plugin that owns some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from msgspec import Struct

from vezne_core import Problem, Refused
from vezne_host.culprit import told

HOST = "host"
MIGRATIONS = Path(__file__).with_name("migrations")


class Branch(Struct, frozen=True):
    """A line of revisions with a version table of its own.

    A plugin that is switched off leaves its tables and its version behind, and
    neither is in anybody's way; switched on again it goes on from there.
    """

    name: str
    folder: Path

    @property
    def place(self) -> str:
        """What the places of its problems begin with."""
        return "migrations of the host" if self.name == HOST else f"migrations of plugin {self.name}"

    @property
    def version_table(self) -> str:
        """Where the database keeps the revision that it is at."""
        return f"alembic_version_{self.name}"

    def config(self) -> Config:
        """Return what Alembic wants to know; the connection is added by who runs it."""
        config = Config(attributes={"version_table": self.version_table, "on_version_apply": ()})
        for option, value in {
            "script_location": str(MIGRATIONS),
            "version_locations": str(self.folder),
            "path_separator": "newline",
        }.items():
            config.set_main_option(option, value.replace("%", "%%"))
        return config

    def script(self) -> ScriptDirectory:
        """Read the revisions.

        :raises Refused: they cannot be read, end in several heads, or are not on a branch of this name.
        """
        script = ScriptDirectory.from_config(self.config())
        try:
            heads = script.get_heads()
            bases = [script.get_revision(base) for base in script.get_bases()]
        except (CommandError, RevisionError) as error:
            raise Refused([Problem(self.place, str(error))]) from error
        except Exception as error:  # a revision is a module: anything may happen at its import
            raise Refused([Problem(self.place, f"cannot be imported: {told(error, __file__)}")]) from error
        if len(heads) > 1:
            raise Refused(
                [Problem(self.place, f"end in several heads: {', '.join(sorted(heads))}", "merge them")]
            )
        if any(self.name not in base.branch_labels for base in bases):
            raise Refused(
                [
                    Problem(
                        self.place,
                        "the first revision is not on a branch named as the plugin",
                        f'write branch_labels = ("{self.name}",) in it',
                    )
                ]
            )
        return script


def branches(plugins: Mapping[str, str]) -> Iterator[Branch]:
    """Yield the host's branch and those of the plugins whose package has a ``migrations`` folder.

    :param plugins: import names of packages, by plugin.
    """
    yield Branch(HOST, MIGRATIONS / "versions")
    for name, package in plugins.items():
        spec = find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            folder = Path(location) / "migrations"
            if folder.is_dir():
                yield Branch(name, folder)
