"""The sandbox bank as a gateway for cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from msgspec.json import Decoder

from vezne_core import (
    GENERAL,
    Answer,
    BadNotice,
    Capability,
    CardDetails,
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
    Undecided,
)
from vezne_payment_sandbox import notice, verdict, way_back, wire
from vezne_payment_sandbox.signing import signature, timestamp
from vezne_payment_sandbox.way_back import Returned, Strange
from vezne_payment_sandbox.wire import Unclear, Untouched

T = TypeVar("T")

NOT_VERIFIED = "We could not verify the answer of your bank. Please try again."


class SandboxGateway(Gateway):
    """One terminal at the sandbox bank; its manual is the README of this distribution."""

    name = "sandbox"
    capabilities = frozenset(
        {
            Capability.REFUND,
            Capability.VOID,
            Capability.REWARDS,
            Capability.CAMPAIGNS,
            Capability.INSTALLMENTS,
            Capability.STORED_CARDS,
        }
    )

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

    async def begin(self, attempt: PaymentAttempt, card: CardDetails | None) -> Result:
        """Take the money, or learn that the bank wants to see the shopper first."""
        if card is None or not (card.token or card.number):
            return verdict.declined("card_gone")
        message = wire.authorize(attempt, card)
        said = await self._say("authorize", message, wire.AUTHORIZED, attempt.key)
        return verdict.charged(attempt, said)

    async def resume(self, attempt: PaymentAttempt, answer: Answer, card: CardDetails | None) -> Result:
        """Take the money after the bank has authenticated the shopper.

        What the bank did not sign for this attempt leaves it as it is: the
        shopper may still be at the bank.
        """
        match way_back.read(answer.form, attempt, self._terminal, self._secret):
            case Strange(reason):
                return Undecided(errors={GENERAL: [NOT_VERIFIED]}, code=reason)
            case Returned(authenticated=False, cancelled=cancelled):
                return verdict.declined("3C" if cancelled else "3D")
            case Returned(payment_id):
                message = wire.complete(payment_id)
                said = await self._say("complete", message, wire.COMPLETED, attempt.key)
                return verdict.charged(attempt, said)

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

    async def rewards(self, card: CardDetails, currency: str) -> Mapping[str, Money]:
        """Return the points of a card."""
        said = await self._say("rewards", wire.card_question(card), wire.POINTS)
        return {kind: Money.of(amount, currency) for kind, amount in self._sure(said).rewards.items()}

    async def campaigns(self, card: CardDetails) -> Sequence[Mapping[str, Any]]:
        """Return the campaigns of a card."""
        said = await self._say("campaigns", wire.card_question(card), wire.CAMPAIGNS)
        return [{"code": each.code, "text": each.text} for each in self._sure(said).campaigns]

    def notice(self, answer: Answer) -> Notice | BadNotice:
        """Verify what the bank posts by itself."""
        return notice.read(answer, self._terminal, self._secret, self._clock.now())

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

    @staticmethod
    def _sure(said: T | Untouched | Unclear) -> T:
        if isinstance(said, Untouched | Unclear):
            raise Unavailable(f"the bank did not tell: {said.reason}")
        return said
