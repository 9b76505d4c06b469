"""Claim, charge, place, tell: the only caller of what moves money.

The attempt is stored before the gateway is called and its result after. From
the claim on, everything runs in a task of its own, so that a request that is
cut off cuts nothing. Browser return, notice and reconciler end in
:meth:`Runner.settle`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import structlog
from asyncpg import UniqueViolationError
from msgspec import Struct

from vezne_core import (
    CARD,
    CLIENT,
    CONFIG,
    CONTACT,
    GATEWAY,
    ORDER_NUMBER,
    Approved,
    CardDetails,
    Challenge,
    Challenged,
    Declined,
    Deferred,
    Errors,
    FormPost,
    Gateway,
    Message,
    Money,
    NotAttempted,
    OrderPlaced,
    Page,
    Pay,
    PaymentAttempt,
    Pending,
    PlacedOrder,
    PreOrder,
    Result,
    Undecided,
    Unknown,
)
from vezne_core.outcome import GENERAL
from vezne_host.payments.attempt import Made, hashed, make, return_page
from vezne_host.payments.draft import Draft, Snapshot, draft, freeze, thaw
from vezne_host.payments.failpoint import failpoint
from vezne_host.payments.holding import Holding
from vezne_host.payments.verdict import Lost, Placed, Refused, Stepped, Verdict, Waiting
from vezne_host.storage import attempts as sql
from vezne_host.storage.checkouts import AttemptRow, Checkouts, Loaded, encode_body, new_public_id
from vezne_host.storage.lane import Away, Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime
    from vezne_host.visit import Visit

log = structlog.get_logger()

NO_STOCK = "There is not enough of {name} in stock."
NOT_PAID = "The payment was not accepted. Please try again or choose another way to pay."
CARD_AGAIN = "Please enter your card again."
NO_GATEWAY = "This way to pay is not available now."
TOO_MANY = "Too many tries. Please wait a few minutes."

WAITS, PAID = 300, 400
"""Order status: payment waiting, approved."""


class Case(Struct, frozen=True, kw_only=True):
    """One attempt on its way: what it needs to end in any of the ways it can."""

    attempt: PaymentAttempt
    gateway: Gateway
    page: str
    draft: Draft
    frozen: bytes
    loaded: Loaded
    accepted: PreOrder
    """The pre-order when the gateway approves or challenges."""
    challenged: PreOrder
    """The same with what applies to a challenge only, before the challenge itself."""
    declined: PreOrder
    """The pre-order when it declines."""
    revision: int
    body: Callable[[PreOrder], bytes]
    holding: Holding
    in_session: bool
    """The shopper's browser waits for the answer."""
    card: CardDetails | None = None
    resumed: bool = False


