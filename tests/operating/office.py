"""Where operators sit: commands on a shop, the bank's ledger, and what the merchant's server hears."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from vezne_host.testing.house import House
from vezne_host.testing.journey import Shopper

OLD_KEY, NEW_KEY = (
    "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZC0x",
    "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0y",
)
PATIENCE = 60.0
APPROVES = "5421190000000009"


class Heard(Struct, frozen=True):
    """A request that the merchant's server received."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Receiver:
    """The merchant's server: remembers what it hears; what it answers by path can be set."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: dict[str, int] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.heard.append(Heard(self.path, headers, body))
                self.send_response(receiver.answers.get(self.path, 204))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def of(self, number: str, path: str = "/all") -> list[Heard]:
        """Return what was heard of an order."""
        return [each for each in self.heard if each.path == path and each.told["data"]["number"] == number]


class Office(Struct, frozen=True, kw_only=True):
    """Where operators sit."""

    house: House
    config: Path
    receiver: Receiver

    def command(self, *arguments: str) -> list[str]:
        """Return a command on this shop, as a process is started with it."""
        needs_redis = arguments[0] == "payment" or arguments[:2] == ("order", "move")
        return [
            sys.executable, "-m", "vezne_host", *arguments, "--config", str(self.config),
            "--database-url", self.house.database_url,
            *(["--redis-url", self.house.redis_url] if needs_redis else []),
        ]  # fmt: skip

    def vezne(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=False,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip

    def succeeds(self, *arguments: str) -> str:
        """Run a command that has to succeed; return what it said."""
        done = self.vezne(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def token(self, *roles: str, merchant: str = "demo", name: str = "ERP") -> str:
        """Make a token."""
        options = [part for role in roles for part in ("--role", role)]
        made = self.succeeds("operator", "token", "create", name, *options, "--merchant", merchant)
        return made.strip()

    def money(self, number: str) -> Decimal:
        """Return what the bank holds for an order."""
        signs = {"capture": 1, "refund": -1, "void": -1}
        rows = self.house.ledger(number)
        return sum((signs.get(row["kind"], 0) * Decimal(row["amount"]) for row in rows), Decimal(0))

    def moves(self, number: str) -> list[tuple[str, str]]:
        """Return kinds and amounts of the bank's ledger for an order, without the first authorization."""
        return [
            (row["kind"], row["amount"])
            for row in self.house.ledger(number)
            if row["kind"] != "authorization"
        ]

    def mails(self, about: str) -> list[str]:
        """Return the texts of mails that say something."""
        files = (self.config.parent / "messages").glob("*.eml")
        parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        texts = [str(message.get_content()) for message in parsed]
        return [text for text in texts if about in text]

    def control(self, path: str, **json: Any) -> None:
        """Tell the bank how to behave."""
        httpx.post(f"{self.house.bank}/control/{path}", json=json).raise_for_status()


def until(holds: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """Wait for something that will come to be."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.1)
    told = what if isinstance(what, str) else what()
    pytest.fail(f"{told} did not come to be within {PATIENCE:.0f} s")


def waiting(shopper: Shopper) -> tuple[str, str]:
    """Place an order that waits for a bank transfer; return its number and the code to state."""
    shopper.comes_to_payment()
    shopper.submit("PaymentOptionSelectionPage", payment_option=2)
    shopper.submit("FundsTransferChoicePage", bank_account=1)
    code = shopper.context("FundsTransferPage")["reference_code"]
    shopper.submit("FundsTransferPage", agreement="1")
    return str(shopper.order()["number"]), str(code)


def paid_by_card(shopper: Shopper) -> str:
    """Place an order, pay for it by card, and return its number."""
    shopper.comes_to_card()
    shopper.pays_by_card(APPROVES)
    return str(shopper.order()["number"])


def pays_later(shopper: Shopper, number: str) -> None:
    """Begin to pay for a waiting order by card, up to the bank."""
    token = shopper.context("ThankYouPage")["redirect_url"].removeprefix("/orders/completed/").rstrip("/")
    answer = shopper.write("POST", f"/orders/{number}/pay/?token={token}")
    assert answer.status_code == 200, answer.text
    shopper.get()
    shopper.submit("PaymentOptionSelectionPage", payment_option=1)
    shopper.submit("BinNumberPage", bin_number="542119")
    shopper.submit("InstallmentSelectionPage", installment=1)
    shopper.pays_by_card(APPROVES, use_three_d=1)


def statement(folder: Path, *lines: str) -> str:
    """Write a statement of the bank and return where it is."""
    file = folder / "statement.csv"
    file.write_text("\n".join(["reference,amount,currency,date,transaction_id", *lines, ""]), "utf-8")
    return str(file)
