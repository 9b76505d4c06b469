"""The sandbox bank as a gateway for cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from vezne_core import (
    GENERAL,
    Answer,
    Capability,
    CardDetails,
    Money,
    PaymentAttempt,
    Result,
    Unavailable,
    Undecided,
)
from vezne_payment_sandbox import verdict, way_back, wire
from vezne_payment_sandbox.terminal import NOT_VERIFIED, Terminal
from vezne_payment_sandbox.way_back import Returned, Strange
from vezne_payment_sandbox.wire import Unclear, Untouched

T = TypeVar("T")


class SandboxGateway(Terminal):
    """Charges cards; the bank may want to see the shopper first."""

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
                return await self._complete(attempt, payment_id)

    async def rewards(self, card: CardDetails, currency: str) -> Mapping[str, Money]:
        """Return the points of a card."""
        said = await self._say("rewards", wire.card_question(card), wire.POINTS)
        return {kind: Money.of(amount, currency) for kind, amount in _sure(said).rewards.items()}

    async def campaigns(self, card: CardDetails) -> Sequence[Mapping[str, Any]]:
        """Return the campaigns of a card."""
        said = await self._say("campaigns", wire.card_question(card), wire.CAMPAIGNS)
        return [{"code": each.code, "text": each.text} for each in _sure(said).campaigns]


def _sure(said: T | Untouched | Unclear) -> T:
    if isinstance(said, Untouched | Unclear):
        raise Unavailable(f"the bank did not tell: {said.reason}")
    return said
