"""GET and POST of the checkout: load, refresh, walk, decide, save, answer. Knows no web framework.

The numbered rules are those of ``docs/explanation/engine.md``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from vezne_core import (
    OFFERS,
    ORDER,
    ORDER_NUMBER,
    REDIRECTED,
    SHIPPING,
    SHIPPING_AMOUNT,
    VOUCHER,
    Address,
    Adjustment,
    Answer,
    Blocker,
    Challenge,
    Client,
    Deferred,
    Errors,
    Gateway,
    HandOff,
    Junction,
    Memory,
    Notice,
    Outcome,
    Page,
    Pay,
    PreOrder,
    Proceed,
    Redirected,
    Reject,
    Slot,
    SlotsCleared,
    Text,
    World,
    decode,
)
from vezne_core.flow import Walk, forgotten
from vezne_core.forms import no_fields
from vezne_core.outcome import GENERAL, Back
from vezne_core.refresh import refresh
from vezne_host.payments.case import needs_token
from vezne_host.payments.verdict import Lost, Placed, Refused, Stepped, Verdict, Waiting
from vezne_host.phone import national
from vezne_host.present import Envelope, PageContext, shown_digest
from vezne_host.request import current_world
from vezne_host.storage.checkouts import Loaded, Told, encode_body, fresh, new_public_id
from vezne_host.storage.outbox import encode, topic
from vezne_host.visit import (
    CheckoutRequest,
    ForgedNotice,
    ProgrammingError,
    Reply,
    Status,
    UnknownReturn,
    Visit,
)

if TYPE_CHECKING:
    from vezne_host.payments.runner import Runner
    from vezne_host.runtime import MerchantRuntime
    from vezne_host.storage.checkouts import Checkouts

log = structlog.get_logger()

BASKET_ADDRESS = "/baskets/basket/"
LOGIN_ADDRESS = "/users/login/?next=/orders/checkout/"
ORDER_STANDS = 30 * 60
"""Seconds for which an order answers every request of its session."""
TRIES = 3
"""How often a request is served anew when somebody else saved in between."""

EFFECTS, EFFECTS_PER = 60, timedelta(minutes=10)
"""How often a session may submit a page that calls the outside."""

MISSING: Mapping[Junction, Text] = {
    Junction.IDENTITY: "Please enter your e-mail address first.",
    Junction.DELIVERY_MODE: "Please choose a delivery option first.",
    Junction.DELIVERY_TARGET: "Please choose your delivery and billing addresses first.",
    Junction.PRICING: "Please have the prices calculated first.",
    Junction.SHIPPING: "Please choose a shipping option first.",
    Junction.EXTRAS: "Please complete the step before this one first.",
    Junction.RESERVATION: "Please choose a time first.",
    Junction.PAYMENT_METHOD: "Please choose a payment option first.",
    Junction.PAYMENT: "Please complete the payment step before this one first.",
    Junction.DONE: "This checkout is complete.",
}
NOT_NOW = "This step is not available now."
CHANGED = "The total has changed, please confirm."
CONFIRMING = "We are confirming your payment."
UNSETTLED = frozenset({"started", "unknown", "challenged", "abandoned", "declined", "released", "paid_late"})
"""States of an attempt in which a message of the provider may change something."""
TOO_OFTEN = "Too many tries. Please wait a few minutes."
STALE = "Your checkout was changed elsewhere; here is where it stands now."
SHIPPING_UNKNOWN = "The price of your shipping option cannot be told now, please choose again."


class Engine:
    """Serves the checkout of one merchant."""

    def __init__(self, runtime: MerchantRuntime, checkouts: Checkouts, runner: Runner) -> None:
        self._runtime = runtime
        self._flow = runtime.flow
        self._graph = runtime.graph
        self._present = runtime.presenter
        self._checkouts = checkouts
        self._runner = runner
        self._challenges = [
            page for chain in runtime.flow.chains for page in chain.pages if page.challenge is not None
        ]

    # Requests.

    async def get(self, request: CheckoutRequest) -> Reply:
        """Answer the walked path, or go back to an earlier page."""
        return await self._repeated(self._show, request)

    async def post(self, request: CheckoutRequest) -> Reply:
        """Decide about a submit of one page."""
        return await self._repeated(self._submit, request)

    async def _repeated(
        self, serve: Callable[[CheckoutRequest], Awaitable[Reply | None]], request: CheckoutRequest
    ) -> Reply:
        """Serve anew while somebody else saves in between; in the end tell how things stand."""
        for _ in range(TRIES):
            reply = await serve(request)
            if reply is not None:
                return reply
        return await self._stale(request)

    async def _show(self, request: CheckoutRequest) -> Reply | None:
        visit = await self._arrive(request)
        if visit is None or isinstance(visit, Reply):
            return visit or self._empty_basket()
        if await self._asked(visit):
            return None  # the gateway has told how the payment stands: look again
        if self._running(visit):
            return await self._waiting(visit)
        page = request.page
        walk = await self._settle(visit)
        if page is None or page.name == "EmptyPage":
            return await self._answer(visit, walk, self._stations(walk))
        if page.independent:
            pages = await self._open_independent(visit, page)
            if pages is not None:
                return await self._answer(visit, walk, pages)
            return await self._answer(visit, walk, self._stations(walk))
        place = walk.find(page)
        if place is None or page is walk.last:
            return await self._answer(visit, walk, self._stations(walk))
        self._go_back(visit, page)
        await self._refresh(visit)
        walk = self._walk(visit)
        stations = self._stations(walk)
        shown = stations[: stations.index(page) + 1] if page in stations else stations
        return await self._answer(visit, walk, shown)

    async def _stale(self, request: CheckoutRequest) -> Reply:
        visit = await self._arrive(request)
        if visit is None or isinstance(visit, Reply):
            return visit or self._empty_basket()
        if self._running(visit):
            return await self._waiting(visit, CONFIRMING)
        walk = await self._settle(visit)
        visit.note(STALE)
        return await self._tell(visit, walk, [walk.last], visit.notes)

    async def _submit(self, request: CheckoutRequest) -> Reply | None:
        """Decide once; None when somebody else saved in between and it may be decided anew."""
        page = request.page
        if page is None:
            raise ProgrammingError("a submit names its page")
        if page.returns and (request.token is not None or request.reference is not None):
            return await self.returned(request)
        visit = await self._arrive(request)
        if visit is None or isinstance(visit, Reply):
            return visit or self._empty_basket()
        if self._running(visit):
            return await self._waiting(visit, CONFIRMING)
        if page.returns and visit.loaded.attempt is not None and visit.loaded.attempt.state == "challenged":
            return await self._resume_open(visit, page, request)
        walk = await self._settle(visit)
        refusal = self._admit(visit, walk, page)
        if refusal is not None:
            return await self._tell(visit, walk, [walk.last], refusal)
        if page.effects and not await self._may_call_outside(visit, page):
            return await self._tell(visit, walk, [page], {GENERAL: [TOO_OFTEN]})
        outcome, form = await self._decide(visit.preorder, page, request)
        if isinstance(outcome, Reject):
            return await self._refuse(visit, page, outcome)
        if isinstance(outcome, Pay):
            return await self._pay(visit, page, outcome, form, request)
        self._accept(visit, page, outcome)
        walk = await self._settle(visit)
        pages = self._after(visit, walk, page)
        return await self._answer(visit, walk, pages, errors=visit.notes or None, retry=not page.effects)

    # Arriving: what stands, what is running, what the world says.

    async def _arrive(self, request: CheckoutRequest) -> Visit | Reply | None:
        """Load the session's checkout; a reply when an order stands, None when there is nothing to buy."""
        if request.session is None:
            return None
        loaded = await self._load(request.session)
        if loaded is None:
            return None
        replaced = loaded.public_id != request.session
        visit = self._visit(loaded, request.client)
        if loaded.order is not None and loaded.state == "placed":
            stands = loaded.order.age < ORDER_STANDS
            if stands and (replaced or visit.world.basket is None):
                return await self._done(visit)
            visit = self._visit(self._begun_anew(loaded), request.client)
        if replaced:
            return None  # it only repeats the answer of the placing
        if not self._running(visit) and self._nothing_to_buy(visit):
            return None
        return visit

    @staticmethod
    def _nothing_to_buy(visit: Visit) -> bool:
        return visit.world.basket is None and not visit.preorder.post_order

    def _shown_addresses(self, loaded: Loaded) -> tuple[Address, ...]:
        """Return the shopper's addresses with phone numbers in the form that people write."""
        mask = self._runtime.settings().USER_PHONE_FORMAT
        return tuple(
            msgspec.structs.replace(address, phone_number=national(address.phone_number, mask) or "")
            for address in loaded.addresses
        )

    async def _load(self, public_id: str) -> Loaded | None:
        return await self._checkouts.load(public_id, self._runtime.settings().skus)

    @staticmethod
    def _begun_anew(loaded: Loaded) -> Loaded:
        return msgspec.structs.replace(
            loaded, preorder=None, memory=Memory(), state=None, tries=0, attempt=None, order=None
        )

    def _visit(self, loaded: Loaded, client: Client) -> Visit:
        config, catalogue = self._runtime.config_now()
        basket = loaded.basket.basket(client.language) if loaded.basket and loaded.basket.lines else None
        world = World(
            shopper=loaded.shopper,
            client=client,
            basket=basket,
            config=config,
            catalogue=catalogue,
            now=loaded.now,
            addresses=self._shown_addresses(loaded),
            products=loaded.named_products(client.language),
        )
        current_world.set(world)
        return Visit(loaded, loaded.preorder or fresh(self._runtime.name), world)

    async def _asked(self, visit: Visit) -> bool:
        """Ask the gateway of an open attempt, where the schedule allows it; True when that was done."""
        attempt = visit.loaded.attempt
        if attempt is None or not attempt.due or visit.asked:
            return False
        visit.asked = True
        return await self._runtime.reconciler.one(self._runtime.name, attempt.id)

    @staticmethod
    def _running(visit: Visit) -> bool:
        """Tell whether money may be moving: then nothing is saved and nothing is begun."""
        attempt = visit.loaded.attempt
        return visit.loaded.state == "placing" or (
            attempt is not None and attempt.state not in ("challenged", "pending")
        )

    # Settling: the world first, then what the server can answer by itself.

    async def _refresh(self, visit: Visit) -> None:
        visit.preorder = self._without_dead_challenges(visit)
        result = await refresh(
            self._graph, visit.preorder, visit.world, visit.memory, readings=visit.readings
        )
        visit.preorder = result.preorder
        visit.cleared |= result.cleared
        for name, reason in result.failed.items():
            log.warning("source failed", merchant=self._runtime.name, slot=name, reason=reason)
        if visit.preorder.has(SHIPPING) and not visit.preorder.has(SHIPPING_AMOUNT):
            self._apply(visit, (SHIPPING.clear(),), ())
            visit.note(SHIPPING_UNKNOWN)
            await self._refresh(visit)

    def _without_dead_challenges(self, visit: Visit) -> PreOrder:
        """A challenge stands and falls with its attempt."""
        attempt = visit.loaded.attempt
        preorder = visit.preorder
        for page in self._challenges:
            alive = attempt is not None and attempt.page == page.name
            if not alive and page.challenge is not None and preorder.has(page.challenge):
                preorder, cleared = preorder.apply(self._graph, (page.challenge.clear(),))
                visit.cleared |= cleared
        return preorder

    async def _settle(self, visit: Visit) -> Walk:
        while True:
            await self._refresh(visit)
            walk = self._walk(visit)
            if not await self._run_preset(visit, walk):
                return walk

    async def _run_preset(self, visit: Visit, walk: Walk) -> bool:
        """Let the server answer one page where there is no choice; True when it did."""
        waiting = [chain.pages[0] for chain in walk.passed]
        if walk.pending is not None:
            waiting.append(walk.pending)
        for page in waiting:
            if page.name in visit.tried or not page.applies(visit.preorder):
                continue
            if not all(visit.preorder.has(slot) for slot in page.needs):
                continue
            form = await page.preset(visit.preorder)
            if form is None:
                continue
            visit.tried.add(page.name)
            outcome = await page.process(visit.preorder, form)
            if isinstance(outcome, Proceed):
                self._accept(visit, page, outcome)
                return True
            if isinstance(outcome, Reject):
                visit.notes.update({key: list(texts) for key, texts in outcome.errors.items()})
        return False

    def _walk(self, visit: Visit) -> Walk:
        walk = self._flow.walk(visit.preorder)
        if not self._runtime.blocks:
            return walk
        for place, station in enumerate(walk.stations):
            blocker = self._blocker(station.page, visit.preorder)
            if blocker is None:
                continue
            visit.note(blocker.reason)
            for back, earlier in enumerate(walk.stations[: place + 1]):
                junction = earlier.chain.junction
                if junction is not None and junction.place >= blocker.back_to.place:
                    earlier.done = False
                    return Walk(walk.stations[: back + 1], walk.passed)
        return walk

    def _blocker(self, page: Page[Any], preorder: PreOrder) -> Blocker | None:
        blockers = self._runtime.collected.blockers(page.name, preorder)
        return blockers[0] if blockers else None

    @staticmethod
    def _stations(walk: Walk) -> list[Page[Any]]:
        return [station.page for station in walk.stations]

    # What stands beside the checkout.

    async def status(self, session: str, client: Client) -> Status:
        """Tell how the payment of a session stands; asks the gateway no more often than the schedule says."""
        loaded = await self._load(session)
        if loaded is None:
            return Status("none")
        visit = self._visit(loaded, client)
        if await self._asked(visit):
            loaded = await self._load(session) or loaded
            visit = self._visit(loaded, client)
        if loaded.order is not None and loaded.state == "placed":
            order = self._runner.settler.placed(loaded.order.pk, loaded.order.number, loaded.order.key)
            return Status("placed", f"/orders/completed/{order.token}/", 0)
        if self._running(visit):
            return Status("waiting")
        if loaded.attempt is not None:
            return Status("challenged")
        return Status("failed" if loaded.tries else "none", None, 0)

    async def noticed(self, gateway: Gateway, answer: Answer, client: Client) -> bytes | None:
        """Act on a provider's server-to-server message; None when it has to come again later.

        The message only says that something happened: what, the gateway is asked.

        :raises ForgedNotice: it is not from the provider.
        """
        notice = gateway.notice(answer)
        if not isinstance(notice, Notice):
            raise ForgedNotice(notice.reason)
        found = await self._runner.noticed(gateway.name, notice)
        if found is None:
            return None
        loaded, row = found
        known, state = row["attempt_id"], row["attempt_state"]
        if state in UNSETTLED:
            if not await self._runtime.reconciler.one(self._runtime.name, known, anyway=True):
                return None
            state = await self._runner.state_of(known)
        if state == "challenged" and notice.proves_amount:
            await self._resume_noticed(loaded, row, answer, client)
            state = await self._runner.state_of(known)
        if state in ("started", "unknown"):
            return None
        await self._runner.note_notice(gateway.name, notice, known)
        return notice.reply

    async def _resume_noticed(self, loaded: Loaded, row: Any, answer: Answer, client: Client) -> None:
        page = self._flow.pages.get(row["attempt_page"])
        if page is None or loaded.preorder is None:
            return
        visit = self._visit(loaded, client)
        visit.in_session = False
        visit.open = row
        declined = self.led_back(visit.preorder, page.name)
        await self._runner.resume(visit, page, Pay(answer=answer), declined)

    async def basket_adjustments(
        self, loaded: Loaded, client: Client
    ) -> tuple[tuple[Adjustment, ...], str | None]:
        """Return what the offers in force give to a session's basket, and its voucher code."""
        visit = self._visit(loaded, client)
        if visit.world.basket is None:
            return (), None
        await self._refresh(visit)
        offers = visit.preorder.get(OFFERS)
        return offers.adjustments if offers else (), visit.preorder.get(VOUCHER)

    async def leave(self, request: CheckoutRequest) -> HandOff | None:
        """Return what sends the shopper's browser to the provider, and note that he left."""
        visit = await self._arrive(request)
        if visit is None or isinstance(visit, Reply) or visit.loaded.attempt is None:
            return None
        page = self._flow.pages.get(visit.loaded.attempt.page)
        slot = page.challenge if page else None
        challenge = visit.preorder.get(slot) if slot else None
        if visit.loaded.attempt.state != "challenged" or not isinstance(challenge, Challenge):
            return None
        hand_off = challenge.hand_off
        if isinstance(hand_off, Deferred):
            return await self._runner.deferred(visit)
        if not visit.preorder.has(REDIRECTED):
            self._apply(visit, (REDIRECTED.fill(Redirected()),), ())
            await self._checkouts.save(visit.preorder, visit.memory)
        return hand_off

    # Deciding.

    def _admit(self, visit: Visit, walk: Walk, page: Page[Any]) -> Errors | None:
        """Return why the page cannot be submitted now, or None."""
        preorder = visit.preorder
        if preorder.post_order and not page.post_order:
            return {GENERAL: [NOT_NOW]}
        blocked = self._runtime.blocks and self._blocker(page, preorder)
        if blocked:
            return {GENERAL: [blocked.reason]}
        needs = all(preorder.has(slot) for slot in page.needs)
        if page.independent:
            if needs and page.applies(preorder):
                return None
            return {GENERAL: [NOT_NOW]}
        if walk.find(page) is not None and needs:
            return None
        pending = walk.pending
        junction = self._flow.chain_of[pending.name].junction if pending else Junction.DONE
        return {GENERAL: [MISSING[junction or Junction.DONE]]}

    async def _may_call_outside(self, visit: Visit, page: Page[Any]) -> bool:
        """Count submits of a page that calls the outside, by session."""
        key = f"page:{page.name}:{visit.loaded.session}"
        return await self._runtime.services.cache.allow(key, EFFECTS, EFFECTS_PER)

    async def _decide(
        self, preorder: PreOrder, page: Page[Any], request: CheckoutRequest
    ) -> tuple[Outcome, Struct | None]:
        """Read the form and ask the page; every wrong field is refused at once."""
        sent = request.fields
        if page.refuses_fields and (errors := no_fields(sent)):
            return Reject(errors), None
        form, errors = decode(page.form, sent, answer=request.answer)
        errors = dict(errors)
        gateway = self._runtime.services.gateways.of(preorder)
        further = gateway.forms.get(page.name) if gateway else None
        if further is not None:
            _, more = decode(further, sent, answer=request.answer)
            errors |= more
        if errors or form is None:
            return Reject(errors), None
        outcome = await page.process(preorder, form)
        if not isinstance(outcome, Proceed | Reject | Pay):
            raise ProgrammingError(f"{page.name} answered {type(outcome).__name__}, not an outcome")
        return outcome, form

    def _accept(self, visit: Visit, page: Page[Any], outcome: Proceed | Pay) -> None:
        self._check_changes(page, outcome)
        self._apply(visit, outcome.changes, page.resets)

    def _apply(self, visit: Visit, changes: Sequence[Any], resets: Sequence[Slot[Any]]) -> None:
        visit.preorder, cleared = visit.preorder.apply(self._graph, changes, resets)
        visit.cleared |= cleared

    def _check_changes(self, page: Page[Any], outcome: Proceed | Pay) -> None:
        allowed = {*page.fills, *page.touches, *page.resets}
        changes = outcome.changes + (outcome.challenged if isinstance(outcome, Pay) else ())
        for change in changes:
            if change.slot not in allowed:
                raise ProgrammingError(f"{page.name} changed {change.slot.name}, which it does not declare")

    def _go_back(self, visit: Visit, page: Page[Any]) -> None:
        """Forget what the pages behind a page declare."""
        slots = forgotten(self._flow.behind(page))
        self._apply(visit, [slot.clear() for slot in slots], ())

    def _led_back(self, preorder: PreOrder, back_to: Back | None) -> PreOrder:
        """Return the pre-order when a page or junction, and what lies behind it, are forgotten."""
        page = self._page_of(back_to)
        if page is None:
            return preorder
        slots = [*forgotten([*self._flow.behind(page), page]), *page.fills]
        led, _ = preorder.apply(self._graph, [slot.clear() for slot in dict.fromkeys(slots)])
        return led

    def led_back(self, preorder: PreOrder, page: str) -> PreOrder:
        """Return the pre-order when the payment that a page began has come to nothing."""
        known = self._flow.pages.get(page)
        return self._led_back(preorder, type(known)) if known else preorder

    def _page_of(self, back_to: Back | None) -> Page[Any] | None:
        if back_to is None:
            return None
        if isinstance(back_to, Junction):
            chains = self._flow.at(back_to)
            return next((p for chain in chains for p in chain.pages if not p.independent), None)
        return self._flow.pages.get(back_to.__name__)

    async def _refuse(self, visit: Visit, page: Page[Any], outcome: Reject) -> Reply | None:
        if outcome.back_to is None:
            walk = self._walk(visit)
            return await self._tell(visit, walk, [page], outcome.errors)
        visit.preorder = self._led_back(visit.preorder, outcome.back_to)
        walk = await self._settle(visit)
        return await self._answer(visit, walk, [walk.last], errors=outcome.errors)

    def _after(self, visit: Visit, walk: Walk, page: Page[Any]) -> list[Page[Any]]:
        """Return what an accepted submit is answered with."""
        if page.independent:
            following = self._following(page)
            for other in following:
                if other.applies(visit.preorder) and not other.done(visit.preorder):
                    return [other]
            return []
        if walk.find(page) is None:
            return [walk.last]
        return walk.after(page) or [walk.last]

    def _following(self, page: Page[Any]) -> list[Page[Any]]:
        pages = self._flow.chain_of[page.name].pages
        return list(pages[pages.index(page) + 1 :])

    async def _open_independent(self, visit: Visit, page: Page[Any]) -> list[Page[Any]] | None:
        """Return the one page that a GET of an independent page shows; None where it is closed."""
        for candidate in (page, *self._following(page)):
            preorder = visit.preorder
            closed = preorder.post_order and not candidate.post_order
            if closed or not candidate.applies(preorder) or not all(preorder.has(s) for s in candidate.needs):
                return None
            form = await candidate.preset(preorder) if candidate.name not in visit.tried else None
            if form is None:
                return [candidate]
            visit.tried.add(candidate.name)
            outcome = await candidate.process(preorder, form)
            if not isinstance(outcome, Proceed):
                return [candidate]
            self._accept(visit, candidate, outcome)
            await self._refresh(visit)
        return []

    # Paying.

    async def _pay(
        self, visit: Visit, page: Page[Any], outcome: Pay, form: Struct | None, request: CheckoutRequest
    ) -> Reply | None:
        self._check_changes(page, outcome)
        if outcome.answer is not None:
            return await self._resume(visit, page, outcome)
        if visit.memory.shown is None or visit.memory.shown != shown_digest(visit.preorder):
            walk = self._walk(visit)
            return await self._answer(visit, walk, [page], errors={GENERAL: [CHANGED]})
        declined = self._led_back(visit.preorder, outcome.back_to)
        verdict = await self._runner.begin(visit, page, outcome, form, declined)
        return await self._conclude(visit, page, outcome, verdict)

    async def _resume_open(self, visit: Visit, page: Page[Any], request: CheckoutRequest) -> Reply | None:
        """Go on with the session's open attempt: the storefront relays what the bank answered."""
        frozen = await self._runner.open_attempt(visit)
        if frozen is None:
            return None
        if needs_token(visit.open):
            raise UnknownReturn
        outcome, _ = await self._decide(frozen, page, request)
        if isinstance(outcome, Reject):
            walk = await self._settle(visit)
            return await self._tell(visit, walk, [page], outcome.errors)
        if not isinstance(outcome, Pay):
            self._accept(visit, page, outcome)
            walk = await self._settle(visit)
            return await self._answer(visit, walk, self._after(visit, walk, page))
        return await self._resume(visit, page, outcome)

    async def _resume(self, visit: Visit, page: Page[Any], outcome: Pay) -> Reply | None:
        attempt = visit.loaded.attempt
        began = self._flow.pages.get(attempt.page) if attempt else None
        back_to = outcome.back_to or (type(began) if began else None)
        verdict = await self._runner.resume(visit, page, outcome, self._led_back(visit.preorder, back_to))
        return await self._conclude(visit, page, outcome, verdict)

    async def returned(self, request: CheckoutRequest) -> Reply:
        """Answer a return from outside whose address tells its attempt; needs no session."""
        page = request.page
        if page is None:
            raise ProgrammingError("a return names its page")
        found = await self._runner.returning(request.token, request.reference)
        if found is None:
            raise UnknownReturn
        loaded, row = found
        visit = self._visit(loaded, request.client)
        visit.in_session = False
        if row["attempt_state"] != "challenged" or loaded.preorder is None:
            return await self._late_return(visit, row["attempt_id"])
        visit.open = row
        frozen = await self._runner.open_attempt(visit)
        if frozen is None:
            return await self._late_return(visit, row["attempt_id"])
        outcome, _ = await self._decide(frozen, page, request)
        if isinstance(outcome, Reject):
            outcome = Pay(answer=request.answer)
        if not isinstance(outcome, Pay):
            raise ProgrammingError(f"{page.name} is answered from outside and does not pay")
        reply = await self._resume(visit, page, outcome)
        return reply or await self._late_return(visit, row["attempt_id"])

    async def _late_return(self, visit: Visit, attempt: UUID) -> Reply:
        """Record an answer to an attempt that is not waiting for one, and say how things stand."""
        await self._runner.record(attempt)
        reloaded = await self._load(visit.loaded.public_id)
        visit = self._visit(reloaded or visit.loaded, visit.world.client)
        if visit.loaded.order is not None and visit.loaded.state == "placed":
            return await self._done(visit)
        if self._running(visit):
            return await self._waiting(visit)
        if self._nothing_to_buy(visit):
            return self._empty_basket()
        walk = await self._settle(visit)
        return await self._tell(visit, walk, [walk.last])

    async def _conclude(self, visit: Visit, page: Page[Any], outcome: Pay, verdict: Verdict) -> Reply | None:
        """Turn what the runner says into an answer."""
        match verdict:
            case Placed(order, public_id):
                visit.preorder = visit.preorder.with_value(ORDER, order)
                reply = await self._thanks(visit)
                return Reply(envelope=reply, public_id=public_id, order=order)
            case Stepped() | Refused() if self._nothing_to_buy(visit):  # emptied while he was away
                errors = verdict.errors if isinstance(verdict, Refused) else None
                return self._empty_basket(self._present.errors(errors, visit.world.client.language))
            case Stepped(preorder, loaded):
                visit.preorder, visit.loaded = preorder, loaded
                visit.before = encode_body(preorder, visit.memory)
                walk = await self._settle(visit)
                return await self._answer(visit, walk, self._after(visit, walk, page))
            case Refused(errors, preorder, loaded):
                if loaded is not visit.loaded:  # the pre-order was saved with the attempt's end
                    visit.before = encode_body(preorder, visit.memory)
                visit.preorder, visit.loaded = preorder, loaded
                walk = await self._settle(visit)
                shown = [walk.last]
                if outcome.back_to is None and walk.find(page) is not None:
                    shown = [page]
                return await self._answer(visit, walk, shown, errors=errors)
            case Waiting():
                return await self._waiting(visit, CONFIRMING)
            case Lost():
                return None

    # Answering.

    async def _answer(
        self,
        visit: Visit,
        walk: Walk,
        pages: Sequence[Page[Any]],
        *,
        errors: Errors | None = None,
        retry: bool = True,
    ) -> Reply | None:
        """Save what changed, and show pages; None when somebody else saved in between."""
        visit.memory.shown = shown_digest(visit.preorder)
        if not await self._save(visit):
            if retry:
                return None
            errors = {GENERAL: [STALE]}
        return await self._tell(visit, walk, pages, errors)

    async def _tell(
        self, visit: Visit, walk: Walk, pages: Sequence[Page[Any]], errors: Errors | None = None
    ) -> Reply:
        """Show pages without saving anything."""
        context_list = await self._contexts(visit.preorder, pages, walk)
        language = visit.world.client.language
        pending = walk.pending
        redirect: str | UnsetType = UNSET
        template = "orders/checkout.html"
        if pending is not None and self._flow.chain_of[pending.name].junction is Junction.IDENTITY:
            template = "orders/index.html"
            checkout = visit.world.config.checkout
            if visit.world.shopper.is_guest and not checkout.CAN_GUEST_PURCHASE:
                redirect = LOGIN_ADDRESS
        return Reply(
            envelope=Envelope(
                context_list=context_list,
                pre_order=self._present.pre_order(visit.preorder),
                errors=self._present.errors(errors if errors is not None else visit.notes, language),
                template_name=template,
                redirect_url=redirect,
            )
        )

    async def _save(self, visit: Visit) -> bool:
        if not visit.changed:
            return True
        if visit.loaded.preorder is None:
            return await self._checkouts.create(visit.loaded.session, visit.preorder, visit.memory)
        abandoned = self._abandons(visit)
        if abandoned:
            return await self._runner.abandon(visit)
        return await self._checkouts.save(visit.preorder, visit.memory, self._told(visit))

    def _told(self, visit: Visit) -> list[Told]:
        """Return what plugins are told of the slots of theirs that were emptied."""
        rows = []
        for plugin in self._runtime.collected.listeners(SlotsCleared):
            own = sorted(name for name in visit.cleared if name.startswith(f"{plugin}."))
            if own:
                event_id = uuid4()
                event = SlotsCleared(
                    id=str(event_id), merchant=self._runtime.name, at=visit.world.now,
                    preorder=visit.preorder.id, slots=tuple(own),
                )  # fmt: skip
                rows.append(Told(event_id, topic(SlotsCleared), plugin, encode(event)))
        return rows

    def _abandons(self, visit: Visit) -> bool:
        """Tell whether the changes let go of the challenge of a live attempt."""
        attempt = visit.loaded.attempt
        if attempt is None or attempt.state != "challenged":
            return False
        page = self._flow.pages.get(attempt.page)
        return page is None or page.challenge is None or not visit.preorder.has(page.challenge)

    async def _contexts(
        self, preorder: PreOrder, pages: Sequence[Page[Any]], walk: Walk
    ) -> list[PageContext]:
        """Ask pages for their contexts, side by side; only the last one may fail the request."""
        shown = [page for page in pages if page.name != "EmptyPage"]

        async def of(page: Page[Any], last: bool) -> PageContext:
            try:
                context: Any = await page.context(preorder)
            except Exception:
                if last:
                    raise
                log.exception("context failed", merchant=self._runtime.name, page=page.name)
                context = {}
            return PageContext(context, page.name, page.slug)

        if len(shown) == 1:
            return [await of(shown[0], True)]
        return list(
            await asyncio.gather(*[of(page, page is shown[-1] and page is walk.last) for page in shown])
        )

    async def _waiting(self, visit: Visit, text: Text | None = None) -> Reply:
        """Answer calmly while it is not known whether money moved; nothing is saved."""
        await self._refresh_quietly(visit)
        walk = self._flow.walk(visit.preorder)
        page = self._flow.pages.get(visit.loaded.attempt.page) if visit.loaded.attempt else None
        pages = self._stations(walk)
        if page is not None and page in pages:
            pages = pages[: pages.index(page) + 1]
        if text is not None:
            pages = pages[-1:]
        errors: Errors | None = {GENERAL: [text]} if text else None
        language = visit.world.client.language
        return Reply(
            envelope=Envelope(
                context_list=await self._contexts(visit.preorder, pages, walk),
                pre_order=self._present.pre_order(visit.preorder),
                errors=self._present.errors(errors, language),
            )
        )

    async def _refresh_quietly(self, visit: Visit) -> None:
        """Read the facts of an answer without dropping what the running payment stands on."""
        remembered = Memory(kept=dict(visit.memory.kept))  # no digests: nothing counts as changed
        result = await refresh(self._graph, visit.preorder, visit.world, remembered, checks=False)
        visit.preorder = result.preorder

    async def _done(self, visit: Visit) -> Reply:
        """Answer the order that stands."""
        row = visit.loaded.order
        if row is None:
            raise ProgrammingError("no order stands")
        order = self._runner.settler.placed(row.pk, row.number, row.key)
        visit.preorder = visit.preorder.with_value(ORDER, order)
        public_id = visit.loaded.public_id
        if visit.loaded.renew:
            fresh_id = new_public_id()
            if await self._checkouts.renew(visit.loaded.session, fresh_id):
                public_id = fresh_id
        return Reply(envelope=await self._thanks(visit), public_id=public_id, order=order)

    async def _thanks(self, visit: Visit) -> Envelope:
        await self._refresh_quietly(visit)
        walk = self._flow.walk(visit.preorder)
        # not by the walk: what led here may not apply any more, now that the basket is empty
        chain = self._flow.serving(Junction.DONE, None)
        pages = [page for page in chain.pages if page.applies(visit.preorder)] if chain else []
        if not visit.preorder.has(ORDER_NUMBER):
            order = visit.preorder.require(ORDER)
            visit.preorder = visit.preorder.with_value(ORDER_NUMBER, order.number)
        return Envelope(
            context_list=await self._contexts(visit.preorder, pages, walk),
            pre_order=self._present.pre_order(visit.preorder),
        )

    @staticmethod
    def _empty_basket(errors: Mapping[str, list[str]] | None = None) -> Reply:
        return Reply(envelope=Envelope(context_list=(), errors=errors, redirect_url=BASKET_ADDRESS))
