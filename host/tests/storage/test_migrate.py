import asyncio
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from vezne_core import Refused
from vezne_host.storage.branch import Branch, branches
from vezne_host.storage.migrate import LOCK, Applied, differences, pending, upgrade
from vezne_host.storage.tables import metadata

pytestmark = pytest.mark.anyio

FIRST = """
    import sqlalchemy as sa
    from alembic import op

    revision = "lockers_0001"
    down_revision = None
    branch_labels = ("lockers",)


    def upgrade():
        op.create_table("locker", sa.Column("merchant", sa.Text), sa.Column("pk", sa.Integer),
                        sa.PrimaryKeyConstraint("merchant", "pk"))
"""
SECOND = """
    import sqlalchemy as sa
    from alembic import op

    revision = "lockers_0002"
    down_revision = "lockers_0001"


    def upgrade():
        op.add_column("locker", sa.Column("name", sa.Text))
"""
INDEX = """
    from alembic import op

    revision = "lockers_0003"
    down_revision = "lockers_0002"


    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("ix_locker_name", "locker", ["name"], postgresql_concurrently=True)
"""
FAILING = """
    from alembic import op

    revision = "lockers_0003"
    down_revision = "lockers_0002"


    def upgrade():
        op.execute("CREATE TABLE half (pk int)")
        op.execute("ALTER TABLE nowhere ADD x int")
"""

UPGRADE = """
import asyncio, sys
from vezne_host.storage.migrate import upgrade
print(sorted(each.revision for each in asyncio.run(upgrade(sys.argv[1]))))
"""


@pytest.fixture
async def outside(empty_database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


class Package:
    """An installed package with a migrations folder."""

    def __init__(self, folder: Path) -> None:
        self.migrations = folder / "lockers_package" / "migrations"
        self.migrations.mkdir(parents=True)
        (self.migrations.parent / "__init__.py").touch()

    def write(self, **revisions: str) -> dict[str, str]:
        for name, code in revisions.items():
            (self.migrations / f"{name}.py").write_text(textwrap.dedent(code))
        return {"lockers": "lockers_package"}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    monkeypatch.syspath_prepend(tmp_path)
    return Package(tmp_path)


async def tables(connection: Any) -> set[str]:
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows}


async def test_migrated_database_is_what_the_tables_say(empty_database_url: str, outside: Any) -> None:
    await upgrade(empty_database_url)

    assert await differences(empty_database_url, metadata) == []
    assert await tables(outside) == {*metadata.tables, "alembic_version_host"}


async def test_difference_between_database_and_tables_is_seen(empty_database_url: str, outside: Any) -> None:
    await upgrade(empty_database_url)
    await outside.execute("ALTER TABLE stock ALTER quantity TYPE bigint, ALTER allocated DROP DEFAULT")
    await outside.execute('DROP INDEX ix_order_user; ALTER TABLE "order" ADD loose text')

    assert len(await differences(empty_database_url, metadata)) == 4


async def test_upgrade_tells_what_it_applied_and_may_be_repeated(empty_database_url: str) -> None:
    assert await upgrade(empty_database_url) == (Applied("host", "host_0001"),)
    assert await upgrade(empty_database_url) == ()


async def test_pending_names_what_is_missing_and_the_remedy(
    empty_database_url: str, package: Package
) -> None:
    plugins = package.write(first=FIRST)
    assert [str(problem) for problem in await pending(empty_database_url, plugins)] == [
        "migrations of the host: the database is at none and needs host_0001; run vezne db upgrade",
        "migrations of plugin lockers: the database is at none and needs lockers_0001; run vezne db upgrade",
    ]

    await upgrade(empty_database_url, plugins)
    assert await pending(empty_database_url, plugins) == ()

    package.write(second=SECOND)
    (problem,) = await pending(empty_database_url, plugins)
    assert problem.fact == "the database is at lockers_0001 and needs lockers_0002"


async def test_plugin_tables_are_migrated_after_the_host_on_a_branch_of_their_own(
    empty_database_url: str, package: Package
) -> None:
    applied = await upgrade(empty_database_url, package.write(first=FIRST, second=SECOND))

    assert [each.revision for each in applied] == ["host_0001", "lockers_0001", "lockers_0002"]
    locker = MetaData()
    Table(
        "locker",
        locker,
        Column("merchant", Text, primary_key=True),
        Column("pk", Integer, primary_key=True, autoincrement=False),
        Column("name", Text),
    )
    assert await differences(empty_database_url, locker) == []


