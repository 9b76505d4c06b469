import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest

from vezne_core import Bank, BankAccount, Problem, Refused
from vezne_core.catalogue import RECORDS
from vezne_host.catalogue import Setting, Snapshot, row
from vezne_host.storage.configurations import Configurations
from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.watcher import ConfigurationWatcher

pytestmark = pytest.mark.anyio

NEVER = 3600.0
ANADOLU = row(Bank(pk=1, name="Anadolu Bank", slug="anadolu"))
BOSPHORUS = row(Bank(pk=2, name="Bosphorus Bank", slug="bosphorus"))
STRAY = row(BankAccount(pk=1, bank=9, holder_name="Acme", iban="TR1", currency="TRY"))

LISTENERS = """SELECT pid FROM pg_stat_activity
    WHERE application_name = 'vezne listener' AND datname = current_database()"""


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def writer(shop_lane: Lane) -> Configurations:
    configurations = Configurations(shop_lane)
    await configurations.write("acme", [ANADOLU])
    return configurations


@asynccontextmanager
async def watching(
    database_url: str, *merchants: str, every: float, **options: Any
) -> AsyncIterator[ConfigurationWatcher]:
    """Watch as another process would, over connections of its own."""
    async with opened(database_url, size=2, rest=0) as lane:
        watcher = ConfigurationWatcher(
            lane, dict.fromkeys(merchants or ("acme",), RECORDS), every=every, **options
        )
        async with watcher.watching(), asyncio.timeout(30):
            yield watcher


def banks(watcher: ConfigurationWatcher, merchant: str = "acme") -> list[str]:
    return [bank.slug for bank in watcher.snapshots[merchant].all(Bank)]


async def heard(outside: Any, but: int | None = None) -> int:
    """Wait for the watcher's listener and return its process."""
    while True:
        pid = await outside.fetchval(LISTENERS)
        if pid is not None and pid != but:
            return int(pid)
        await asyncio.sleep(0.01)


async def test_configuration_is_loaded_with_its_revision(writer: Configurations, database_url: str) -> None:
    async with watching(database_url, "acme", "nobody", every=NEVER) as watcher:
        assert watcher.snapshots["acme"].revision == 1
        assert banks(watcher) == ["anadolu"]
        assert watcher.snapshots["nobody"].revision == 0
        assert not watcher.refused


async def test_change_is_heard_by_another_process(writer: Configurations, database_url: str) -> None:
    async with watching(database_url, every=NEVER) as one, watching(database_url, every=NEVER) as two:
        revision = await writer.write("acme", [BOSPHORUS], drop=[("bank", 1)])

        for watcher in (one, two):
            await watcher.reached("acme", revision)
            assert banks(watcher) == ["bosphorus"]


async def test_change_that_nobody_tells_is_found_by_looking(
    writer: Configurations, database_url: str, outside: Any
) -> None:
    async with watching(database_url, every=0.05) as watcher:
        async with outside.transaction():
            await outside.execute("DELETE FROM configuration WHERE merchant = 'acme'")
            await outside.execute(
                "UPDATE configuration_revision SET revision = revision + 1 WHERE merchant = 'acme'"
            )

        await watcher.reached("acme", 2)
        assert banks(watcher) == []


async def test_listener_that_was_killed_comes_back(
    writer: Configurations, database_url: str, outside: Any
) -> None:
    async with watching(database_url, every=NEVER) as watcher:
        killed = await heard(outside)
        await outside.execute("SELECT pg_terminate_backend($1)", killed)
        missed = await writer.write("acme", [BOSPHORUS])

        await watcher.reached("acme", missed)

        await heard(outside, but=killed)
        await watcher.reached("acme", await writer.write("acme", drop=[("bank", 1)]))
        assert banks(watcher) == ["bosphorus"]


