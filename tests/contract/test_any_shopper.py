"""Shoppers who do anything, in a shop that changes under them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vezne_core import PreOrder
from vezne_core.refresh import refresh
from vezne_host.storage.checkouts import decode_body

from .desk import Desk
from .heads import ALL, CONSTANT, HEADS
from .shop import PAYMENT_TYPES, Shop

EXAMPLES = int(os.environ.get("VEZNE_EXAMPLES", "50"))

PAGES = sorted(HEADS.page)
RESULTS = ["approved", "challenged", "declined", "unknown", "undecided", "challenged:OTPRequired"]
FURTHER = [f"challenged:{code}" for code in ("ThreeDSecureURLCreated", "CVVRequired", "CVVAndOTPRequired")]

some = st.sampled_from


def subset(*values: Any) -> st.SearchStrategy[Any]:
    return st.lists(some(values), unique=True, min_size=1).map(lambda found: tuple(sorted(found)))


KNOBS: dict[str, st.SearchStrategy[Any]] = {
    "signed_in": st.booleans(),
    "guests": st.booleans(),
    "in_store": st.booleans(),
    "language": some(["en", "tr"]),
    "addresses": subset(1, 2, 3),
    "street": some(["Street", "Road"]),
    "quantity": some([0, 1, 1, 2]),
    "price": some(["100.00", "150.00"]),
    "remote_price": st.booleans(),
    "discount": some(["0.00", "10.00"]),
    "discount_name": some(["Sale", "Spring"]),
    "samples": st.booleans(),
    "delivery": subset(1, 2, 3, 4),
    "delivery_page": some(["DeliveryOptionSelectionPage", "RemoteDeliveryOptionSelectionPage"]),
    "option_page": some([None, None, "SlotSelectionPage", "NobodysPage"]),
    "shipping": subset(1, 2),
    "shipping_page": some(
        [
            "ShippingOptionSelectionPage", "DataSourceShippingOptionSelectionPage",
            "AttributeBasedShippingOptionSelectionPage", "RemoteShippingOptionSelectionPage",
        ]
    ),
    "shipping_price": some(["10.00", "10.00", "0.00", None]),
    "autoselect": st.booleans(),
    "reservable": st.booleans(),
    "bags": st.booleans(),
    "bags_run": st.booleans(),
    "payments": subset(*PAYMENT_TYPES),
    "renamed": some(["", " (new)"]),
    "capabilities": some([(), ("rewards", "campaigns")]),
    "three_d": st.booleans(),
    "installments": subset(1, 2, 3),
    "accounts": subset(1, 2),
    "account_gateway": st.booleans(),
    "choices": some([(), (1,), (1, 2)]),
    "skip_choices": st.booleans(),
    "sms": st.booleans(),
    "installment_service": st.booleans(),
    "till_installments": st.booleans(),
    "agreement": st.booleans(),
    "agreement_enabled": st.booleans(),
    "card_password": st.booleans(),
    "loyalty": st.booleans(),
    "gift_boxes": st.booleans(),
}  # fmt: skip

GIVE: dict[str, st.SearchStrategy[Any]] = {
    "DELIVERY_OPTION": some([1, 2, 3]),
    "DESTINATION": some([1, 2]),
    "BILLING_ADDRESS": some([1, 2]),
    "SHIPPING": some([1, 2]),
    "DELIVERY_RANGE": some([1, 2]),
    "RESERVATION": some(["taken", "skipped"]),
    "PAYMENT_OPTION": some(PAYMENT_TYPES),
    "CARD": some(["540001", "479184"]),
    "INSTALLMENT": some([1, 2, 3]),
    "BANK_ACCOUNT": some([1, 2]),
    "PAYMENT_CHOICE": some([1, 2]),
    "CREDIT_OPTION": some(["one", "two"]),
    "ME_CARD": some(["one", "two"]),
    "LOYALTY_USE": some(["5.00", "500.00"]),
    "SELECTED_REWARDS": some(["5.00", "6.00"]),
}


def test_every_knob_of_the_shop_is_turned() -> None:
    assert set(KNOBS) == set(Shop.__struct_fields__)


BY_THE_RUNNER = {"ORDER_NUMBER", *(head.challenge for head in HEADS.page.values() if head.challenge)}
"""Slots that are filled beside the pages' own answers."""


