"""Keep the ledger: append-only rows, on disk before anybody is told about them."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from vezne_payment_sandbox.bank.protocol import Operation, State

Kind = Literal["authorization", "capture", "refund", "void"]


class Row(msgspec.Struct, kw_only=True, frozen=True):
    """One movement of money, as `GET /ledger` shows it."""

    kind: Kind
    order_number: str
    amount: str
    currency: str
    idempotency_key: str
    at: str
    terminal: str
    reference: str
    transaction_id: str


class Payment(msgspec.Struct, kw_only=True):
    """One try of a merchant to take money. The card number is here only masked."""

    id: str
    terminal: str
    reference: str
    order_number: str
    amount: str
    currency: str
    installments: int
    interest: str = "0.00"
    capture: bool
    masked_card: str
    at: str
    state: State = "none"
    captured: str = "0.00"
    refunded: str = "0.00"
    auth_code: str | None = None
    code: str | None = None
    text: str | None = None
    authenticated: bool = False
    settled: bool = False


class GivenAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """What was answered to an idempotency key, so that a repeat hears the same after a restart."""

    terminal: str
    operation: Operation
    key: str
    digest: str
    body: msgspec.Raw


class CardOnFile(msgspec.Struct, kw_only=True, frozen=True):
    """A stored card: the token, who may use it, and the masked number."""

    token: str
    terminal: str
    masked_card: str


class Entry(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One line of the file: the rows of one operation with the state and the answer that belong to them."""

    rows: list[Row]
    payment: Payment
    answer: GivenAnswer | None = None
    stored_card: CardOnFile | None = None


class Unreadable(Exception):
    """A ledger file is damaged in the middle."""


class Ledger:
    """Rows of every operation; with a path also on disk, fsync'ed before `append` returns.

    Operations that come together share one fsync. Readers see only what is durable. After a failed write
    (`failed`) memory and file may differ, so that nothing more may be answered until a restart or `clear`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: list[Row] = []
        self._waiting: list[tuple[list[Row], bytes]] = []
        self._issued = self._durable = 0
        self._lock = asyncio.Lock()
        self.failed = False

    def load(self) -> list[Entry]:
        """Read what an earlier bank left. A torn last line is cut off: its answer never left the bank."""
        if self._path is None:
            return []
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = self._path.read_bytes() if self._path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        entries = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entries.append(msgspec.json.decode(line, type=Entry))
            except msgspec.DecodeError as error:
                raise Unreadable(
                    f"{self._path}:{number}: not a ledger line ({error}); move the file away."
                ) from None
        if len(whole) != len(content):
            os.truncate(self._path, len(whole))
        self._rows = [row for entry in entries for row in entry.rows]
        return entries

    def rows(self, order_number: str | None = None) -> list[Row]:
        """Give the durable rows, oldest first, of one order or of all."""
        return [row for row in self._rows if order_number is None or row.order_number == order_number]

    async def append(self, entry: Entry) -> None:
        """Make one operation durable. The state inside is taken as it is at the call, not at the write."""
        self._waiting.append((entry.rows, msgspec.json.encode(entry) + b"\n"))
        self._issued += 1
        # Shielded: a caller who goes away must not leave a half-written batch behind.
        await asyncio.shield(self._flush(self._issued))

    async def _flush(self, ticket: int) -> None:
        async with self._lock:
            if self._durable >= ticket:
                return
            if self.failed:
                raise OSError("An earlier write to the ledger failed.")
            batch, self._waiting = self._waiting, []
            if self._path is not None:
                try:
                    await asyncio.to_thread(_write, self._path, b"".join(line for _, line in batch))
                except BaseException:
                    self.failed = True
                    raise
            self._rows.extend(row for rows, _ in batch for row in rows)
            self._durable += len(batch)

    async def clear(self) -> None:
        """Forget every row, also on disk."""
        async with self._lock:
            self._durable += len(self._waiting)
            self._waiting.clear()
            self._rows.clear()
            if self._path is not None and self._path.exists():
                await asyncio.to_thread(os.truncate, self._path, 0)
            self.failed = False


def _write(path: Path, lines: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def now() -> str:
    """Give the time as it is written everywhere: UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
