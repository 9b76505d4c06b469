"""In place of the database and the banks: one row in memory, and a till that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from vezne_core import (
    CLIENT,
    CONFIG,
    ORDER_NUMBER,
    REDIRECTED,
    THREE_D,
    Buyer,
    Challenge,
    Client,
    ClientData,
    Flow,
    Money,
    Page,
    Pay,
    PaymentAttempt,
    PlacedOrder,
    PreOrder,
    Redirect,
    Slot,
    SlotGraph,
)
from vezne_core.outcome import GENERAL
from vezne_host.payments.verdict import Lost, Placed, Refused, Stepped, Verdict, Waiting
from vezne_host.storage.checkouts import AttemptRow, Loaded, OrderRow, Told, decode_body, encode_body
from vezne_host.visit import Visit

from .heads import CONSTANT, HEADS
from .shop import NOW, Shop, session
from .value import order_numbers

OFFLINE = ("FundsTransferPage", "PayOnDeliveryPage")
"""Pages whose orders wait for money that comes by another road."""


class Attempt:
    """One try to pay, as its row would be."""

    def __init__(self, page: str, number: str, snapshot: dict[str, bytes], token: str) -> None:
        self.id = uuid4()
        self.page = page
        self.number = number
        self.state = "started"
        self.snapshot = snapshot
        self.token = token
        self.answered = 0

    @property
    def live(self) -> bool:
        return self.state in ("started", "challenged", "unknown", "approved", "pending")

    @property
    def row(self) -> dict[str, Any]:
        """What the engine reads of the row."""
        body = PaymentAttempt(
            id=str(self.id), merchant="heads", key="key", reference=self.number, order_number=self.number,
            amount=Money.of(1, "TRY"), interest=Money.zero("TRY"), buyer=Buyer(email="ada@example.com"),
            client=Client(), option=1, gateway="till", success_url="", failure_url="", notice_url="",
            expires=NOW,
        )  # fmt: skip
        return {
            "attempt_id": self.id, "attempt_state": self.state, "attempt_page": self.page,
            "attempt_body": msgspec.msgpack.encode(body), "transaction_id": None,
        }  # fmt: skip


class Row:
    """The session, its pre-order, its attempts and its order."""

    def __init__(self) -> None:
        self.session, self.public_id = session()
        self.previous_id: str | None = None
        self.renew = False
        self.begin_anew()

    def begin_anew(self) -> None:
        self.id: str | None = None
        self.revision = 0
        self.body = b""
        self.state: str | None = None
        self.tries = 0
        self.post_order: int | None = None
        self.attempts: list[Attempt] = []
        self.order: OrderRow | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The live attempt."""
        return next((each for each in self.attempts if each.live), None)

    @property
    def raw(self) -> dict[str, bytes]:
        """The stored form of every filled slot."""
        return decode_body(self.body)[0] if self.body else {}

    def write(self, preorder: PreOrder, body: bytes) -> None:
        self.id, self.body = preorder.id, body
        self.revision += 1


class Checkouts:
    """Loads and saves one session's checkout."""

    def __init__(self, shop: Shop, row: Row) -> None:
        self._shop = shop
        self.row = row
        self.elsewhere: list[Callable[[], None]] = []
        """What somebody else does between a load and the save that follows, once each."""
        self.told: list[Told] = []

    async def load(self, public_id: str, skus: Iterable[str] = ()) -> Loaded | None:
        row = self.row
        if public_id not in (row.public_id, row.previous_id):
            return None
        preorder, attempt = None, row.attempt
        raw, memory = decode_body(row.body) if row.body else ({}, decode_body(_EMPTY)[1])
        if row.id is not None:
            preorder = PreOrder(row.id, "heads", row.revision, raw=raw, post_order=row.post_order is not None)
        return Loaded(
            session=row.session,
            public_id=row.public_id,
            renew=row.renew,
            user=self._shop.user,
            basket=self._shop.basket,
            addresses=self._shop.own_addresses,
            products=(),
            preorder=preorder,
            memory=memory,
            state=row.state,
            tries=row.tries,
            post_order=row.post_order,
            attempt=attempt and AttemptRow(attempt.id, attempt.state, attempt.page, attempt.number),
            order=row.order,
            flash=None,
            now=NOW,
        )

    async def save(self, snapshot: PreOrder, memory: Any, told: Sequence[Told] = ()) -> bool:
        self._interfere()
        if self.row.state != "open" or self.row.revision != snapshot.revision:
            return False
        self.row.write(snapshot, encode_body(snapshot, memory))
        self.told += told
        return True

    async def create(self, session: UUID, snapshot: PreOrder, memory: Any) -> bool:
        self._interfere()
        if self.row.state not in (None, "placed"):
            return False
        self.row.begin_anew()
        self.row.write(snapshot, encode_body(snapshot, memory))
        self.row.state = "open"
        return True

    async def renew(self, session: UUID, public_id: str) -> bool:
        if not self.row.renew:
            return False
        self.row.previous_id, self.row.public_id, self.row.renew = self.row.public_id, public_id, False
        return True

    def _interfere(self) -> None:
        if self.elsewhere:
            self.elsewhere.pop(0)()