async def test_plugin_that_is_switched_off_is_in_nobodys_way_and_goes_on_later(
    empty_database_url: str, package: Package
) -> None:
    plugins = package.write(first=FIRST)
    await upgrade(empty_database_url, plugins)

    assert await pending(empty_database_url) == ()
    assert await upgrade(empty_database_url) == ()

    package.write(second=SECOND)
    assert await upgrade(empty_database_url, plugins) == (Applied("lockers", "lockers_0002"),)


async def test_package_without_migrations_has_no_branch(tmp_path: Path) -> None:
    assert [branch.name for branch in branches({"lockers": "json", "gone": "not_installed"})] == ["host"]


async def test_revision_may_leave_its_transaction(
    empty_database_url: str, package: Package, outside: Any
) -> None:
    await upgrade(empty_database_url, package.write(first=FIRST, second=SECOND, third=INDEX))

    assert await outside.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_locker_name'::regclass"
    )


async def test_failing_revision_leaves_the_ones_before_it_and_nothing_of_itself(
    empty_database_url: str, package: Package, outside: Any
) -> None:
    plugins = package.write(first=FIRST, second=SECOND, third=FAILING)

    with pytest.raises(Refused, match=r"migrations of plugin lockers: failed after lockers_0002: .*nowhere"):
        await upgrade(empty_database_url, plugins)

    assert {"locker", "order"} <= await tables(outside)
    assert "half" not in await tables(outside)
    (problem,) = await pending(empty_database_url, plugins)
    assert problem.fact == "the database is at lockers_0002 and needs lockers_0003"


async def test_newer_database_is_refused(empty_database_url: str, outside: Any) -> None:
    await upgrade(empty_database_url)
    await outside.execute("UPDATE alembic_version_host SET version_num = 'host_9999'")

    for ask in (upgrade, pending):
        with pytest.raises(Refused, match=r"at host_9999, which the installed version does not know"):
            await ask(empty_database_url)


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        (
            FIRST.replace('"lockers",', '"others",'),
            "the first revision is not on a branch named as the plugin",
        ),
        ("raise LookupError('torn')", "cannot be imported: LookupError: torn"),
    ],
    ids=["another branch", "import"],
)
async def test_unusable_revisions_are_refused_by_name(
    empty_database_url: str, package: Package, code: str, fact: str
) -> None:
    with pytest.raises(Refused, match=f"migrations of plugin lockers: {fact}"):
        await upgrade(empty_database_url, package.write(first=code))


async def test_two_heads_are_refused_by_name(empty_database_url: str, package: Package) -> None:
    plugins = package.write(first=FIRST, second=SECOND, third=SECOND.replace("lockers_0002", "lockers_0002b"))

    with pytest.raises(Refused, match="several heads: lockers_0002, lockers_0002b; merge them"):
        await pending(empty_database_url, plugins)


async def test_unreachable_database_is_named_without_its_password() -> None:
    with pytest.raises(Refused, match="cannot be reached") as refusal:
        await upgrade("postgresql://anna:s3cret@127.0.0.1:1/shop")

    assert "127.0.0.1:1/shop" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_processes_that_upgrade_at_once_apply_everything_once(empty_database_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, empty_database_url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    told = sorted(process.communicate()[0] for process in processes)

    assert told == ["['host_0001']\n", "[]\n", "[]\n"]
    assert asyncio.run(pending(empty_database_url)) == ()


async def test_upgrade_gives_up_when_another_process_does_not_end(
    empty_database_url: str, outside: Any
) -> None:
    await outside.execute("SELECT pg_advisory_lock($1)", LOCK)

    with pytest.raises(Refused, match="another process has been migrating it"):
        await upgrade(empty_database_url, patience=0)

    await outside.execute("SELECT pg_advisory_unlock($1)", LOCK)
    assert len(await upgrade(empty_database_url, patience=0)) == 1


async def test_folder_with_any_name_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "100%(a)s : odd"
    folder.mkdir()
    (folder / "first.py").write_text(textwrap.dedent(FIRST))

    assert Branch("lockers", folder).script().get_current_head() == "lockers_0001"
