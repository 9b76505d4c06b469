"""Claim, charge, place, tell: the only caller of what moves money.

The attempt is stored before the gateway is called and its result after. From
the claim on, everything runs in a task of its own, so that a request that is
cut off cuts nothing. How attempts end is in ``settler.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import structlog
from asyncpg import UniqueViolationError
from msgspec import Struct

from vezne_core import (
    CONFIG,
    GATEWAY,
    ORDER_NUMBER,
    Declined,
    Errors,
    FormPost,
    Message,
    Notice,
    Page,
    Pay,
    PaymentAttempt,
    PreOrder,
    Reservation,
)
from vezne_core.outcome import GENERAL
from vezne_host.payments.attempt import Made, hashed, make, return_page
from vezne_host.payments.calling import called
from vezne_host.payments.case import Case, attempt_of, needs_token
from vezne_host.payments.draft import Snapshot, draft, freeze, thaw
from vezne_host.payments.failpoint import failpoint
from vezne_host.payments.holding import Holding
from vezne_host.payments.settler import Settler
from vezne_host.payments.statement import folded
from vezne_host.payments.verdict import Lost, Refused, Verdict, Waiting
from vezne_host.storage import attempts as sql
from vezne_host.storage import post_orders
from vezne_host.storage.checkouts import Checkouts, Loaded, encode_body
from vezne_host.storage.lane import Away, Lane, untangled

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime
    from vezne_host.visit import Visit

log = structlog.get_logger()

NO_STOCK = "There is not enough of {name} in stock."
CARD_AGAIN = "Please enter your card again."
NO_GATEWAY = "This way to pay is not available now."
NOT_PAYABLE = "This order does not wait for a payment any more."
TOO_MANY = "Too many tries. Please wait a few minutes."


class Runner:
    """Runs the payments of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane, checkouts: Checkouts) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane
        self._checkouts = checkouts
        self.settler = Settler(runtime, lane)
        self._running: set[asyncio.Task[Any]] = set()

    # What the engine asks.

    async def begin(
        self, visit: Visit, page: Page[Any], outcome: Pay, form: Struct | None, declined: PreOrder
    ) -> Verdict:
        """Begin a payment for a pre-order that the shopper has seen as it is."""
        services, graph = self._runtime.services, self._runtime.graph
        gateway = services.gateways.of(visit.preorder)
        info = visit.preorder.get(GATEWAY)
        if gateway is None or info is None:
            return Refused({GENERAL: [NO_GATEWAY]}, visit.preorder, visit.loaded)
        if not await self._may_try(visit, outcome):
            return Refused({GENERAL: [TOO_MANY]}, visit.preorder, visit.loaded)
        number = self._number(visit)
        if ORDER_NUMBER not in page.forgets:  # else a payment that is declined gives it back
            declined = declined.with_value(ORDER_NUMBER, number)
        accepted, _ = visit.preorder.apply(graph, outcome.changes, page.resets)
        accepted = accepted.with_value(ORDER_NUMBER, number)
        challenged, _ = accepted.apply(graph, outcome.challenged)
        order = draft(accepted, visit.world.catalogue, visit.world.products, number)
        made = make(
            accepted, order, gateway=info.name, tries=visit.loaded.tries, outcome=outcome, form=form,
            links=services.links,
            expires=visit.loaded.now + timedelta(minutes=self._runtime.lifetimes.challenged_minutes),
        )  # fmt: skip
        holding = Holding(self._reservations(accepted), graph, accepted, made.stored, order)
        case = Case(
            attempt=made.stored,
            gateway=gateway,
            page=page.name,
            draft=order,
            frozen=freeze(graph, accepted, order),
            loaded=visit.loaded,
            before=visit.preorder,
            accepted=accepted,
            challenged=challenged,
            declined=declined,
            revision=visit.preorder.revision + 1,
            body=lambda preorder: encode_body(preorder, visit.memory),
            holding=holding,
            in_session=True,
            card=outcome.card,
        )
        back = return_page(self._runtime.flow.chain_of[page.name].pages, page)
        return await self._shielded(self._begin(case, made, back, visit))

    def _number(self, visit: Visit) -> str:
        """Return the order's number: the one that stands, the one of an earlier try, or a fresh one."""
        if visit.preorder.post_order and visit.loaded.order is not None:
            return visit.loaded.order.number
        return visit.preorder.get(ORDER_NUMBER) or self._runtime.services.numbers.fresh()

    async def resume(self, visit: Visit, page: Page[Any], outcome: Pay, declined: PreOrder) -> Verdict:
        """Go on with the open attempt; of two callers one does."""
        row = await self._open(visit)
        if row is None or outcome.answer is None:
            return Lost()
        attempt = attempt_of(row)
        snapshot = thaw(row["snapshot"])
        gateway = self._runtime.gateways.get(attempt.gateway)
        if gateway is None:
            return Waiting()
        graph = self._runtime.graph
        accepted, _ = visit.preorder.apply(graph, outcome.changes, page.resets)
        challenged, _ = accepted.apply(graph, outcome.challenged)
        case = Case(
            attempt=attempt,
            gateway=gateway,
            page=row["attempt_page"],
            draft=snapshot.draft,
            frozen=row["snapshot"],
            loaded=visit.loaded,
            before=visit.preorder,
            accepted=accepted,
            challenged=challenged,
            declined=declined,
            revision=visit.preorder.revision,
            body=lambda preorder: encode_body(preorder, visit.memory),
            holding=self.holding(attempt, snapshot),
            in_session=visit.in_session,
            resumed=True,
        )
        return await self._shielded(self._resume(case, page, outcome))

    async def open_attempt(self, visit: Visit) -> PreOrder | None:
        """Return the pre-order as it was frozen with the open attempt, or None."""
        row = await self._open(visit)
        if row is None:
            return None
        values = {name: bytes(raw) for name, raw in thaw(row["snapshot"]).values.items()}
        page = self._runtime.flow.pages.get(row["attempt_page"])
        if page is not None and page.challenge is not None:
            filled = visit.preorder.raw.get(page.challenge.name)
            if filled is not None:
                values[page.challenge.name] = filled
        frozen = PreOrder(
            visit.preorder.id, self._merchant, visit.preorder.revision, raw=values,
            post_order=visit.preorder.post_order,
        )  # fmt: skip
        return frozen.with_value(CONFIG, visit.world.config)

    async def returning(self, token: str | None, reference: str | None) -> tuple[Loaded, Any] | None:
        """Return the checkout that a return address belongs to, and the row of its attempt.

        :param token: its one-time token; where there is one, it alone counts.
        :param reference: order number and try, once their signature was verified.
        """
        row = await self._lane.ask(
            sql.LOAD_RETURN,
            merchant=self._merchant,
            return_hash=hashed(token) if token is not None else None,
            reference=reference if token is None else None,
            skus=list(self._runtime.settings().skus),
        )
        if row is None or (token is None and needs_token(row)):
            return None
        return self._checkouts.read(row), row

    async def noticed(self, gateway: str, notice: Notice) -> tuple[Loaded, Any] | None:
        """Return the checkout that a provider's message is about, and the row of its attempt."""
        row = await self._lane.ask(
            sql.LOAD_NOTICED,
            merchant=self._merchant,
            gateway=gateway,
            reference=notice.reference,
            transaction_id=notice.transaction_id,
            skus=list(self._runtime.settings().skus),
        )
        return None if row is None else (self._checkouts.read(row), row)

    async def note_notice(self, gateway: str, notice: Notice, attempt: UUID) -> None:
        """Note that a message had its effect."""
        await self._lane.ask(
            sql.NOTICED, merchant=self._merchant, gateway=gateway, event_id=notice.event_id, attempt=attempt
        )

    async def state_of(self, attempt: UUID) -> str | None:
        """Return the state of an attempt now."""
        row = await self._lane.ask(sql.LOAD_ATTEMPT, merchant=self._merchant, attempt=attempt)
        return None if row is None else str(row["attempt_state"])

    async def record(self, attempt: UUID) -> None:
        """Note an answer to an attempt that does not wait for one; the reconciler asks the gateway."""
        await self._lane.ask(
            sql.RECORD, merchant=self._merchant, attempt=attempt, note="answered from outside"
        )

    async def deferred(self, visit: Visit) -> FormPost | None:
        """Make a hand-off that contains card data; stored nowhere."""
        row = await self._open(visit)
        card = await self._runtime.services.vault.card(visit.preorder.id)
        if row is None or card is None:
            return None
        attempt = attempt_of(row)
        gateway = self._runtime.gateways.get(attempt.gateway)
        if gateway is None:
            return None
        await self._runtime.services.vault.leave(visit.preorder.id)
        return gateway.hand_off(attempt, card)

    async def abandon(self, visit: Visit) -> bool:
        """Save a pre-order that let go of its challenge; the attempt ends and gives back what it held."""
        row = await self._open(visit)
        if row is None:
            return await self._checkouts.save(visit.preorder, visit.memory)
        attempt = attempt_of(row)
        holding = self.holding(attempt, thaw(row["snapshot"]))
        ended = await self.settler.end(
            attempt, holding, state="abandoned", leaves=["challenged"], note=None,
            revision=visit.preorder.revision, body=encode_body(visit.preorder, visit.memory),
        )  # fmt: skip
        await self._runtime.services.vault.drop(visit.preorder.id)
        return ended == visit.preorder.revision + 1

    # The steps.

    async def _begin(self, case: Case, made: Made, back: str, visit: Visit) -> Verdict:
        failpoint("before_claim")
        verdict = await self._claim(case, made, visit)
        if verdict is not None:
            return verdict
        failpoint("after_claim")
        told = made.told(self._runtime.services.links, back, self._runtime.return_links.sign)
        result = await called(
            case.gateway, case.attempt, lambda: case.gateway.begin(told, case.card), repeat=True
        )
        failpoint("after_charge")
        return await self.settler.settle(case, result, leaves=["started"])

    async def _resume(self, case: Case, page: Page[Any], outcome: Pay) -> Verdict:
        vault = self._runtime.services.vault
        taken = await self._lane.ask(
            sql.RESUME, merchant=self._merchant, attempt=case.attempt.id,
            deadline=case.gateway.timeout + 5.0, **case.sum,
        )  # fmt: skip
        if taken is None:
            return Lost()
        failpoint("after_resume")
        card = outcome.card
        if card is None and case.gateway.card_at_resume:
            card = await vault.card(case.draft.preorder)
            if card is None:
                gone = Declined(errors={GENERAL: [CARD_AGAIN]}, code="card_gone")
                return await self.settler.settle(case, gone, leaves=["started"])
        answer = outcome.answer
        assert answer is not None  # resume is called with an answer only
        result = await called(
            case.gateway,
            case.attempt,
            lambda: case.gateway.resume(case.attempt, answer, card),
            repeat=True,
        )
        failpoint("after_charge")
        return await self.settler.settle(case, result, leaves=["started"])

    async def _claim(self, case: Case, made: Made, visit: Visit) -> Verdict | None:
        """Take what the order needs and store the attempt; a verdict when that was refused."""
        basket = visit.loaded.basket
        if basket is None and not visit.preorder.post_order:
            return Lost()
        values = {
            "merchant": self._merchant,
            "preorder": visit.preorder.id,
            "revision": visit.preorder.revision,
            "basket": basket.pk if basket else 0,
            "basket_version": basket.version if basket else 0,
            "order": visit.loaded.post_order,
            "skus": list(case.draft.pieces),
            "pieces": list(case.draft.pieces.values()),
            "held": msgspec.json.encode(case.draft.pieces).decode(),
            "body": case.body(case.declined),
            "attempt": case.attempt.id,
            "page": case.page,
            "gateway": case.attempt.gateway,
            "order_number": case.draft.number,
            "reference": case.attempt.reference,
            "interest": case.attempt.interest.amount,
            "attempt_body": msgspec.msgpack.encode(case.attempt),
            "snapshot": case.frozen,
            "return_hash": hashed(made.token),
            "configuration_revision": visit.world.config.revision,
            "deadline": case.gateway.timeout + 5.0,
            "expires": case.attempt.expires,
            "transfer_code": folded(case.attempt.transfer_code),
            **case.sum,
        }
        left_open = await self._left_open(visit)
        try:
            row, errors = await untangled(lambda: self._take(case, values, left_open))
        except UniqueViolationError as error:
            if error.constraint_name != "ix_payment_attempt_live":
                raise
            return Lost()
        except Away:
            known = await self._lane.ask(sql.LOAD_ATTEMPT, merchant=self._merchant, attempt=case.attempt.id)
            if known is not None:
                return None
            return Lost()
        if errors is not None:
            return Refused(errors, visit.preorder, visit.loaded)
        if row["attempt"] is not None:
            return None
        if case.loaded.post_order is not None:
            return (
                Lost() if row["payable"] else Refused({GENERAL: [NOT_PAYABLE]}, visit.preorder, visit.loaded)
            )
        if not row["current"]:
            return Lost()
        return Refused({GENERAL: self._short(case, row["short"])}, visit.preorder, visit.loaded)

    async def _left_open(self, visit: Visit) -> Holding | None:
        """Return what the attempt holds that this one takes the place of, beside stock."""
        if visit.loaded.attempt is None or not self._runtime.reservations:
            return None
        row = await self._open(visit)
        return None if row is None else self.holding(attempt_of(row), thaw(row["snapshot"])) or None

    async def _take(
        self, case: Case, values: dict[str, Any], left_open: Holding | None
    ) -> tuple[Any, Errors | None]:
        """Run the claim; with reservations of plugins in one transaction, all or nothing."""
        if case.loaded.post_order is not None:
            async with self._lane.transaction() as driver:
                await post_orders.LOCK.run(driver, **values)
                return await post_orders.CLAIM.run(driver, **values), None
        if not case.holding and left_open is None:
            async with self._lane.lend() as driver:
                return await sql.CLAIM.run(driver, **values), None
        async with self._lane.lend() as driver:
            transaction: Any = driver.transaction()
            await transaction.start()
            errors: Errors | None = None
            try:
                row = await sql.CLAIM.run(driver, **values)
                assert row is not None  # the claim always answers
                if row["attempt"] is not None:
                    if left_open is not None:
                        await left_open.release(driver)
                    errors = await case.holding.claim(driver)
            except BaseException:
                await transaction.rollback()
                raise
            if errors is None:
                await transaction.commit()
            else:
                await transaction.rollback()
            return row, errors

    # Around the steps.

    async def _may_try(self, visit: Visit, outcome: Pay) -> bool:
        """Tell whether a card may be tried: the limits stand on every road to a gateway."""
        number = outcome.card.number if outcome.card else None
        return number is None or await self._runtime.cards.may_try(visit.preorder, number)

    async def _open(self, visit: Visit) -> Any:
        """Return the row of the live attempt, loaded once per request."""
        if visit.open is None:
            visit.open = await self._lane.ask(
                sql.LOAD_OPEN, merchant=self._merchant, preorder=visit.preorder.id
            )
        return visit.open

    def holding(self, attempt: PaymentAttempt, snapshot: Snapshot) -> Holding:
        """Return what an attempt holds beside stock, as it was frozen."""
        values = {name: bytes(raw) for name, raw in snapshot.values.items()}
        frozen = PreOrder(
            snapshot.draft.preorder, self._merchant, raw=values, post_order=snapshot.draft.post_order
        )
        return Holding(self._reservations(frozen), self._runtime.graph, frozen, attempt, snapshot.draft)

    def _reservations(self, preorder: PreOrder) -> Sequence[Reservation]:
        """An order that stands has taken what it needs."""
        return () if preorder.post_order else self._runtime.reservations

    def _short(self, case: Case, skus: Sequence[str]) -> list[Message]:
        names = {line.sku: line.name for line in case.attempt.lines}
        return [Message(NO_STOCK, {"name": names.get(sku, sku)}) for sku in skus]

    async def _shielded(self, steps: Awaitable[Verdict]) -> Verdict:
        """Run to the end whatever becomes of the request."""
        task: asyncio.Task[Verdict] = asyncio.ensure_future(steps)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for the payments that are on their way."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
