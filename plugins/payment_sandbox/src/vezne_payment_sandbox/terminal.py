"""A terminal at the sandbox bank: how it is spoken to, and what every gateway of it can do."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from msgspec.json import Decoder

from vezne_core import (
    Answer,
    BadNotice,
    Clock,
    Gateway,
    Http,
    Money,
    NotAttempted,
    Notice,
    PaymentAttempt,
    Result,
    Secret,
    Unavailable,
)
from vezne_payment_sandbox import notice, verdict, wire
from vezne_payment_sandbox.signing import signature, timestamp
from vezne_payment_sandbox.wire import Unclear, Untouched

T = TypeVar("T")

NOT_VERIFIED = "We could not verify the answer of your bank. Please try again."


class Terminal(Gateway):
    """One terminal at the sandbox bank; its manual is the README of this distribution."""

    def __init__(
        self,
        *,
        base_url: str,
        terminal: str,
        secret: Secret,
        timeout: float,
        settles_after: float,
        http: Http,
        clock: Clock,
    ) -> None:
        self.timeout = timeout
        self.settles_after = timedelta(seconds=settles_after)
        self._url = base_url.rstrip("/")
        self._terminal = terminal
        self._secret = secret
        self._http = http
        self._clock = clock

    async def ask(self, attempt: PaymentAttempt) -> Result:
        """Say how the bank sees the attempt."""
        said = await self._say("query", wire.query(attempt.reference), wire.FOUND)
        return verdict.asked(attempt, said)

    async def void(self, attempt: PaymentAttempt, action: str) -> Result:
        """Undo a payment that is not settled; a settled one is ``Declined`` and can be refunded."""
        transaction = await self._transaction(attempt)
        if transaction is None:
            return NotAttempted(reason="the bank names no payment to undo")
        said = await self._say("void", wire.void(transaction), wire.MOVED, action)
        return verdict.moved(said, transaction, "void")

    async def refund(self, attempt: PaymentAttempt, amount: Money, action: str) -> Result:
        """Give back a part of a payment, or all of it."""
        transaction = await self._transaction(attempt)
        if transaction is None:
            return NotAttempted(reason="the bank names no payment to refund")
        said = await self._say("refund", wire.refund(transaction, amount.wire), wire.MOVED, action)
        return verdict.moved(said, transaction, "refund")

    def notice(self, answer: Answer) -> Notice | BadNotice:
        """Verify what the bank posts by itself."""
        return notice.read(answer, self._terminal, self._secret, self._clock.now())

    async def _complete(self, attempt: PaymentAttempt, payment_id: str) -> Result:
        said = await self._say("complete", wire.complete(payment_id), wire.COMPLETED, attempt.key)
        return verdict.charged(attempt, said)

    async def _transaction(self, attempt: PaymentAttempt) -> str | None:
        if attempt.transaction_id is not None:
            return attempt.transaction_id
        match await self._say("query", wire.query(attempt.reference), wire.FOUND):
            case wire.Found(payments=(payment,)):
                return payment.transaction_id
        return None

    async def _say(
        self, operation: str, body: bytes, decoder: Decoder[T], key: str = ""
    ) -> T | Untouched | Unclear:
        stamp = timestamp(self._clock.now())
        headers = {
            "Content-Type": "application/json",
            "X-Bank-Terminal": self._terminal,
            "X-Bank-Timestamp": stamp,
            "X-Bank-Signature": signature(self._secret, stamp, operation, key, body),
        }
        if key:
            headers["Idempotency-Key"] = key
        try:
            answer = await self._http.request(
                "POST", f"{self._url}/api/{operation}", headers=headers, content=body, timeout=self.timeout
            )
        except Unavailable as error:
            return Unclear(str(error)) if error.sent else Untouched(0, "unreachable")
        return wire.read(answer, decoder)
