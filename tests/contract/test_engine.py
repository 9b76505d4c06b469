"""What the engine does around the pages: sessions, conflicts, presets, blockers, broken promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from vezne_core import (
    DELIVERY_OPTION,
    NOTE,
    Answer,
    Blocker,
    Junction,
    Memory,
    Page,
    PreOrder,
    Proceed,
    Reject,
)
from vezne_core.outcome import GENERAL
from vezne_host.collected import PluginFailed
from vezne_host.engine import BASKET_ADDRESS, CHANGED, LOGIN_ADDRESS, MISSING, ORDER_STANDS, STALE
from vezne_host.storage.checkouts import decode_body, encode_body
from vezne_host.visit import ProgrammingError, UnknownReturn

from .desk import Desk
from .journey import arrive, way
from .plugin import PLUGINS
from .shop import PAYMENT_TYPES, Shop

pytestmark = pytest.mark.anyio

PATH = [
    "IndexPage", "DeliveryOptionSelectionPage", "AddressSelectionPage", "ShippingOptionSelectionPage",
    "PaymentOptionSelectionPage",
]  # fmt: skip


async def at(page: str, **given: Any) -> Desk:
    return await arrive(page, **way(page, given=given))


# The envelope.


async def test_get_lists_the_whole_path_and_the_page_that_waits_last() -> None:
    desk = await at("PaymentOptionSelectionPage")

    await desk.get()

    assert desk.pages == PATH
    assert desk.errors == {}


async def test_template_is_the_index_while_the_shopper_is_unknown() -> None:
    desk = Desk()
    first = await desk.get()
    await desk.post("IndexPage")

    assert first.envelope.template_name == "orders/index.html"
    assert (await desk.get()).envelope.template_name == "orders/checkout.html"


async def test_guest_who_is_not_welcome_is_sent_to_sign_in() -> None:
    desk = Desk(Shop(guests=False))

    reply = await desk.get()

    assert desk.pages == ["IndexPage"]
    assert reply.envelope.redirect_url == LOGIN_ADDRESS
    assert reply.envelope.template_name == "orders/index.html"


async def test_empty_basket_sends_to_the_basket() -> None:
    desk = Desk(Shop(quantity=0))

    for reply in (await desk.get(), await desk.get("OrderNotePage"), await desk.post("IndexPage")):
        assert reply.envelope.context_list == ()
        assert reply.envelope.redirect_url == BASKET_ADDRESS
        assert not reply.envelope.errors
    assert desk.row.id is None


@pytest.mark.parametrize("cookie", [None, "somebody-else"])
async def test_unknown_session_has_an_empty_basket(cookie: str | None) -> None:
    desk = await at("PaymentOptionSelectionPage")
    before = desk.row.body
    desk.cookie = cookie  # type: ignore[assignment]

    for reply in (await desk.get(), await desk.post("PaymentOptionSelectionPage")):
        assert reply.envelope.redirect_url == BASKET_ADDRESS
    assert desk.row.body == before


async def test_looking_twice_saves_once() -> None:
    desk = await at("PaymentOptionSelectionPage")
    await desk.get()
    revision = desk.row.revision

    await desk.get()

    assert desk.row.revision == revision


async def test_page_that_is_not_reached_yet_shows_the_path_instead() -> None:
    desk = await at("AddressSelectionPage")
    before = desk.filled

    await desk.get("CreditCardConfirmationPage")

    assert desk.pages == PATH[:3]
    assert desk.filled == before


async def test_page_that_is_pending_shows_the_path_and_forgets_nothing() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    before = desk.filled

    await desk.get("CreditCardThreeDSecurePage")

    assert desk.pages[-1] == "CreditCardThreeDSecurePage"
    assert len(desk.pages) > 1
    assert desk.filled == before


async def test_empty_page_shows_the_path() -> None:
    desk = await at("AddressSelectionPage")

    await desk.get("EmptyPage")
    assert desk.pages == PATH[:3]

    await desk.post("EmptyPage")
    assert desk.pages == []


@pytest.mark.parametrize(
    ("waiting", "junction"),
    [
        ("IndexPage", Junction.IDENTITY),
        ("DeliveryOptionSelectionPage", Junction.DELIVERY_MODE),
        ("AddressSelectionPage", Junction.DELIVERY_TARGET),
        ("ShippingOptionSelectionPage", Junction.SHIPPING),
        ("SampleProductPage", Junction.EXTRAS),
        ("ReservationSelectionPage", Junction.RESERVATION),
        ("PaymentOptionSelectionPage", Junction.PAYMENT_METHOD),
        ("BinNumberPage", Junction.PAYMENT),
    ],
)
async def test_one_sentence_says_what_is_missing(waiting: str, junction: Junction) -> None:
    desk = await at(waiting)

    await desk.post("CreditCardThreeDSecurePage")

    assert desk.errors == {GENERAL: [str(MISSING[junction])]}
    assert desk.pages == [waiting]


# An order stands.


async def paid() -> Desk:
    desk = await at("WalletSelectionPage")
    await desk.post("WalletSelectionPage")
    assert desk.pages == ["ThankYouPage"]
    return desk


async def test_placing_gives_the_session_a_new_id() -> None:
    desk = await at("WalletSelectionPage")
    old = desk.cookie

    reply = await desk.post("WalletSelectionPage")

    assert reply.public_id == desk.row.public_id != old
    assert reply.order is not None


async def test_the_id_before_only_repeats_the_answer_of_the_placing() -> None:
    desk = await at("WalletSelectionPage")
    old = desk.cookie
    await desk.post("WalletSelectionPage")

    desk.cookie = old
    await desk.post("WalletSelectionPage")
    assert desk.pages == ["ThankYouPage"]

    desk.turn(quantity=1)
    desk.cookie = old
    assert (await desk.get()).envelope.redirect_url == BASKET_ADDRESS
    assert (await desk.post("IndexPage")).envelope.redirect_url == BASKET_ADDRESS
    assert desk.row.state == "placed"


async def test_order_placed_without_the_browser_renews_the_session_at_the_next_look() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    await desk.come_back("CreditCardThreeDSecurePage", desk.row.attempts[-1].token)
    desk.row.renew = True
    before = desk.row.public_id

    reply = await desk.get()

    assert reply.public_id == desk.row.public_id != before
    assert desk.pages == ["ThankYouPage"]


async def test_order_stands_for_half_an_hour() -> None:
    desk = await paid()
    assert desk.row.order is not None
    desk.row.order = msgspec.structs.replace(desk.row.order, age=float(ORDER_STANDS + 1))

    reply = await desk.get()

    assert reply.envelope.redirect_url == BASKET_ADDRESS


async def test_a_new_basket_begins_a_new_pre_order() -> None:
    desk = await paid()
    first = desk.row.id
    desk.turn(quantity=2)

    await desk.post("IndexPage")

    assert desk.row.id != first
    assert desk.filled == {"CONTACT"}
    assert desk.row.attempts == []


# Somebody else saves in between.


def saves(desk: Desk) -> Callable[[], None]:
    """Return what another tab of the shopper does: it saves."""

    def save() -> None:
        desk.row.revision += 1

    return save


async def test_conflict_is_decided_anew_on_the_fresh_snapshot() -> None:
    desk = await at("PaymentOptionSelectionPage")
    desk.checkouts.elsewhere = [saves(desk), saves(desk)]

    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": "wallet"})

    assert desk.errors == {}
    assert desk.pages == ["WalletSelectionPage"]
    assert "PAYMENT_OPTION" in desk.filled


async def test_conflict_without_end_shows_how_things_stand() -> None:
    desk = await at("PaymentOptionSelectionPage")
    desk.checkouts.elsewhere = [saves(desk)] * 3

    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": "wallet"})

    assert desk.errors == {GENERAL: [STALE]}
    assert desk.pages == ["PaymentOptionSelectionPage"]
    assert "PAYMENT_OPTION" not in desk.filled


async def test_page_that_calls_the_outside_is_not_repeated() -> None:
    desk = await at("PaymentOptionSelectionPage")
    page: Any = desk.assembly.flow.pages["PaymentOptionSelectionPage"]
    type(page).effects = True
    asked = []
    process = type(page).process
    type(page).process = lambda self, preorder, form: asked.append(1) or process(self, preorder, form)
    desk.runtime.services.cache = Allowing()
    desk.checkouts.elsewhere = [saves(desk)]

    await desk.post("PaymentOptionSelectionPage", give={"PAYMENT_OPTION": "wallet"})

    assert len(asked) == 1
    assert desk.errors == {GENERAL: [STALE]}
    assert "PAYMENT_OPTION" not in desk.filled


class Allowing:
    """A cache that has no objection."""

    async def allow(self, key: str, limit: int, per: Any) -> bool:
        return True


async def test_payment_that_somebody_else_began_is_not_begun_twice() -> None:
    desk = await at("WalletSelectionPage")
    other = Desk(desk.shop)
    other.row, other.checkouts.row, other.till._row = desk.row, desk.row, desk.row
    other.cookie = desk.cookie
    process = type(desk.assembly.flow.pages["WalletSelectionPage"]).process

    async def slowly(self: Any, preorder: PreOrder, form: Any) -> Any:
        outcome = await process(self, preorder, form)
        if other.reply is None:
            await other.post("WalletSelectionPage", result="approved")
        return outcome

    type(desk.assembly.flow.pages["WalletSelectionPage"]).process = slowly  # type: ignore[method-assign]
    await desk.post("WalletSelectionPage")

    assert other.pages == desk.pages == ["ThankYouPage"]
    assert [attempt.state for attempt in desk.row.attempts] == ["placed"]
    assert desk.till.charged + other.till.charged == 1


# Presets.


async def test_preset_is_tried_once_a_request() -> None:
    desk = await at("DeliveryOptionSelectionPage")
    desk.turn(delivery=[1])
    asked = counting(desk, "DeliveryOptionSelectionPage", Reject.because("Not you."))

    await desk.get()

    assert len(asked) == 1
    assert desk.pages[-1] == "DeliveryOptionSelectionPage"


async def test_errors_of_a_refused_preset_are_shown_and_the_page_waits() -> None:
    desk = await at("DeliveryOptionSelectionPage")
    desk.turn(delivery=[1])
    counting(desk, "DeliveryOptionSelectionPage", Reject({"delivery_option": ["Full."]}))

    await desk.get()

    assert desk.errors == {"delivery_option": ["Full."]}
    assert desk.pages == ["IndexPage", "DeliveryOptionSelectionPage"]


async def test_preset_that_changes_nothing_does_not_run_for_ever() -> None:
    desk = await at("DeliveryOptionSelectionPage")
    desk.turn(delivery=[1])
    asked = counting(desk, "DeliveryOptionSelectionPage", Proceed())

    await desk.get()

    assert len(asked) == 1
    assert desk.pages[-1] == "DeliveryOptionSelectionPage"


async def test_no_preset_pays() -> None:
    desk = await at("WalletSelectionPage")
    page: Any = type(desk.assembly.flow.pages["WalletSelectionPage"])

    async def preset(self: Any, preorder: PreOrder) -> Any:
        return page.form(Answer())

    page.preset = preset
    await desk.get()

    assert desk.row.attempts == []
    assert desk.pages[-1] == "WalletSelectionPage"


def counting(desk: Desk, page: str, outcome: Any) -> list[int]:
    """Let a page answer so, and count how often it is asked."""
    asked: list[int] = []

    async def process(self: Any, preorder: PreOrder, form: Any) -> Any:
        asked.append(1)
        return outcome

    type(desk.assembly.flow.pages[page]).process = process  # type: ignore[method-assign]
    return asked


# Blockers.


def blocked(page: str, back_to: Junction) -> Callable[..., list[Blocker]]:
    def blockers(page: str, preorder: PreOrder) -> list[Blocker]:
        return [Blocker("Please verify your age first.", back_to)] if page == named else []

    named = page
    return blockers


@pytest.mark.parametrize(
    ("page", "back_to", "shown"),
    [
        ("PaymentOptionSelectionPage", Junction.SHIPPING, "ShippingOptionSelectionPage"),
        ("PaymentOptionSelectionPage", Junction.IDENTITY, "IndexPage"),
        ("ShippingOptionSelectionPage", Junction.PRICING, "ShippingOptionSelectionPage"),
        ("BinNumberPage", Junction.PAYMENT_METHOD, "PaymentOptionSelectionPage"),
    ],
)
async def test_blocker_cuts_the_walk_back_to_its_junction(page: str, back_to: Junction, shown: str) -> None:
    open_desk = await at("BinNumberPage")
    desk = Desk(open_desk.shop, blockers=blocked(page, back_to))
    desk.row, desk.checkouts.row = open_desk.row, open_desk.row
    desk.cookie = open_desk.cookie
    before = desk.filled

    await desk.get()

    assert desk.pages[-1] == shown
    assert desk.errors == {GENERAL: ["Please verify your age first."]}
    assert desk.filled == before


async def test_blocked_page_cannot_be_submitted() -> None:
    desk = Desk(blockers=blocked("OrderNotePage", Junction.IDENTITY))
    await desk.get()
    before = desk.row.body

    await desk.post("OrderNotePage")

    assert desk.errors == {GENERAL: ["Please verify your age first."]}
    assert desk.row.body == before


async def test_blocker_that_raises_fails_the_request_and_names_its_plugin() -> None:
    def blockers(page: str, preorder: PreOrder) -> list[Blocker]:
        raise ZeroDivisionError

    with pytest.raises(PluginFailed, match="plugin blocking"):
        await Desk(blockers=blockers).get()


# Broken promises of pages.


async def test_change_of_a_slot_that_is_not_declared_fails_the_request() -> None:
    desk = await at("AddressSelectionPage")
    counting(desk, "AddressSelectionPage", Proceed(NOTE.fill("mine")))
    before = desk.row.body

    with pytest.raises(ProgrammingError, match="AddressSelectionPage changed note"):
        await desk.post("AddressSelectionPage")
    assert desk.row.body == before


async def test_answer_that_is_no_outcome_fails_the_request() -> None:
    desk = await at("AddressSelectionPage")
    counting(desk, "AddressSelectionPage", {"errors": []})

    with pytest.raises(ProgrammingError, match="not an outcome"):
        await desk.post("AddressSelectionPage")


def breaking(desk: Desk, page: str) -> None:
    async def context(self: Page[Any], preorder: PreOrder) -> Any:
        raise ZeroDivisionError

    type(desk.assembly.flow.pages[page]).context = context  # type: ignore[method-assign]


async def test_context_of_a_done_page_that_fails_is_empty() -> None:
    desk = await at("AddressSelectionPage")
    breaking(desk, "DeliveryOptionSelectionPage")

    reply = await desk.get()

    assert desk.pages == PATH[:3]
    assert reply.envelope.context_list[1].page_context == {}


async def test_context_of_the_page_that_waits_may_fail_the_request() -> None:
    desk = await at("AddressSelectionPage")
    breaking(desk, "AddressSelectionPage")

    with pytest.raises(ZeroDivisionError):
        await desk.get()


async def test_wrong_fields_of_a_form_are_told_and_nothing_is_asked() -> None:
    desk = await at("AddressSelectionPage")
    asked = counting(desk, "AddressSelectionPage", Proceed())
    before = desk.row.body

    await desk.engine.post(desk._request("AddressSelectionPage", {"give": "x", "refuse": "maybe"}))

    assert asked == []
    assert desk.row.body == before


# Answers from outside.


async def test_return_that_belongs_to_no_attempt_is_unknown() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)

    with pytest.raises(UnknownReturn):
        await desk.come_back("CreditCardThreeDSecurePage", "forged")


async def test_late_return_is_recorded_for_the_reconciler() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    attempt = desk.row.attempts[-1]
    await desk.get("BinNumberPage")

    await desk.come_back("CreditCardThreeDSecurePage", attempt.token)

    assert desk.till.recorded == [attempt.id]
    assert desk.till.charged == 0


@pytest.mark.parametrize("state", ["declined", "released", "abandoned"])
async def test_challenge_falls_with_an_attempt_that_ended_elsewhere(state: str) -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    desk.row.attempts[-1].state = state

    await desk.get()

    assert "CARD_CHALLENGE" not in desk.filled
    assert desk.pages[-1] == "CreditCardConfirmationPage"


async def test_challenge_of_another_way_to_pay_never_stands_on_an_attempt() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    desk.row.attempts[-1].page = "GPayRedirectPage"

    await desk.get()

    assert "CARD_CHALLENGE" not in desk.filled


async def test_return_is_judged_on_the_snapshot_that_was_frozen_with_its_attempt() -> None:
    desk = await at("CreditCardThreeDSecurePage", three_d=True)
    seen: list[Any] = []
    page: Any = type(desk.assembly.flow.pages["CreditCardThreeDSecurePage"])
    process = page.process

    async def looking(self: Any, preorder: PreOrder, form: Any) -> Any:
        seen.append(preorder)
        return await process(self, preorder, form)

    page.process = looking
    desk.elsewhere(NOTE="written later")
    await desk.come_back("CreditCardThreeDSecurePage", desk.row.attempts[-1].token)

    (frozen,) = seen
    assert frozen.get(NOTE) is None
    assert frozen.has(DELIVERY_OPTION)


# What was shown is what is paid.


async def test_first_submit_of_a_payment_that_was_never_shown_is_not_paid() -> None:
    desk = await at("WalletSelectionPage")
    raw, memory = decode_body(desk.row.body)
    desk.row.body = encode_body(PreOrder("x", "heads", raw=raw), Memory(facts=memory.facts, kept=memory.kept))

    await desk.post("WalletSelectionPage")
    assert desk.errors == {GENERAL: [CHANGED]}
    assert desk.row.attempts == []

    await desk.post("WalletSelectionPage")
    assert desk.pages == ["ThankYouPage"]


async def test_a_refused_form_does_not_count_as_shown() -> None:
    """Nothing is saved when a page refuses, so the total that it came with is still to be confirmed."""
    desk = await at("WalletSelectionPage")
    desk.turn(price="150.00")

    await desk.post("WalletSelectionPage", refuse=True)
    await desk.post("WalletSelectionPage")

    assert desk.errors == {GENERAL: [CHANGED]}
    assert desk.row.attempts == []


# With fewer plugins, and in another order.


@pytest.mark.parametrize("plugin", [plugin for plugin in PLUGINS if plugin != "spine"])
async def test_the_rest_takes_an_order_when_a_plugin_is_left_out(plugin: str) -> None:
    left = [other for other in PLUGINS if other != plugin]
    serving = Desk(plugins=left).assembly.flow
    pages = set(serving.pages)
    payment = next(
        each for each in PAYMENT_TYPES
        if serving.serving(Junction.PAYMENT, each) and each not in ("gift_card", "loyalty_money")
    )  # fmt: skip
    shipping = next(page for page in sorted(pages) if page.endswith("ShippingOptionSelectionPage"))
    delivery = [
        pk for pk, page in ((1, "AddressSelectionPage"), (2, "RetailStoreSelectionPage")) if page in pages
    ]
    desk = Desk(Shop(shipping_page=shipping, delivery=tuple(delivery)), plugins=left)

    await desk.reach("ThankYouPage", choose={"PAYMENT_OPTION": payment})

    assert desk.row.attempts[-1].state == "placed"


@pytest.mark.parametrize(
    "payment", [each for each in PAYMENT_TYPES if each not in ("gift_card", "loyalty_money")]
)
async def test_the_order_of_plugins_leads_to_the_same_pages(payment: str) -> None:
    walked = []
    for plugins in (PLUGINS, PLUGINS[::-1]):
        desk = Desk(Shop(samples=True, reservable=True, delivery=(2,), three_d=True), plugins=plugins)
        path = []
        while (pending := await desk.pending()) != "ThankYouPage":
            path.append(pending)
            await desk.post(
                pending, give={"PAYMENT_OPTION": payment} if pending.startswith("PaymentO") else {}
            )
            assert desk.errors == {}
        walked.append(path)

    assert walked[0] == walked[1]
