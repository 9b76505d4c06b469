"""Asks gateways about attempts that may have moved money, and ends them as the answer says.

Money that is to go back, and of which it is not known whether it did, is asked
back again under the id of its action.

An attempt is asked under a claim with an owner and an end, so that of several
workers one asks. "Never heard of it" is believed only after the gateway's
``settles_after``: until then the request may still be on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import structlog

from vezne_core import (
    Approved,
    Capability,
    Challenged,
    Declined,
    NotAttempted,
    PaymentGivenBack,
    Pending,
    PreOrder,
    Result,
)
from vezne_host.payments import refund
from vezne_host.payments.calling import called
from vezne_host.payments.case import Case, attempt_of, sum_of
from vezne_host.payments.draft import thaw
from vezne_host.storage import attempts as sql
from vezne_host.storage import refunds
from vezne_host.storage.checkouts import encode_body
from vezne_host.storage.lane import Away, Lane
from vezne_host.storage.outbox import encode, topic

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

UNKNOWN_WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600))
"""When an attempt is asked again of which it is not known whether it took money; then hourly."""
CHALLENGED_WAITS = tuple(timedelta(minutes=m) for m in (2, 3, 5, 10))
"""When one is asked whose shopper is, or was, at the provider; then as the last."""
GIVES_UP_AFTER = timedelta(hours=72)
LEASE = timedelta(seconds=60)
"""How long a claim lasts; longer than any gateway's call."""
EVERY = 1.0
"""Seconds between two looks for what is due."""
BATCH = 20

OWED = frozenset({"paid_late", "voiding"})
"""Money is there that has to go back."""
DEAD = frozenset({"abandoned", "declined", "released"})


def wait_after(state: str, asked: int) -> timedelta:
    """Return how long to wait after the so-many-th question."""
    waits = UNKNOWN_WAITS if state in ("started", "unknown", *OWED) else CHALLENGED_WAITS
    return waits[min(asked, len(waits)) - 1]


class Reconciler:
    """Settles the attempts of the merchants of a process."""

    def __init__(self, lane: Lane, runtimes: Mapping[str, MerchantRuntime]) -> None:
        self._lane = lane
        self._runtimes = runtimes
        self._owner = token_hex(8)

    async def run(self) -> None:
        """Settle what is due, again and again."""
        away = False
        while True:
            try:
                if await self.once() >= BATCH:
                    continue
                away = False
            except Away as error:
                if not away:
                    log.warning("attempts cannot be looked at", error=str(error))
                away = True
            await asyncio.sleep(EVERY)

    async def once(self) -> int:
        """Settle one batch and return how many it had."""
        merchants: Collection[str] = list(self._runtimes)
        due = await self._lane.ask_all(
            sql.CLAIM_DUE, owner=self._owner, lease=LEASE, merchants=merchants, limit=BATCH
        )
        actions = await self._lane.ask_all(
            refunds.CLAIM_DUE, owner=self._owner, lease=refund.LEASE, merchants=merchants, limit=BATCH
        )
        await asyncio.gather(
            *(self._settle(row) for row in due),
            *(self._runtimes[row["merchant"]].refunds.repeat(row) for row in actions),
        )
        return max(len(due), len(actions))

    async def one(self, merchant: str, attempt: UUID, *, anyway: bool = False) -> bool:
        """Settle one attempt if it is due; False when it is not, or somebody else is at it.

        :param anyway: also before it is due, because a notice says that something happened.
        """
        row = await self._lane.ask(
            sql.CLAIM_ONE, owner=self._owner, lease=LEASE, merchant=merchant, attempt=attempt, anyway=anyway
        )
        if row is None:
            return False
        await self._settle(row)
        return True

    async def _settle(self, claimed: Any) -> None:
        """Ask about a claimed attempt; whatever goes wrong, it is due again later."""
        runtime = self._runtimes[claimed["merchant"]]
        try:
            await _Question(self._lane, runtime, claimed, self._owner).settle()
        except Away:
            raise
        except Exception as error:
            log.error(
                "attempt not settled", merchant=runtime.name, attempt=str(claimed["id"]),
                error=type(error).__name__, exc_info=True,
            )  # fmt: skip
            await self._lane.ask(
                sql.RESCHEDULE, merchant=runtime.name, attempt=claimed["id"], owner=self._owner,
                wait=wait_after(claimed["state"], claimed["asked"]),
            )  # fmt: skip


