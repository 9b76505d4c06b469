"""Tell the merchant's server about an approval, in every order and shape that the control API asks for."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import httpx
import msgspec

from vezne_payment_sandbox.bank.ledger import Payment, now
from vezne_payment_sandbox.bank.protocol import Notice, shown
from vezne_payment_sandbox.bank.signing import signature

Mode = Literal["none", "after", "before", "doubled", "late", "forged"]
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between deliveries while the merchant does not answer 2xx."""
AFTER_SECONDS = 0.1
PATIENCE_SECONDS = 5.0


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery, for `GET /control/notices`."""

    at: str
    event_id: str
    reference: str
    order_number: str
    mode: Mode
    status: int | None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Which mode holds for an order, for a card (its masked form), or for all."""

    mode: Mode
    order_number: str | None = None
    masked_card: str | None = None
    seconds: float = 1.0

    def covers(self, payment: Payment) -> bool:
        """Tell whether a payment falls under this rule."""
        return self.order_number in (None, payment.order_number) and self.masked_card in (
            None,
            payment.masked_card,
        )


@dataclass
class Notices:
    """Deliver notices, by default none at all."""

    terminals: dict[str, str]
    rules: list[Rule] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def clear(self) -> None:
        """Forget rules and deliveries, and stop what is under way."""
        self.rules.clear()
        self.posted.clear()
        for task in self._tasks:
            task.cancel()

    async def announce(self, payment: Payment, url: str) -> None:
        """Send the notice of an approval as its rule says; the newest rule that covers the payment counts."""
        rule = next((each for each in reversed(self.rules) if each.covers(payment)), None)
        if rule is None or rule.mode == "none":
            return
        notice = Notice(
            event_id=f"ev-{secrets.token_hex(8)}",
            kind="payment.approved",
            terminal=payment.terminal,
            transaction_id=payment.id,
            reference=payment.reference,
            order_number=payment.order_number,
            amount=payment.amount,
            currency=payment.currency,
            installments=payment.installments,
            at=payment.at,
        )
        match rule.mode:
            case "before":
                # The bank's own answer waits; a merchant who is not ready is told again later.
                if not await self._post(notice, url, rule.mode):
                    self._start(self._deliver(notice, url, rule.mode))
            case "doubled":
                for _ in range(2):
                    self._start(self._deliver(notice, url, rule.mode, AFTER_SECONDS))
            case "late":
                self._start(self._deliver(notice, url, rule.mode, rule.seconds))
            case "forged":
                more = shown(Decimal(notice.amount) * 2)
                forged = msgspec.structs.replace(notice, amount=more)
                self._start(self._deliver(forged, url, rule.mode, AFTER_SECONDS))
            case _:
                self._start(self._deliver(notice, url, rule.mode, AFTER_SECONDS))

    async def close(self) -> None:
        """Stop every delivery."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, delivery: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, notice: Notice, url: str, mode: Mode, wait: float = RETRY_SECONDS[0]) -> None:
        await asyncio.sleep(wait)
        for pause in (*RETRY_SECONDS, None):
            if await self._post(notice, url, mode) or mode == "forged" or pause is None:
                return
            await asyncio.sleep(pause)

    async def _post(self, notice: Notice, url: str, mode: Mode) -> bool:
        body = msgspec.json.encode(notice)
        timestamp = str(int(time.time()))
        secret = self.terminals[notice.terminal] if mode != "forged" else secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json",
            "X-Bank-Terminal": notice.terminal,
            "X-Bank-Timestamp": timestamp,
            "X-Bank-Event": notice.event_id,
            "X-Bank-Signature": signature(secret, timestamp, "notice", notice.event_id, body),
        }
        status = None
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, verify=_tls()) as client:
                status = (await client.post(url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            pass
        self.posted.append(
            Posted(
                at=now(),
                event_id=notice.event_id,
                reference=notice.reference,
                order_number=notice.order_number,
                mode=mode,
                status=status,
            )
        )
        return status is not None and 200 <= status < 300


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once; it takes longer than a delivery."""
    return ssl.create_default_context()
