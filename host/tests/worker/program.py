"""A worker as a process of its own: database, Redis, folder of messages, and how it behaves.

``sticky`` never comes back from a mail that it has sent.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from vezne_host.collected import Collected
from vezne_host.services.mail import FolderMail
from vezne_host.services.sms import FolderSms
from vezne_host.storage.lane import Lane
from vezne_host.texts import GettextTexts
from vezne_host.worker.process import Pace, Work, run_worker
from vezne_host.worker.shop import Shop

LEASE = timedelta(seconds=1)


def say(word: str) -> None:
    """Tell the test where the worker is."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class StickyMail(FolderMail):
    """Sends, says so, and never returns."""

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        await super().send(to, subject, text, id=id)
        say("sent")
        await asyncio.get_running_loop().create_future()


def main(database_url: str, redis_url: str, folder: Path, behaviour: str) -> None:
    @asynccontextmanager
    async def open_work(lane: Lane) -> AsyncIterator[Work]:
        shop = Shop(
            name="acme",
            collected=Collected(),
            texts=GettextTexts({}),
            mail=StickyMail(folder) if behaviour == "sticky" else FolderMail(folder),
            sms=FolderSms(folder),
            order_link=lambda number: "",
        )
        say("working")
        yield Work({"acme": shop})
        say("ended")

    run_worker(database_url, redis_url, open_work, threads=4, pace=Pace(every=0.05, lease=LEASE))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
