import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from vezne_host.storage.lane import Lane
from vezne_host.worker.job import Job
from vezne_host.worker.process import OpenWork, Pace, Work, Worker

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).with_name("program.py")
NEVER = 3600.0
OFTEN = Pace(every=0.05)

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(database_url: str, redis_url: str, messages: Path) -> Iterator[Start]:
    """Start a worker as a process of its own, and wait until it works."""
    begun = []

    def started(behaviour: str = "plain") -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), database_url, redis_url, str(messages), behaviour]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        begun.append(process)
        while said(process) != "working":
            pass
        return process

    yield started
    for process in begun:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line that is not a log's."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.strip() in ("working", "sent", "ended"):
            return line.strip()
    raise AssertionError(f"the worker ended with {process.wait()}")


@pytest.fixture
def acme(make_shop: Any) -> OpenWork:
    @asynccontextmanager
    async def open_work(lane: Lane) -> AsyncIterator[Work]:
        yield Work({"acme": make_shop()})

    return open_work


async def settled(outside: Any, rows: int) -> list[Any]:
    """Wait until so many rows are done, and return them."""
    while True:
        done = await outside.fetch("SELECT * FROM outbox WHERE done_at IS NOT NULL")
        if len(done) >= rows:
            return list(done)
        await asyncio.sleep(0.01)


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_worker_delivers_what_is_in_the_outbox_and_what_comes_later(
    database_url: str, redis_url: str, acme: OpenWork, place: Any, outside: Any, messages: Path
) -> None:
    first = await place("mail", "sms")
    with Worker(database_url, redis_url, acme, pace=OFTEN):
        await settled(outside, 2)
        second = await place("mail", number="2")
        await settled(outside, 3)

    assert files(messages) == sorted([f"{first.id}.eml", f"{first.id}.txt", f"{second.id}.eml"])


async def test_nudged_worker_does_not_wait(
    database_url: str, redis_url: str, acme: OpenWork, place: Any, outside: Any
) -> None:
    with Worker(database_url, redis_url, acme, pace=Pace(every=NEVER)) as worker:
        await place("mail")
        threading.Thread(target=worker.nudge).start()
        await settled(outside, 1)
    worker.nudge()


async def test_flushed_queue_loses_nothing(
    database_url: str, redis_url: str, acme: OpenWork, place: Any, outside: Any
) -> None:
    await place("mail")
    await outside.execute("UPDATE outbox SET sent_at = now(), due_at = now() + interval '1 second'")
    with Redis.from_url(redis_url) as client:
        client.flushdb()

    with Worker(database_url, redis_url, acme, pace=OFTEN):
        (row,) = await settled(outside, 1)

    assert row["tries"] == 1


async def test_workers_at_once_deliver_everything_and_nothing_twice(
    start: Start, place: Any, outside: Any, messages: Path
) -> None:
    events = [await place("mail", "sms", number=str(number)) for number in range(40)]
    start("plain")
    start("plain")

    rows = await settled(outside, 80)

    assert [row["tries"] for row in rows] == [1] * 80
    assert files(messages) == sorted(f"{event.id}{suffix}" for event in events for suffix in (".eml", ".txt"))


async def test_delivery_of_a_killed_worker_is_repeated_with_one_effect(
    start: Start, place: Any, outside: Any, messages: Path
) -> None:
    """The first worker dies when the mail is out and nobody knows."""
    event = await place("mail")
    first = start("sticky")
    assert await asyncio.to_thread(said, first) == "sent"
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert await outside.fetchval("SELECT done_at FROM outbox") is None

    start("plain")

    (row,) = await settled(outside, 1)
    assert row["tries"] == 2
    assert files(messages) == [f"{event.id}.eml"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_worker_that_is_told_to_stop_cleans_up(start: Start, number: signal.Signals) -> None:
    process = start("plain")

    process.send_signal(number)

    assert await asyncio.to_thread(said, process) == "ended"
    assert await asyncio.to_thread(process.wait) == 0


async def test_worker_that_cannot_begin_says_why_and_leaves_nothing(
    database_url: str, redis_url: str
) -> None:
    def open_work(lane: Lane) -> AbstractAsyncContextManager[Work]:
        raise LookupError("no merchant")

    before = set(threading.enumerate())
    with pytest.raises(LookupError, match="no merchant"), Worker(database_url, redis_url, open_work):
        pytest.fail("it began")

    assert set(threading.enumerate()) <= before


async def test_jobs_run_beside_deliveries_and_begin_again_when_they_go_wrong(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vezne_host.worker.job.PAUSE", 0.0)
    runs: list[str] = []
    going, ended = threading.Event(), threading.Event()

    async def tick() -> None:
        runs.append("run")
        if len(runs) < 3:
            raise SystemExit("not yet")
        going.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    @asynccontextmanager
    async def open_work(lane: Lane) -> AsyncIterator[Work]:
        yield Work({}, [Job("tick", tick)])

    with Worker(database_url, redis_url, open_work):
        await asyncio.to_thread(going.wait)

    assert ended.is_set()
    assert runs == ["run"] * 3


def test_waits_of_a_worker_are_longer_than_its_deadlines() -> None:
    pace = Pace()

    assert timedelta(seconds=pace.deadline) < pace.lease < pace.patience
