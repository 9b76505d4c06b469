"""The sandbox bank's own page as a gateway: the shopper types his card there, never here."""

from __future__ import annotations

from vezne_core import (
    GENERAL,
    Answer,
    Capability,
    CardDetails,
    PaymentAttempt,
    Result,
    Undecided,
)
from vezne_payment_sandbox import verdict, way_back, wire
from vezne_payment_sandbox.terminal import NOT_VERIFIED, Terminal
from vezne_payment_sandbox.way_back import Strange, Unpaid


class SandboxRedirectGateway(Terminal):
    """Sends shoppers to a page of the bank, where they choose installments and pay."""

    name = "sandbox_redirect"
    capabilities = frozenset({Capability.REFUND, Capability.VOID, Capability.INSTALLMENTS})

    async def begin(self, attempt: PaymentAttempt, card: CardDetails | None) -> Result:
        """Have the bank make a page for this payment."""
        said = await self._say("session", wire.session(attempt), wire.OPENED, attempt.key)
        return verdict.opened(attempt, said)

    async def resume(self, attempt: PaymentAttempt, answer: Answer, card: CardDetails | None) -> Result:
        """Learn from the bank what was taken, when its form says that the shopper has paid.

        What the bank did not sign for this attempt leaves it as it is: the
        shopper may still be at the bank.
        """
        match way_back.read_hosted(answer.form, attempt, self._terminal, self._secret):
            case Strange(reason):
                return Undecided(errors={GENERAL: [NOT_VERIFIED]}, code=reason)
            case Unpaid(code):
                return verdict.declined(code)
            case payment_id:
                return await self._complete(attempt, payment_id)