async def test_database_that_goes_away_and_comes_back_is_followed_again(
    writer: Configurations, database_url: str, outside: Any
) -> None:
    everybody_else = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    async with watching(database_url, every=0.05) as watcher:
        for _ in range(3):
            await outside.execute(everybody_else)
        await outside.execute(
            "UPDATE configuration_revision SET revision = revision + 1 WHERE merchant = 'acme'"
        )
        await watcher.reached("acme", 2)


async def test_change_with_problems_is_not_loaded_and_the_last_good_one_serves_on(
    writer: Configurations, database_url: str, outside: Any
) -> None:
    async with watching(database_url, every=NEVER) as one, watching(database_url, every=NEVER) as two:
        revision = await writer.write("acme", [STRAY])

        for watcher in (one, two):
            await watcher.reached("acme", revision)
            assert (banks(watcher), watcher.snapshots["acme"].revision) == (["anadolu"], 1)
            assert [problem.place for problem in watcher.refused["acme"]] == [
                "configuration bank_account 1.bank"
            ]

        events = await outside.fetch("SELECT kind, text FROM operator_event WHERE merchant = 'acme'")
        assert [event["kind"] for event in events] == ["configuration_refused"], "told once by both processes"
        assert events[0]["text"].startswith("revision 2 is not loaded: configuration bank_account 1.bank: ")

        await one.reached("acme", await writer.write("acme", [BOSPHORUS], drop=[("bank_account", 1)]))
        assert banks(one) == ["anadolu", "bosphorus"]
        assert not one.refused


async def test_change_that_the_shop_cannot_take_is_not_loaded(
    writer: Configurations, database_url: str
) -> None:
    def accept(merchant: str, snapshot: Snapshot) -> None:
        if len(snapshot.all(Bank)) > 2:
            raise Refused([Problem(merchant, "has too many banks")])
        if len(snapshot.all(Bank)) == 2:
            raise LookupError("no such rule")

    async with watching(database_url, every=NEVER, accept=accept) as watcher:
        await watcher.reached("acme", await writer.write("acme", [BOSPHORUS]))
        assert banks(watcher) == ["anadolu"]
        assert "cannot be used: LookupError: no such rule" in str(watcher.refused["acme"][0])

        third = row(Bank(pk=3, name="Third", slug="third"))
        await watcher.reached("acme", await writer.write("acme", [third]))
        assert watcher.refused["acme"] == (Problem("acme", "has too many banks"),)


async def test_merchant_whose_first_configuration_is_refused_has_none_until_it_is_mended(
    writer: Configurations, database_url: str
) -> None:
    await writer.write("broken", [STRAY])
    async with watching(database_url, "acme", "broken", every=NEVER) as watcher:
        assert set(watcher.snapshots) == {"acme"}
        assert set(watcher.refused) == {"broken"}

        await watcher.reached("broken", await writer.write("broken", drop=[("bank_account", 1)]))
        assert set(watcher.snapshots) == {"acme", "broken"}


async def test_writers_of_one_merchant_take_turns_and_lose_nothing(
    writer: Configurations, database_url: str
) -> None:
    written = [row(Bank(pk=pk, name="Bank", slug=f"bank-{pk}")) for pk in range(10, 30)]

    revisions = await asyncio.gather(*(writer.write("acme", [each]) for each in written))

    assert sorted(revisions) == list(range(2, 22))
    async with watching(database_url, every=NEVER) as watcher:
        assert len(banks(watcher)) == 21


async def test_overrides_of_settings_are_part_of_the_snapshot(
    writer: Configurations, database_url: str
) -> None:
    await writer.write("acme", [row(Setting(pk=1, name="AUTOSELECT_SHIPPING", value=True))])
    async with watching(database_url, every=NEVER) as watcher:
        stored = await writer.load("acme")
        assert {kind: msgspec.json.decode(body) for kind, _, body in stored.rows}["setting"]["value"] is True
        assert watcher.snapshots["acme"].revision == 2