class AnyShopper(RuleBasedStateMachine):
    """After every step: the position is derived and stable, answers stand on what they were given on."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stamps: dict[str, dict[str, bytes]] = {}
        self.seen: str | None = None

    def teardown(self) -> None:
        self.runner.close()

    @initialize(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        shop = Shop()
        for name in data.draw(st.lists(some(sorted(KNOBS)), unique=True, max_size=4)):
            shop.turn(**{name: data.draw(KNOBS[name])})
        if not shop.quantity:
            shop.turn(quantity=1)
        self.desk = Desk(shop)
        self.look()

    # What he does.

    @rule(data=st.data(), result=some([*RESULTS, *FURTHER, None, None, None, None]))
    def go_on(self, data: st.DataObject, result: str | None) -> None:
        """Answer the page that waits."""
        if self.desk.pages:
            self.submit(self.desk.pages[-1], data, result)

    @rule(data=st.data())
    def go_far(self, data: st.DataObject) -> None:
        """Answer page after page."""
        for _ in range(data.draw(st.integers(2, 9))):
            if self.desk.pages:
                self.submit(self.desk.pages[-1], data, None)

    @rule(data=st.data(), page=some(PAGES), result=some([*RESULTS, None]))
    def submit_anything(self, data: st.DataObject, page: str, result: str | None) -> None:
        self.submit(page, data, result)

    @rule(page=some(PAGES))
    def look_at(self, page: str) -> None:
        self.run(self.desk.get(page))
        self.look()

    @precondition(lambda self: bool(self.desk.pages))
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        page = data.draw(some(self.desk.pages))
        before = self.desk.filled
        self.run(self.desk.get(page))
        assert self.desk.filled <= before | self.desk.assembly.answered | {"REDIRECTED"}
        self.look()

    @rule(data=st.data())
    def world_turns(self, data: st.DataObject) -> None:
        for name in data.draw(st.lists(some(sorted(KNOBS)), unique=True, min_size=1, max_size=2)):
            value = data.draw(KNOBS[name])
            note(f"{name} = {value!r}")
            self.desk.turn(**{name: value})
        self.look()

    @rule()
    def leave(self) -> None:
        if self.run(self.desk.leave()) is not None:
            self.desk.assembly.answered.add("REDIRECTED")
        self.look()

    @precondition(lambda self: bool(self.desk.row.attempts))
    @rule(data=st.data(), result=some(RESULTS))
    def come_back(self, data: st.DataObject, result: str) -> None:
        attempt = data.draw(some(self.desk.row.attempts))
        chain = self.desk.assembly.flow.chain_of[attempt.page]
        returning = [page.name for page in chain.pages if page.returns and page.pays]
        if not returning:
            return
        live, charged = attempt.state == "challenged", self.desk.till.charged
        self.run(self.desk.come_back(data.draw(some(returning)), attempt.token, result=result))
        assert live or self.desk.till.charged == charged
        self.look()

    @precondition(lambda self: self.desk.row.id is not None and self.desk.row.state == "open")
    @rule(constant=some(["GIFT_CARDS", "VOUCHER", "COUPONS"]), given=some(["500.00", None]))
    def somewhere_else(self, constant: str, given: str | None) -> None:
        values = {"GIFT_CARDS": given, "VOUCHER": given and "WELCOME", "COUPONS": given and 101}
        self.desk.elsewhere(**{constant: values[constant]})
        self.desk.assembly.answered.add(constant)
        self.look()

    # What is true then.

    def submit(self, page: str, data: st.DataObject, result: str | None) -> None:
        give = {
            constant: data.draw(GIVE[constant])
            for constant in sorted(self.desk.fills(page) & GIVE.keys())
            if data.draw(st.booleans())
        }
        if "CONTACT" in self.desk.fills(page) and not self.desk.shop.guests:
            self.desk.turn(guests=True)  # the stand-in of the first page takes everybody
        fields = {
            "give": give,
            **data.draw(some([{}, {}, {}, {}, {"none": True}, {"refuse": True}, {"clear": True}])),
        }
        note(f"{page} {fields} {result}")
        before, attempts, row = self.desk.row.body, len(self.desk.row.attempts), self.desk.row
        result = result if self.answers(page, result) else None
        self.run(self.desk.post(page, result=result, **fields))
        if len(row.attempts) > attempts and row.attempts[-1].state != "abandoned":
            self.paid_what_was_shown()
        if (
            self.desk.errors
            and not fields.get("refuse")
            and len(row.attempts) == attempts
            and row.body != before
        ):
            assert row.attempts or self.desk.errors, "only a payment that ended may be saved with errors"
        self.look()

    def answers(self, page: str, result: str | None) -> bool:
        """Tell whether a gateway may answer so: what was not begun cannot be undecided, and so on."""
        head = HEADS.page[page]
        kind = (result or "").partition(":")[0]
        attempt = self.desk.row.attempt
        resumes = attempt is not None and attempt.page != page and attempt.state == "challenged"
        if kind == "challenged":
            return head.challenge is not None or resumes
        if kind == "undecided":
            return resumes
        return True

    def paid_what_was_shown(self) -> None:
        """No payment begins for a total that the shopper has not seen."""
        frozen = self.desk.row.attempts[-1].snapshot
        unpaid = ALL["UNPAID"].decode(frozen[ALL["UNPAID"].name])
        assert unpaid.amount.wire == self.seen

    def look(self) -> None:
        """Look at the whole path, and hold everything against what must be true."""
        self.run(self.desk.get())
        first, body = self.desk.pages, self.desk.row.body
        self.run(self.desk.get())
        assert self.desk.pages == first, "position is derived: looking again shows the same"
        assert self.desk.row.body == body, "and changes nothing"
        self.seen = self.desk.shown.get("unpaid_amount")
        self.facts_are_not_stored()
        self.payments_are_sound()
        if self.desk.row.state == "open" and self.desk.shop.quantity:
            snapshot = self.run(self.fresh_snapshot())
            self.position_is_sound(snapshot)
            self.answers_stand(snapshot)
        self.desk.assembly.answered.clear()

    async def fresh_snapshot(self) -> PreOrder:
        """The row with the facts of now; nothing may fall when the world is read again at once."""
        loaded = await self.desk.checkouts.load(self.desk.cookie)
        assert loaded is not None
        visit = self.desk.engine._visit(loaded, self.desk.shop.client)
        assert loaded.preorder is not None
        result = await refresh(self.desk.assembly.graph, loaded.preorder, visit.world, visit.memory.copy())
        assert result.cleared == frozenset()
        return result.preorder

    def position_is_sound(self, preorder: PreOrder) -> None:
        flow = self.desk.assembly.flow
        walk = flow.walk(preorder)
        assert [station.page.name for station in walk.stations] == self.desk.pages
        for station in walk.stations[:-1]:
            assert station.done
            assert station.page.applies(preorder)
        assert all(not page.independent for page in (station.page for station in walk.stations))
        pending = walk.pending
        assert pending is not None
        missing = [CONSTANT[slot.name] for slot in pending.needs if not preorder.has(slot)]
        assert missing == [], f"{pending.name} waits without {missing}"

    def answers_stand(self, preorder: PreOrder) -> None:
        """No answer survives a change of what it depends on."""
        now: dict[str, dict[str, bytes]] = {}
        for constant in self.desk.filled:
            on = [ALL[each] for each in HEADS.slots[constant].depends_on]
            now[constant] = {each.name: preorder.identity(each) for each in on}
            stamp = self.stamps.get(constant)
            renewed = constant in self.desk.assembly.answered | BY_THE_RUNNER
            if stamp is not None and not renewed:
                assert now[constant] == stamp, f"{constant} survived"
        self.stamps = now

    def facts_are_not_stored(self) -> None:
        raw, memory = decode_body(self.desk.row.body) if self.desk.row.body else ({}, None)
        assert not any(ALL[CONSTANT[name]].fact for name in raw)
        if memory is not None:
            assert memory.facts.keys() <= self.desk.assembly.graph.watched

    def payments_are_sound(self) -> None:
        """One live attempt at most; a challenge stands and falls with it; one order is charged once."""
        row = self.desk.row
        live = [attempt for attempt in row.attempts if attempt.live]
        assert len(live) <= 1
        assert sum(attempt.state == "placed" for attempt in row.attempts) <= 1
        if row.state == "open":
            challenges = {head.challenge: name for name, head in HEADS.page.items() if head.challenge}
            held = [challenges[constant] for constant in self.desk.filled & challenges.keys()]
            flow = self.desk.assembly.flow
            for name in held:
                assert live, f"{name} is challenged without an attempt"
                assert flow.chain_of[name] is flow.chain_of[live[0].page]
            for attempt in live:
                assert HEADS.page[attempt.page].challenge in self.desk.filled

    def run(self, coming: Any) -> Any:
        return self.runner.run(coming)


TestAnyShopper = AnyShopper.TestCase
TestAnyShopper.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
