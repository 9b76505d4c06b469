"""Notices: real ones of the bank, and everything that only looks like one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from vezne_core import Answer, Approved, BadNotice, Declined, Notice, Secret
from vezne_payment_sandbox.signing import signature, timestamp

pytestmark = pytest.mark.anyio


class Inbox:
    """The shop's address for notices: takes what is posted, and answers 200."""

    def __init__(self) -> None:
        self.url = ""
        self.received: asyncio.Queue[Answer] = asyncio.Queue()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.put_nowait(Answer(body=body, headers=headers))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    one = Inbox()
    server = await asyncio.start_server(one, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/orders/hooks/sandbox/"
    yield one
    server.close()


async def test_a_notice_names_the_attempt_and_has_the_bank_asked(gateway, bank, made, inbox) -> None:
    await bank.control("notice-mode", mode="after")
    attempt = made.attempt(notice_url=inbox.url)
    approved = await gateway.begin(attempt, made.card())

    notice = gateway.notice(await inbox.received.get())

    assert isinstance(notice, Notice)
    assert (notice.reference, notice.transaction_id) == (attempt.reference, approved.transaction_id)
    assert not notice.proves_amount
    assert await gateway.ask(attempt) == approved


async def test_a_notice_may_come_before_the_bank_s_own_answer(gateway, bank, made, inbox) -> None:
    await bank.control("notice-mode", mode="before")
    begun = asyncio.create_task(gateway.begin(made.attempt(notice_url=inbox.url), made.card()))

    assert isinstance(gateway.notice(await inbox.received.get()), Notice)
    assert isinstance(await begun, Approved)


async def test_a_doubled_notice_is_one_event(gateway, bank, made, inbox) -> None:
    await bank.control("notice-mode", mode="doubled")
    await gateway.begin(made.attempt(notice_url=inbox.url), made.card())

    one, other = [gateway.notice(await inbox.received.get()) for _ in range(2)]

    assert one == other


async def test_a_notice_that_was_overtaken_by_a_void_takes_nothing_back(gateway, bank, made, inbox) -> None:
    await bank.control("notice-mode", mode="after")
    attempt = made.attempt(notice_url=inbox.url)
    await gateway.begin(attempt, made.card())
    notice = gateway.notice(await inbox.received.get())
    await gateway.void(attempt, "void-1")

    assert not notice.proves_amount
    assert isinstance(await gateway.ask(attempt), Declined)


async def test_a_forged_notice_is_not_the_bank_s(gateway, bank, made, inbox) -> None:
    await bank.control("notice-mode", mode="forged")
    await gateway.begin(made.attempt(notice_url=inbox.url), made.card())

    assert gateway.notice(await inbox.received.get()) == BadNotice("wrong signature")


async def genuine(gateway, bank, made, inbox) -> Answer:
    await bank.control("notice-mode", mode="after")
    await gateway.begin(made.attempt(notice_url=inbox.url), made.card())
    answer = await inbox.received.get()
    assert isinstance(gateway.notice(answer), Notice)
    return answer


def with_header(answer: Answer, name: str, value: str) -> Answer:
    return msgspec.structs.replace(answer, headers={**answer.headers, name: value})


CHANGES = {
    "body": lambda answer: msgspec.structs.replace(answer, body=answer.body.replace(b"229.80", b"999.99")),
    "blank more": lambda answer: msgspec.structs.replace(answer, body=answer.body + b" "),
    "no body": lambda answer: msgspec.structs.replace(answer, body=b""),
    "event": lambda answer: with_header(answer, "x-bank-event", "ev-other"),
    "time": lambda answer: with_header(answer, "x-bank-timestamp", str(int(time.time()) - 1)),
    "signature": lambda answer: with_header(answer, "x-bank-signature", "0" * 64),
    "signature that is no ASCII": lambda answer: with_header(answer, "x-bank-signature", "ğ\ud800"),
    "no headers": lambda answer: msgspec.structs.replace(answer, headers={}),
    "terminal": lambda answer: with_header(answer, "x-bank-terminal", "T-LEAN"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_notice_that_was_changed_on_the_way_is_not_the_bank_s(
    gateway, bank, made, inbox, change
) -> None:
    answer = await genuine(gateway, bank, made, inbox)

    assert isinstance(gateway.notice(change(answer)), BadNotice)


class SetClock:
    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time


@pytest.mark.parametrize(("minutes", "taken"), [(4, True), (-4, True), (6, False), (-6, False)])
async def test_a_notice_from_another_time_is_a_replay(
    gateway, gateway_of, bank, made, inbox, minutes, taken
) -> None:
    answer = await genuine(gateway, bank, made, inbox)
    later = gateway_of(clock=SetClock(datetime.now(UTC) + timedelta(minutes=minutes)))

    assert isinstance(later.notice(answer), Notice) is taken


async def test_a_notice_for_another_terminal_is_not_ours(gateway, gateway_of, bank, made, inbox) -> None:
    answer = await genuine(gateway, bank, made, inbox)
    lean = gateway_of(terminal="T-LEAN", secret=Secret("sandbox-secret-lean"))

    assert isinstance(lean.notice(answer), BadNotice)


def signed(operation: str = "notice", event: str = "ev-1") -> Answer:
    """Sign what the bank would: its own event, unless another one stands in the header."""
    body = b'{"event_id":"ev-1","reference":"100101","transaction_id":"tx-1"}'
    secret, stamp = Secret("sandbox-secret-demo"), timestamp(datetime.now(UTC))
    headers = {
        "x-bank-terminal": "T-DEMO",
        "x-bank-timestamp": stamp,
        "x-bank-event": event,
        "x-bank-signature": signature(secret, stamp, operation, event, body),
    }
    return Answer(body=body, headers=headers)


async def test_a_request_to_the_bank_is_no_notice(gateway) -> None:
    """The same secret signs both; the operation in the text keeps them apart."""
    assert isinstance(gateway.notice(signed()), Notice)
    assert isinstance(gateway.notice(signed("refund")), BadNotice)


@pytest.mark.parametrize("event", ["ev-2", ""])
async def test_a_notice_has_one_event_id(gateway, event) -> None:
    assert gateway.notice(signed(event=event)) == BadNotice("another event")