class _Question:
    """One question about one attempt, and what follows from the answer."""

    def __init__(self, lane: Lane, runtime: MerchantRuntime, claimed: Any, owner: str) -> None:
        self._lane = lane
        self._runtime = runtime
        self._id: UUID = claimed["id"]
        self._asked: int = claimed["asked"]
        self._state: str = claimed["state"]
        self._called: datetime = claimed["called_at"]
        self._created: datetime = claimed["created_at"]
        self._expires: datetime | None = claimed["expires_at"]
        self._now: datetime = claimed["now"]
        self._owner = owner

    @property
    def _merchant(self) -> str:
        return self._runtime.name

    async def settle(self) -> None:
        row = await self._lane.ask(
            sql.LOAD_KNOWN, merchant=self._merchant, attempt=self._id,
            skus=list(self._runtime.settings().skus),
        )  # fmt: skip
        if row is None:
            return
        case = self._case(row)
        if case is None:
            await self._later("its gateway is not registered any more")
            return
        result = await called(case.gateway, case.attempt, lambda: case.gateway.ask(case.attempt))
        log.info(
            "payment asked", merchant=self._merchant, gateway=case.attempt.gateway, attempt=str(self._id),
            state=self._state, result=type(result).__name__,
        )  # fmt: skip
        if self._state in OWED:
            await self._give_back(case, result)
        elif self._state in DEAD:
            await self._too_late(case, result)
        else:
            await self._live(case, result)

    def _case(self, row: Any) -> Case | None:
        """Build what ends the attempt, from what was frozen with it."""
        runtime = self._runtime
        attempt, snapshot = attempt_of(row), thaw(row["snapshot"])
        gateway = runtime.gateways.get(attempt.gateway)
        loaded = runtime.checkouts.read(row)
        if gateway is None or loaded.preorder is None:
            return None
        known = loaded.preorder
        frozen = PreOrder(
            known.id, self._merchant, known.revision, post_order=known.post_order,
            raw={
                name: bytes(raw) for name, raw in snapshot.values.items()
                if name not in runtime.graph.slots or not runtime.graph.slots[name].fact
            },
        )  # fmt: skip
        accepted = known if self._state == "challenged" else frozen
        return Case(
            attempt=attempt,
            gateway=gateway,
            page=row["attempt_page"],
            draft=snapshot.draft,
            frozen=row["snapshot"],
            loaded=loaded,
            before=known,
            accepted=accepted,
            challenged=accepted,
            declined=runtime.engine.led_back(known, row["attempt_page"]),
            revision=known.revision,
            body=lambda preorder: encode_body(preorder, loaded.memory),
            holding=runtime.runner.holding(attempt, snapshot),
            in_session=False,
            resumed=True,
        )

    async def _live(self, case: Case, result: Result) -> None:
        """End an attempt that may still become an order."""
        settler, leaves = self._runtime.runner.settler, [self._state]
        match result:
            case Approved() | Pending() | Declined():
                await settler.settle(case, result, leaves=leaves)
            case Challenged() if self._state != "challenged":
                await settler.settle(case, result, leaves=leaves)
            case NotAttempted() if self._believed(case):
                await self._release(case)
            case _ if self._state == "challenged" and self._over():
                await settler.end(
                    case.attempt, case.holding, state="abandoned", leaves=leaves, note="expired",
                    revision=case.revision, body=case.body(case.declined),
                )  # fmt: skip
                await self._later("expired")
            case _:
                await self._later(getattr(result, "reason", type(result).__name__))

    async def _too_late(self, case: Case, result: Result) -> None:
        """An attempt that had ended never places: money that it took goes back."""
        if not isinstance(result, Approved):
            if self._over():
                await self._give_up("asked once more after its end", loud=False)
            else:
                await self._later("not paid")
            return
        note = f"paid {result.amount.wire} {result.amount.currency} after it was {self._state}"
        await self._lane.ask(
            sql.LATE, merchant=self._merchant, attempt=self._id, transaction_id=result.transaction_id,
            note=note, **sum_of(case.attempt),
        )  # fmt: skip
        self._state = "paid_late"
        await self._give_back(case, result)

    async def _give_back(self, case: Case, told: Result) -> None:
        """Undo a payment, or refund it where it is settled; the same action however often this runs.

        :param told: what the gateway says: it may have taken interest beside what was asked.
        """
        paid = told.amount if isinstance(told, Approved) else case.attempt.amount
        action, gateway = f"late-{self._id}", case.gateway
        result: Result = NotAttempted(reason="this gateway cannot void")
        state = "voided"
        if Capability.VOID in gateway.capabilities:
            result = await called(gateway, case.attempt, lambda: gateway.void(case.attempt, action))
        if isinstance(result, NotAttempted | Declined) and Capability.REFUND in gateway.capabilities:
            state = "refunded"
            result = await called(gateway, case.attempt, lambda: gateway.refund(case.attempt, paid, action))
        if not isinstance(result, Approved):
            await self._later(f"money could not be given back: {type(result).__name__}")
            return
        event_id = uuid4()
        event = PaymentGivenBack(
            id=str(event_id), merchant=self._merchant, at=self._now, number=case.draft.number,
            amount=result.amount, email=case.draft.email, language=case.draft.language,
        )  # fmt: skip
        await self._lane.ask(
            sql.GIVEN_BACK, merchant=self._merchant, attempt=self._id, state=state, event_id=event_id,
            topic=topic(PaymentGivenBack), payload=encode(event), amount=result.amount.amount,
            currency=result.amount.currency,
        )  # fmt: skip

    async def _release(self, case: Case) -> None:
        """Nothing was done and nothing will be: the shopper may try again."""
        await self._runtime.runner.settler.end(
            case.attempt, case.holding, state="released", leaves=[self._state], note="never arrived",
            revision=case.revision, body=case.body(case.declined),
        )  # fmt: skip

    def _believed(self, case: Case) -> bool:
        """Tell whether "never heard of it" can be believed: not while a request may be on its way."""
        if self._state == "challenged":
            return False
        return self._now - self._called >= case.gateway.settles_after

    def _over(self) -> bool:
        return self._expires is not None and self._now >= self._expires

    async def _later(self, reason: str) -> None:
        """Ask again when the schedule says so; in the end give up, never silently."""
        if self._state not in DEAD and self._now - self._created >= GIVES_UP_AFTER:
            await self._give_up(f"not known after {GIVES_UP_AFTER}: {reason}", loud=True)
            return
        await self._lane.ask(
            sql.RESCHEDULE, merchant=self._merchant, attempt=self._id, owner=self._owner,
            wait=wait_after(self._state, self._asked),
        )  # fmt: skip

    async def _give_up(self, note: str, *, loud: bool) -> None:
        tell = log.error if loud else log.info
        tell("attempt is not asked any more", merchant=self._merchant, attempt=str(self._id), note=note)
        await self._lane.ask(
            sql.GIVE_UP, merchant=self._merchant, attempt=self._id, owner=self._owner, note=note, loud=loud
        )