class Runner:
    """Runs the payments of one merchant."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane, checkouts: Checkouts) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane
        self._checkouts = checkouts
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
        number = visit.preorder.get(ORDER_NUMBER) or services.numbers.fresh()
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
        holding = Holding(self._runtime.reservations, graph, accepted, made.stored, order)
        case = Case(
            attempt=made.stored,
            gateway=gateway,
            page=page.name,
            draft=order,
            frozen=freeze(graph, accepted, order),
            loaded=visit.loaded,
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

    async def resume(self, visit: Visit, page: Page[Any], outcome: Pay, declined: PreOrder) -> Verdict:
        """Go on with the open attempt; of two callers one does."""
        row = await self._open(visit)
        if row is None or outcome.answer is None:
            return Lost()
        attempt = msgspec.msgpack.decode(row["attempt_body"], type=PaymentAttempt)
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
            accepted=accepted,
            challenged=challenged,
            declined=declined,
            revision=visit.preorder.revision,
            body=lambda preorder: encode_body(preorder, visit.memory),
            holding=self._holding(attempt, snapshot),
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

    async def by_token(self, token: str) -> tuple[Loaded, Any] | None:
        """Return the checkout that a return token belongs to, and the row of its attempt."""
        row = await self._lane.ask(
            sql.LOAD_RETURN,
            merchant=self._merchant,
            return_hash=hashed(token),
            skus=list(self._runtime.settings().skus),
        )
        return None if row is None else (self._checkouts.read(row), row)

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
        attempt = msgspec.msgpack.decode(row["attempt_body"], type=PaymentAttempt)
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
        attempt = msgspec.msgpack.decode(row["attempt_body"], type=PaymentAttempt)
        holding = self._holding(attempt, thaw(row["snapshot"]))
        ended = await self._end(
            attempt, holding, state="abandoned", leaves=["challenged"], note=None,
            revision=visit.preorder.revision, body=encode_body(visit.preorder, visit.memory),
        )  # fmt: skip
        await self._runtime.services.vault.drop(visit.preorder.id)
        return ended == visit.preorder.revision + 1

    def placed(self, pk: int, number: str, key: str) -> PlacedOrder:
        """Return the order that stands, as the last page tells of it."""
        return PlacedOrder(id=pk, number=number, key=key, token=self._runtime.order_links.sign(number))

    # The steps.

    async def _begin(self, case: Case, made: Made, back: str, visit: Visit) -> Verdict:
        failpoint("before_claim")
        verdict = await self._claim(case, made, visit)
        if verdict is not None:
            return verdict
        failpoint("after_claim")
        told = made.told(self._runtime.services.links, back)
        result = await self._call(case, lambda: case.gateway.begin(told, case.card))
        if isinstance(result, NotAttempted):
            result = await self._call(case, lambda: case.gateway.begin(told, case.card))
        failpoint("after_charge")
        return await self.settle(case, result, leaves=["started"])

    async def _resume(self, case: Case, page: Page[Any], outcome: Pay) -> Verdict:
        vault = self._runtime.services.vault
        taken = await self._lane.ask(
            sql.RESUME, merchant=self._merchant, attempt=case.attempt.id,
            deadline=case.gateway.timeout + 5.0, **_sum(case.attempt),
        )  # fmt: skip
        if taken is None:
            return Lost()
        failpoint("after_resume")
        card = outcome.card
        if card is None and case.gateway.card_at_resume:
            card = await vault.card(case.draft.preorder)
            if card is None:
                return await self.settle(
                    case, Declined(errors={GENERAL: [CARD_AGAIN]}, code="card_gone"), leaves=["started"]
                )
        answer = outcome.answer
        assert answer is not None  # resume is called with an answer only
        result = await self._call(case, lambda: case.gateway.resume(case.attempt, answer, card))
        if isinstance(result, NotAttempted):
            result = await self._call(case, lambda: case.gateway.resume(case.attempt, answer, card))
        failpoint("after_charge")
        return await self.settle(case, result, leaves=["started"])

    async def settle(self, case: Case, result: Result, *, leaves: Sequence[str]) -> Verdict:
        """Write down how a gateway answered and do what follows from it."""
        log.info(
            "payment answered", merchant=self._merchant, gateway=case.attempt.gateway,
            attempt=case.attempt.id, result=type(result).__name__, code=getattr(result, "code", None),
        )  # fmt: skip
        match result:
            case Approved():
                wrong = self._mismatch(case, result)
                if wrong:
                    return await self._doubt(case, wrong, flag=wrong)
                verdict = await self._place(case, PAID, "approved", result.transaction_id, leaves)
                await self._store_card(case, result)
            case Pending():
                verdict = await self._place(case, WAITS, "pending", result.transaction_id, leaves)
            case Challenged():
                return await self._challenge(case, result)
            case Undecided():
                await self._lane.ask(sql.AGAIN, merchant=self._merchant, attempt=case.attempt.id)
                return Refused(_errors(result.errors), case.accepted, case.loaded)
            case Declined() | NotAttempted():
                return await self._decline(case, result, leaves)
            case Unknown():
                return await self._doubt(case, result.reason)
        await self._forget_card(case)
        return verdict

    async def _claim(self, case: Case, made: Made, visit: Visit) -> Verdict | None:
        """Take what the order needs and store the attempt; a verdict when that was refused."""
        basket = visit.loaded.basket
        if basket is None:
            return Lost()
        values = {
            "merchant": self._merchant,
            "preorder": visit.preorder.id,
            "revision": visit.preorder.revision,
            "basket": basket.pk,
            "basket_version": basket.version,
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
            **_sum(case.attempt),
        }
        try:
            row, errors = await self._take(case, values)
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
        if not row["current"]:
            return Lost()
        return Refused({GENERAL: self._short(case, row["short"])}, visit.preorder, visit.loaded)

    async def _take(self, case: Case, values: dict[str, Any]) -> tuple[Any, Errors | None]:
        """Run the claim; with reservations of plugins in one transaction, all or nothing."""
        if not case.holding:
            async with self._lane.lend() as driver:
                return await sql.CLAIM.run(driver, **values), None
        async with self._lane.lend() as driver:
            transaction: Any = driver.transaction()
            await transaction.start()
            try:
                row = await sql.CLAIM.run(driver, **values)
                assert row is not None  # the claim always answers
                errors = await case.holding.claim(driver) if row["attempt"] is not None else None
            except BaseException:
                await transaction.rollback()
                raise
            if errors is None:
                await transaction.commit()
            else:
                await transaction.rollback()
            return row, errors

    async def _place(
        self, case: Case, status: int, result: str, transaction_id: str | None, leaves: Sequence[str]
    ) -> Verdict:
        failpoint("before_place")
        order, renew = case.draft, new_public_id() if case.in_session else None
        values = self._order_values(case, status, result, transaction_id, leaves, renew)

        async def place() -> Any:
            if not case.holding:
                return await self._lane.ask(sql.PLACE, **values)
            async with self._lane.transaction() as driver:
                row = await sql.PLACE.run(driver, **values)
                if row is not None:
                    await case.holding.consume(driver)
                return row

        row = await _again(place)
        failpoint("after_place")
        if row is not None:
            self._runtime.nudge()
            return Placed(self.placed(row["pk"], order.number, order.key), renew)
        known = await self._lane.ask(sql.LOAD_ATTEMPT, merchant=self._merchant, attempt=case.attempt.id)
        if known is not None and known["order_pk"] is not None:
            return Placed(self.placed(known["order_pk"], known["number"], known["key"]), renew)
        return Lost()

    async def _challenge(self, case: Case, result: Challenged) -> Verdict:
        page = self._runtime.flow.pages[case.page]
        if page.challenge is None:
            return await self._doubt(
                case, f"{case.page} cannot be challenged", flag="challenged unexpectedly"
            )
        expires = case.attempt.expires
        if result.expires_in is not None:
            expires = min(expires, case.loaded.now + result.expires_in)
        attempt = msgspec.structs.replace(case.attempt, state=dict(result.state), expires=expires)
        challenge = Challenge(hand_off=result.hand_off, show=dict(result.show), expires=expires)
        graph = self._runtime.graph
        preorder, _ = case.challenged.apply(graph, (page.challenge.fill(challenge),))
        frozen = case.frozen
        row = await self._lane.ask(
            sql.CHALLENGE, merchant=self._merchant, attempt=attempt.id,
            attempt_body=msgspec.msgpack.encode(attempt), snapshot=frozen, transaction_id=None,
            expires=expires, body=case.body(preorder), **_sum(attempt),
        )  # fmt: skip
        if case.card is not None and (isinstance(result.hand_off, Deferred) or case.gateway.card_at_resume):
            await self._runtime.services.vault.keep(case.draft.preorder, case.card)
        if row is None or not row["moved"] or row["revision"] is None:
            return Lost()
        live = AttemptRow(UUID(attempt.id), "challenged", case.page, case.draft.number)
        loaded = msgspec.structs.replace(
            case.loaded, preorder=preorder, attempt=live, state="open", tries=case.loaded.tries + 1
        )
        return Stepped(preorder.at(row["revision"]), loaded)

    async def _decline(self, case: Case, result: Declined | NotAttempted, leaves: Sequence[str]) -> Verdict:
        errors = result.errors if isinstance(result, Declined) else {}
        code = result.code if isinstance(result, Declined) else f"not attempted: {result.reason}"
        revision = await self._end(
            case.attempt, case.holding, state="declined", leaves=list(leaves), note=code,
            revision=case.revision, body=case.body(case.declined),
        )  # fmt: skip
        await self._forget_card(case)
        number = case.card.number if case.card else None
        await self._runtime.cards.declined(case.accepted, number)
        if revision is None:
            return Lost()
        loaded = msgspec.structs.replace(
            case.loaded, preorder=case.declined, attempt=None, state="open", tries=case.loaded.tries + 1
        )
        return Refused(_errors(errors), case.declined.at(revision), loaded)

    async def _end(
        self, attempt: PaymentAttempt, holding: Holding, *, state: str, leaves: list[str],
        note: str | None, revision: int, body: bytes,
    ) -> int | None:  # fmt: skip
        """End an attempt without an order; return the pre-order's revision, None if it had moved on."""
        values = {
            "merchant": self._merchant, "attempt": attempt.id, "state": state, "leaves": leaves,
            "note": note, "flag": None, "revision": revision, "body": body, **_sum(attempt),
        }  # fmt: skip

        async def end() -> Any:
            if not holding:
                return await self._lane.ask(sql.END, **values)
            async with self._lane.transaction() as driver:
                row = await sql.END.run(driver, **values)
                if row is not None and row["moved"]:
                    await holding.release(driver)
                return row

        row = await _again(end)
        return None if row is None or not row["moved"] else row["revision"]

    async def _doubt(self, case: Case, reason: str, flag: str | None = None) -> Verdict:
        log.warning(
            "payment unknown", merchant=self._merchant, gateway=case.attempt.gateway,
            attempt=case.attempt.id, reason=reason,
        )  # fmt: skip
        await self._lane.ask(
            sql.DOUBT, merchant=self._merchant, attempt=case.attempt.id, note=reason, flag=flag,
            order_number=case.draft.number, **_sum(case.attempt),
        )  # fmt: skip
        await self._forget_card(case)
        return Waiting()

    # Around the steps.

    async def _forget_card(self, case: Case) -> None:
        if case.resumed:
            await self._runtime.services.vault.drop(case.draft.preorder)

    async def _call(self, case: Case, call: Callable[[], Awaitable[Result]]) -> Result:
        """Call a gateway under its deadline; whatever goes wrong is ``Unknown``."""
        try:
            async with asyncio.timeout(case.gateway.timeout):
                result: object = await call()
        except TimeoutError:
            return Unknown(reason="no answer in time")
        except (Exception, SystemExit) as error:
            log.error(
                "gateway failed", merchant=self._merchant, gateway=case.attempt.gateway,
                attempt=case.attempt.id, error=type(error).__name__,
            )  # fmt: skip
            return Unknown(reason=f"the gateway raised {type(error).__name__}")
        if not isinstance(result, Result):
            return Unknown(reason=f"the gateway answered {type(result).__name__}")
        return result

    @staticmethod
    def _mismatch(case: Case, result: Approved) -> str | None:
        """Compare what the provider took with what was asked."""
        asked, taken = case.attempt.amount, result.amount
        if taken == asked:
            return None
        return f"asked {asked.wire} {asked.currency}, approved {taken.wire} {taken.currency}"

    async def _store_card(self, case: Case, result: Approved) -> None:
        if result.stored_card is None or case.draft.user is None or case.attempt.save_card is None:
            return
        stored = msgspec.structs.replace(result.stored_card, name=case.attempt.save_card)
        try:
            info = case.accepted.get(CARD)
            await self._runtime.wallet.add(
                case.draft.user, case.attempt.gateway, stored, stored.name, info.card if info else None
            )
        except Exception as error:  # the order stands; a card that was not kept is no reason to say otherwise
            log.error("card not stored", merchant=self._merchant, error=type(error).__name__)

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

    def _holding(self, attempt: PaymentAttempt, snapshot: Snapshot) -> Holding:
        values = {name: bytes(raw) for name, raw in snapshot.values.items()}
        frozen = PreOrder(snapshot.draft.preorder, self._merchant, raw=values)
        return Holding(self._runtime.reservations, self._runtime.graph, frozen, attempt, snapshot.draft)

    def _short(self, case: Case, skus: Sequence[str]) -> list[Message]:
        names = {line.sku: line.name for line in case.attempt.lines}
        return [Message(NO_STOCK, {"name": names.get(sku, sku)}) for sku in skus]

    def _order_values(
        self, case: Case, status: int, result: str, transaction_id: str | None, leaves: Sequence[str],
        renew: str | None,
    ) -> dict[str, Any]:  # fmt: skip
        order = case.draft
        tenders = [*order.tenders]
        events = self._events(case)
        paid = status == PAID
        main = [("payment", order.charged.amount, transaction_id, paid)] if order.charged else []
        rows = [(t.reservation, t.amount, None, True) for t in tenders] + main
        return {
            "merchant": self._merchant,
            "attempt": case.attempt.id,
            "leaves": list(leaves),
            "transaction_id": transaction_id,
            "result": result,
            "number": order.number,
            "user": order.user,
            "email": order.email,
            "status": status,
            "amount": order.amount.amount,
            "currency": order.amount.currency,
            "key": order.key,
            "body": order.body,
            "item_products": [item.product for item in order.items],
            "item_skus": [item.sku for item in order.items],
            "item_prices": [item.price for item in order.items],
            "item_bodies": [item.body for item in order.items],
            "discount_offers": [d.offer for d in order.discounts],
            "discount_types": [d.offer_type for d in order.discounts],
            "discount_names": [d.name for d in order.discounts],
            "discount_codes": [d.code for d in order.discounts],
            "discount_amounts": [d.amount for d in order.discounts],
            "tender_kinds": [row[0] for row in rows],
            "tender_amounts": [row[1] for row in rows],
            "tender_ids": [row[2] for row in rows],
            "tender_done": [row[3] for row in rows],
            "three_d": case.attempt.three_d,
            "basket": order.basket,
            "line_pks": [pk for pk, _ in order.lines],
            "line_quantities": [quantity for _, quantity in order.lines],
            "event_ids": [uuid4() for _ in events],
            "topics": ["order_placed" for _ in events],
            "consumers": [consumer for consumer, _ in events],
            "payloads": [payload for _, payload in events],
            "public_id": renew,
        }

    def _events(self, case: Case) -> list[tuple[str, bytes]]:
        contact = case.accepted.get(CONTACT)
        client = case.accepted.get(CLIENT)
        event = OrderPlaced(
            id=case.attempt.id,
            merchant=self._merchant,
            at=case.loaded.now,
            preorder=case.draft.preorder,
            order=0,
            number=case.draft.number,
            amount=case.draft.amount,
            email=case.draft.email,
            language=client.language if client else case.draft.language,
        )
        payload = msgspec.msgpack.encode(event)
        consumers = ["mail", *(["sms"] if contact and contact.phone else [])]
        consumers += self._runtime.collected.listeners(OrderPlaced)
        return [(consumer, payload) for consumer in consumers]

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


def _sum(attempt: PaymentAttempt) -> dict[str, Any]:
    money: Money = attempt.amount
    return {"amount": money.amount, "currency": money.currency}


def _errors(errors: Errors) -> Errors:
    return errors or {GENERAL: [NOT_PAID]}


async def _again(step: Callable[[], Awaitable[Any]]) -> Any:
    """Run a step that recognises its own first run, once more when the connection was lost."""
    try:
        return await step()
    except Away:
        return await step()