_EMPTY = encode_body(PreOrder("", ""), decode_body(msgspec.msgpack.encode({}))[1])


class Step(Struct):
    """One step of a payment on its way, and the ways it can end."""

    visit: Visit
    page: Page[Any]
    attempt: Attempt
    before: PreOrder
    accepted: PreOrder
    challenged: PreOrder
    declined: PreOrder
    resumed: bool


class Till:
    """Runs payments as the host's runner does, without money: the next result is said beforehand.

    ``results`` are approved, pending, challenged, undecided, declined or
    unknown; ``challenged:CODE`` shows a code. Where none is said it is what
    a shopper hopes for.
    """

    def __init__(self, shop: Shop, row: Row, graph: SlotGraph, flow: Flow) -> None:
        self._shop = shop
        self._row = row
        self._graph = graph
        self._flow = flow
        self.results: list[str] = []
        self.charged = 0
        self.recorded: list[UUID] = []
        self.settler = self

    # What the engine asks.

    async def begin(
        self, visit: Visit, page: Page[Any], outcome: Pay, form: Any, declined: PreOrder
    ) -> Verdict:
        number = visit.preorder.get(ORDER_NUMBER) or str(next(order_numbers))
        if ORDER_NUMBER not in page.forgets:
            declined = declined.with_value(ORDER_NUMBER, number)
        accepted, _ = visit.preorder.apply(self._graph, outcome.changes, page.resets)
        accepted = accepted.with_value(ORDER_NUMBER, number)
        challenged, _ = accepted.apply(self._graph, outcome.challenged)
        if self._row.revision != visit.preorder.revision or self._row.state != "open":
            return Lost()
        if self._row.attempt is not None:
            self._row.attempt.state = "abandoned"
        attempt = Attempt(
            page.name, number, self._frozen(accepted), f"token-{number}-{len(self._row.attempts)}"
        )
        self._row.attempts.append(attempt)
        self._row.write(declined, encode_body(declined, visit.memory))
        self._row.state = "placing"
        return self._settle(Step(visit, page, attempt, visit.preorder, accepted, challenged, declined, False))

    async def resume(self, visit: Visit, page: Page[Any], outcome: Pay, declined: PreOrder) -> Verdict:
        attempt = self._row.attempt
        if attempt is None or attempt.state != "challenged" or outcome.answer is None:
            return Lost()
        attempt.state = "started"
        accepted, _ = visit.preorder.apply(self._graph, outcome.changes, page.resets)
        challenged, _ = accepted.apply(self._graph, outcome.challenged)
        return self._settle(Step(visit, page, attempt, visit.preorder, accepted, challenged, declined, True))

    async def open_attempt(self, visit: Visit) -> PreOrder | None:
        attempt = self._row.attempt
        if attempt is None:
            return None
        visit.open = attempt.row
        values = dict(attempt.snapshot)
        slot = self._flow.pages[attempt.page].challenge
        if slot is not None and slot.name in visit.preorder.raw:
            values[slot.name] = visit.preorder.raw[slot.name]
        frozen = PreOrder(
            visit.preorder.id, "heads", visit.preorder.revision, raw=values,
            post_order=visit.preorder.post_order,
        )  # fmt: skip
        return frozen.with_value(CONFIG, visit.world.config)

    async def returning(self, token: str | None, reference: str | None) -> Any:
        attempt = next((each for each in self._row.attempts if each.token == token), None)
        if attempt is None:
            return None
        loaded = await Checkouts(self._shop, self._row).load(self._row.public_id)
        return loaded, attempt.row

    async def record(self, attempt: UUID) -> None:
        self.recorded.append(attempt)

    async def abandon(self, visit: Visit) -> bool:
        attempt = self._row.attempt
        if attempt is None or self._row.revision != visit.preorder.revision:
            return False
        attempt.state = "abandoned"
        self._row.write(visit.preorder, encode_body(visit.preorder, visit.memory))
        return True

    def placed(self, pk: int, number: str, key: str) -> PlacedOrder:
        return PlacedOrder(id=pk, number=number, key=key, token=f"signed-{number}")

    # How it ends.

    def _settle(self, step: Step) -> Verdict:
        kind, _, code = (self.results.pop(0) if self.results else self._hoped_for(step)).partition(":")
        match kind:
            case "approved" | "pending":
                return self._place(step, kind)
            case "challenged":
                return self._challenge(step, code)
            case "undecided":
                step.attempt.state = "challenged"
                return Refused({GENERAL: ["Not confirmed yet."]}, step.before, step.visit.loaded)
            case "declined":
                return self._decline(step)
            case "unknown":
                step.attempt.state = "unknown"
                self._row.state = "placing"
                return Waiting()
        raise AssertionError(f"a till does not answer {kind}")

    def _hoped_for(self, step: Step) -> str:
        head = HEADS.page[step.page.name]
        if step.page.name in OFFLINE:
            return "pending"
        if step.resumed:
            return "challenged" if head.challenge else "approved"
        if step.page.name == "CreditCardConfirmationPage":
            decision = step.accepted.get(THREE_D)
            return "challenged" if decision is not None and decision.required else "approved"
        if step.page.name == "MobilExpressTryPaymentPage":
            return "approved"
        return "challenged" if head.challenge else "approved"

    def _place(self, step: Step, kind: str) -> Verdict:
        self.charged += kind == "approved"
        step.attempt.state = "placed"
        pk = 7021
        self._row.order = OrderRow(pk, step.attempt.number, "k" * 40, 0.0)
        self._row.state = "placed"
        self._row.tries += 1
        self._shop.turn(quantity=0)
        public_id = None
        if step.visit.in_session:
            self._row.renew = True
            self._row.previous_id, self._row.public_id = self._row.public_id, session()[1]
            self._row.renew, public_id = False, self._row.public_id
        return Placed(self.placed(pk, step.attempt.number, "k" * 40), public_id)

    def _challenge(self, step: Step, code: str) -> Verdict:
        slot: Slot[Any] | None = step.page.challenge or self._flow.pages[step.attempt.page].challenge
        assert slot is not None, f"{step.page.name} cannot be challenged"
        step.attempt.answered += 1
        hand_off = Redirect(f"https://bank.example/{step.attempt.id}/{step.attempt.answered}")
        if CONSTANT[slot.name] == "CASH_TICKET":
            hand_off = ClientData({})  # type: ignore[assignment]
        challenge = Challenge(
            hand_off=hand_off, show={"code": code} if code else {}, expires=NOW + timedelta(minutes=30)
        )
        preorder, _ = step.challenged.apply(self._graph, (slot.fill(challenge), REDIRECTED.clear()))
        step.attempt.state = "challenged"
        self._row.write(preorder, encode_body(preorder, step.visit.memory))
        self._row.state = "open"
        self._row.tries += 1
        return Stepped(preorder.at(self._row.revision), self._loaded(step, preorder, step.attempt))

    def _decline(self, step: Step) -> Verdict:
        step.attempt.state = "declined"
        self._row.write(step.declined, encode_body(step.declined, step.visit.memory))
        self._row.state = "open"
        self._row.tries += 1
        errors = {GENERAL: ["The payment was not accepted."]}
        return Refused(errors, step.declined.at(self._row.revision), self._loaded(step, step.declined, None))

    def _loaded(self, step: Step, preorder: PreOrder, attempt: Attempt | None) -> Loaded:
        row = attempt and AttemptRow(attempt.id, attempt.state, attempt.page, attempt.number)
        return msgspec.structs.replace(
            step.visit.loaded, preorder=preorder, attempt=row, state="open", tries=self._row.tries
        )

    def _frozen(self, preorder: PreOrder) -> dict[str, bytes]:
        values = dict(preorder.raw)
        for slot in self._graph.slots.values():
            value = preorder.get(slot) if slot.fact and slot is not CLIENT else None
            if value is not None:
                values[slot.name] = slot.encode(value)
        return values
