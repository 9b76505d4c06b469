"""One try of an action that gives money back: the gateway is called, and what it did is written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import structlog

from vezne_core import (
    Approved,
    Capability,
    Declined,
    Gateway,
    Money,
    NotAttempted,
    PaymentAttempt,
    PaymentRefunded,
    Result,
    Unknown,
)
from vezne_host.audience import audience
from vezne_host.orders.closing import closed, moved, restored, told
from vezne_host.orders.locked import LockedOrder, balance_of, locked
from vezne_host.orders.status import when_given_back
from vezne_host.payments.balance import REFUNDED, REFUSED, VOIDED, Balance, Key, tenders_of
from vezne_host.payments.calling import called
from vezne_host.payments.case import attempt_of
from vezne_host.payments.failpoint import failpoint
from vezne_host.payments.refund_answer import OTHER_ID, Action, Answer, Given, NotGiven
from vezne_host.payments.settler import again
from vezne_host.storage import moves
from vezne_host.storage import refunds as sql
from vezne_host.storage.lane import Away, Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

GIVES_UP_AFTER = timedelta(hours=72)
WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600))
"""When an action is repeated whose end is not known; then hourly."""

Way = Literal["void", "refund"]


class GivingBack:
    """Tries the actions of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane

    async def tried(self, action: Action) -> Answer:
        """Do what an action says, once; where something goes wrong it is repeated later.

        :raises Away: the database cannot be reached; it is repeated by the reconciler.
        """
        try:
            return await self._try(action)
        except Away:
            raise
        except Exception as error:
            log.error(
                "refund not settled", merchant=self._merchant, action=action.id,
                error=type(error).__name__, exc_info=True,
            )  # fmt: skip
            return await self._later(action, f"it went wrong here: {type(error).__name__}: {error}")

    async def _try(self, action: Action) -> Answer:
        main = action.main
        if action.method == "none" or main is None:
            return await self._settle(action, None, REFUNDED)
        row = await self._lane.ask(sql.ATTEMPT, merchant=self._merchant, attempt=action.attempt)
        gateway = self._runtime.gateways.get(row["gateway"]) if row is not None else None
        if row is None or gateway is None:
            return await self._later(action, "its gateway is not registered any more")
        attempt = attempt_of(row)
        asked = Money.of((await self._balance(action)).parts_of(action.id)[main], action.amount.currency)
        way, result = await self._call(action, gateway, attempt, asked)
        failpoint("after_refund")
        log.info(
            "money asked back", merchant=self._merchant, gateway=gateway.name, attempt=attempt.id,
            action=action.id, way=way, result=type(result).__name__,
        )  # fmt: skip
        match result:
            case Approved() if result.amount.currency == asked.currency:
                return await self._settle(action, result, _done(way))
            case Approved():
                return await self._give_up(action, f"the gateway gave back {result.amount.currency}")
            case Declined() if action.asked == 1:
                return await self._refuse(action, way, result)
            case Declined():
                return await self._doubt(action, gateway, attempt, way, result)
        return await self._later(action, getattr(result, "reason", type(result).__name__))

    async def _call(
        self, action: Action, gateway: Gateway, attempt: PaymentAttempt, asked: Money
    ) -> tuple[Way, Result]:
        """Undo the payment, or refund it where it is settled.

        The change is noted before the refund is asked for: what may have been refunded is not undone.
        """
        if action.method == "void":
            result = await called(gateway, attempt, lambda: gateway.void(attempt, action.id))
            refunds = action.kind == "refund" and Capability.REFUND in gateway.capabilities
            if not (refunds and isinstance(result, Declined | NotAttempted)):
                return "void", result
            gone_on = await self._lane.ask(
                sql.GO_ON, merchant=self._merchant, action=action.id, method="refund"
            )
            if gone_on is None:
                return "void", Unknown(reason="somebody else has written it down")
        return "refund", await called(gateway, attempt, lambda: gateway.refund(attempt, asked, action.id))

    async def _doubt(
        self, action: Action, gateway: Gateway, attempt: PaymentAttempt, way: Way, declined: Declined
    ) -> Answer:
        """Judge a refusal of what an earlier try may have done already, by what is left at the gateway."""
        balance = await self._balance(action)
        assert action.main is not None  # else no gateway was asked
        before = Money.of(balance.kept_of(action.main), action.amount.currency)
        asked = Money.of(balance.parts_of(action.id)[action.main], action.amount.currency)
        match await called(gateway, attempt, lambda: gateway.ask(attempt)):
            case Approved(amount=left) if left == before:
                return await self._refuse(action, way, declined)
            case Approved(amount=left) if left == before - asked:
                return await self._settle(action, None, _done(way))
            case Declined() if asked == before:
                return await self._settle(action, None, _done(way))
        return await self._give_up(
            action, f"it was declined ({declined.code}) after a try whose end is not known"
        )

    # Writing down.

    async def _settle(self, action: Action, result: Approved | None, kind: str) -> Answer:
        """Write down that money went back, and do what follows; once, whoever comes."""
        answer: Answer = await again(lambda: self._settled(action, result, kind))
        failpoint("after_refund_settled")
        self._runtime.nudge()
        return answer

    async def _settled(self, action: Action, result: Approved | None, kind: str) -> Answer:
        failpoint("before_refund_settled")
        async with self._lane.transaction() as driver:
            order, balance = await self._held(driver, action)
            parts = dict(balance.parts_of(action.id))
            differs = False
            if result is not None and action.main is not None:
                differs = parts[action.main] != result.amount.amount
                parts[action.main] = result.amount.amount
            amount = Money.of(sum(parts.values(), Decimal(0)), order.amount.currency)
            if not await self._end(driver, action, "done", None):  # somebody else was faster
                kept = Money.of(balance.kept, amount.currency)
                return Given(
                    action=action.id, number=order.number, amount=amount, kept=kept, status=order.status
                )
            note = "by hand" if action.by_hand else None
            for key, part in parts.items():
                done = kind if key == action.main else REFUNDED
                given_by = result.transaction_id if result is not None and key == action.main else None
                await book(driver, order, action.id, done, {key: part}, given_by, note)
            kept = Money.of(balance.kept - amount.amount, amount.currency)
            status = await self._follow(driver, order, action, parts, kept, kind)
            if differs:
                text = f"{action.id}: {amount.wire} went back, {action.amount.wire} were asked for"
                await self._alarm(driver, "refund_differs", order, action, text)
            event = PaymentRefunded(
                id=str(uuid4()), merchant=self._merchant, at=order.now, number=order.number, amount=amount,
                kept=kept, email=order.email, language=order.language,
            )  # fmt: skip
            await told(driver, self._merchant, audience(self._runtime, event, "mail"))
            await self._write_down(driver, action, "done", f"{amount.wire} {amount.currency}")
        return Given(action=action.id, number=order.number, amount=amount, kept=kept, status=status)

    async def _follow(
        self, driver: Any, order: LockedOrder, action: Action, parts: Mapping[Key, Decimal], kept: Money,
        kind: str,
    ) -> int:  # fmt: skip
        """Give tenders back, and end the order when nothing of it is kept; return its status."""
        tenders = tenders_of(parts, kept.currency)
        if kept.amount > 0:
            await restored(self._runtime, driver, order, tenders, action.id)
            return order.status
        await closed(
            self._runtime, driver, order, tenders, action.id, paying=action.attempt,
            state="voided" if kind == VOIDED else "refunded",
        )  # fmt: skip
        status = when_given_back(order.status)
        if status == order.status:
            text = f"all its money went back, and it is {status}: see to its goods"
            await self._alarm(driver, "order_given_back", order, action, text)
        await moved(self._runtime, driver, order, status)
        return status

    async def _refuse(self, action: Action, way: Way, declined: Declined) -> NotGiven:
        """Write down that the gateway gives nothing back."""
        fact = f"the gateway declined the {way}" + (f": {declined.code}" if declined.code else "")

        async def refuse() -> None:
            async with self._lane.transaction() as driver:
                order, balance = await self._held(driver, action)
                if await self._end(driver, action, "refused", fact):
                    parts = balance.parts_of(action.id)
                    await book(driver, order, action.id, REFUSED, parts, note=declined.code)
                    await self._write_down(driver, action, "refused", fact)

        await again(refuse)
        remedy = "refund it" if action.kind == "void" else OTHER_ID
        return NotGiven(why="declined", fact=fact, remedy=remedy)

    async def _later(self, action: Action, reason: str) -> Answer:
        """Try again when the schedule says so; in the end give up, never silently."""
        log.warning("refund not known", merchant=self._merchant, action=action.id, reason=reason)
        if action.now - action.created >= GIVES_UP_AFTER:
            return await self._give_up(action, f"not known after {GIVES_UP_AFTER}: {reason}")
        await self._lane.ask(
            sql.LATER, merchant=self._merchant, action=action.id, owner=action.owner, note=reason,
            wait=WAITS[min(action.asked, len(WAITS)) - 1],
        )  # fmt: skip
        return action.open(reason)

    async def _give_up(self, action: Action, reason: str) -> Answer:
        log.error("refund is not repeated any more", merchant=self._merchant, action=action.id, reason=reason)
        await self._lane.ask(
            sql.GIVE_UP, merchant=self._merchant, action=action.id, owner=action.owner, note=reason,
            text=f"{action.id}: {reason}; ask again with the same id when you know more",
        )  # fmt: skip
        return action.open(reason)

    # Rows.

    async def _balance(self, action: Action) -> Balance:
        async with self._lane.transaction() as driver:
            return (await self._held(driver, action))[1]

    async def _held(self, driver: Any, action: Action) -> tuple[LockedOrder, Balance]:
        order = await locked(driver, self._merchant, action.number)
        assert order is not None, "orders are never deleted"
        return order, await balance_of(driver, order, self._runtime.reservations)

    async def _end(self, driver: Any, action: Action, state: str, note: str | None) -> bool:
        row = await sql.END.run(driver, merchant=self._merchant, action=action.id, state=state, note=note)
        return row is not None

    async def _write_down(self, driver: Any, action: Action, end: str, text: str) -> None:
        await moves.WRITE_DOWN.run(
            driver, merchant=self._merchant, actor=action.actor, action=f"{action.kind}_{end}",
            number=action.number, text=f"{action.id}: {text}",
        )  # fmt: skip

    async def _alarm(self, driver: Any, kind: str, order: LockedOrder, action: Action, text: str) -> None:
        log.error(text, merchant=self._merchant, kind=kind, order=order.number)
        await moves.ALARM.run(
            driver, merchant=self._merchant, kind=kind, attempt=action.attempt, number=order.number, text=text
        )


async def book(
    driver: Any, order: LockedOrder, action: str, kind: str, parts: Mapping[Key, Decimal],
    transaction_id: str | None = None, note: str | None = None,
) -> None:  # fmt: skip
    """Add rows to the ledger, one for each part."""
    await sql.BOOK.run(
        driver, merchant=order.merchant, kind=kind, currency=order.amount.currency, action=action,
        transaction_id=transaction_id, note=note, attempts=[attempt for attempt, _ in parts],
        tenders=[tender for _, tender in parts], amounts=list(parts.values()),
    )  # fmt: skip


def _done(way: Way) -> str:
    return VOIDED if way == "void" else REFUNDED
