"""The ledger and the answers outlive the process; held connections do not outlive the bank."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

from vezne_payment_sandbox.bank import create_bank
from vezne_payment_sandbox.bank.ledger import Ledger, Unreadable

pytestmark = pytest.mark.anyio
COMMAND = [sys.executable, "-m", "vezne_payment_sandbox.bank"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def started(port: int, ledger: Path) -> Process:
    process = await asyncio.create_subprocess_exec(*COMMAND, "--port", str(port), "--ledger", str(ledger))
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(20):
        while True:
            try:
                await http.get(f"http://127.0.0.1:{port}/ledger")
            except httpx.ConnectError:
                assert process.returncode is None
                await asyncio.sleep(0.05)
            else:
                return process


async def test_money_answers_and_stored_cards_survive_a_kill(tmp_path: Path, client_of: Any) -> None:
    port, file = free_port(), tmp_path / "deep" / "ledger.jsonl"
    bank = client_of(f"http://127.0.0.1:{port}")
    process = await started(port, file)
    try:
        async with bank:
            sale = await bank.authorize(store_card=True)
            await bank.call("refund", {"transaction_id": sale["transaction_id"], "amount": "29.80"}, "r1")
            await bank.authorize("5421190000000017", key="k2", tried="2")
            with pytest.raises(httpx.ReadTimeout):
                await bank.call("authorize", bank.order("5421190000000041", tried="3"), "k3", timeout=0.3)
            rows = await bank.ledger()
            assert len(rows) == 5

            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            assert b"5421190000000009" not in file.read_bytes()
            with file.open("ab") as torn:
                torn.write(b'{"rows":[{"kind":"cap')
            process = await started(port, file)

        bank = client_of(f"http://127.0.0.1:{port}")
        async with bank:
            assert await bank.ledger() == rows
            assert await bank.authorize(store_card=True) == sale
            assert await bank.state(reference="10012") == "declined"
            assert await bank.state(reference="10013") == "approved"
            name = {"transaction_id": sale["transaction_id"]}
            assert (await bank.call("refund", {**name, "amount": "200.01"}, "r2")).status_code == 409
            assert (await bank.call("refund", name, "r2")).json()["state"] == "refunded"
            token = sale["stored_card"]["token"]
            again = await bank.authorize(key="k4", tried="4", card=None, card_token=token)
            assert again["result"] == "approved"
            assert len(await bank.ledger()) == 8
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_a_ledger_damaged_in_the_middle_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b'{"rows": []}\n')

    with pytest.raises(Unreadable, match=r"ledger\.jsonl:1"):
        Ledger(file).load()
    ended = subprocess.run([*COMMAND, "--ledger", str(file)], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert "ledger.jsonl:1" in ended.stderr


def test_the_help_says_how_to_begin() -> None:
    ended = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, timeout=20)

    assert ended.returncode == 0
    for word in ("--port", "--ledger", "example", "/ledger?order_number="):
        assert word in ended.stdout


async def test_a_reset_empties_the_file(tmp_path: Path, serve: Any, client_of: Any) -> None:
    file = tmp_path / "ledger.jsonl"
    with serve(create_bank(ledger=file)) as url:
        bank = client_of(url)
        async with bank:
            await bank.authorize()
            assert file.stat().st_size > 0
            await bank.control("reset")
            assert file.stat().st_size == 0


async def test_a_full_disk_is_an_error_and_not_an_approval(
    tmp_path: Path, serve: Any, client_of: Any
) -> None:
    file = tmp_path / "ledger.jsonl"
    with serve(create_bank(ledger=file)) as url:
        bank = client_of(url)
        file.mkdir()
        async with bank:
            answer = await bank.call("authorize", bank.order(), "k1")
            assert answer.status_code == 500
            assert "processed" not in answer.text
            closed = await bank.call("query", {"reference": "10011"})
            assert (closed.status_code, closed.json()["error"]["code"]) == (503, "ledger_failed")
            assert await bank.ledger() == []


async def test_a_held_connection_ends_with_the_bank(serve: Any, client_of: Any) -> None:
    with serve(create_bank()) as url:
        bank = client_of(url)
        waiting = asyncio.create_task(
            bank.call("authorize", bank.order("5421190000000041"), "k1", timeout=30)
        )
        await asyncio.sleep(0.3)
        began = time.perf_counter()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await waiting
    await bank.http.aclose()
    assert time.perf_counter() - began < 1.5


async def test_a_held_connection_is_closed_without_an_answer(serve: Any, client_of: Any) -> None:
    with serve(create_bank(hold_seconds=0.2)) as url:
        bank = client_of(url)
        async with bank:
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await bank.call("authorize", bank.order("5421190000000058"), "k1")


async def test_the_bank_works_mounted_in_another_application(serve: Any, client_of: Any) -> None:
    """A mounted application has no lifespan of its own."""
    inner = create_bank()

    @asgi("/", is_mount=True, copy_scope=True)
    async def everything(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    with serve(Litestar([everything], openapi_config=None, logging_config=None)) as url:
        bank = client_of(url)
        async with bank:
            begun = await bank.authorize(**bank.three_d())
            await bank.authenticate(begun)
            done = (await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")).json()
            assert done["result"] == "approved"
            assert await bank.kinds() == ["authorization", "capture"]
            await bank.control("faults", kind="reset", operation="query")
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await bank.call("query", {"reference": "1"})


async def test_control_can_be_left_out(serve: Any, client_of: Any) -> None:
    with serve(create_bank(with_control=False)) as url:
        bank = client_of(url)
        async with bank:
            assert (await bank.http.post("/control/reset")).status_code == 404
            assert (await bank.authorize())["result"] == "approved"
