"""A shopper may do anything at any time: every answer keeps its promises, and the books agree."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import count
from json import dumps
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from vezne_core import Page
from vezne_core.slots import SlotGraph
from vezne_host.config import Configuration, load
from vezne_host.http.cookies import SessionCookies
from vezne_host.inspection import inspected
from vezne_host.runtime import MerchantRuntime
from vezne_host.services.clock import SystemClock
from vezne_host.storage.checkouts import decode_body
from vezne_host.testing.house import House
from vezne_host.testing.journey import AJAX, BERLIN, CARD, HOME, Shopper, form_of
from vezne_host.testing.laws import Ask, asking, broken_laws
from vezne_host.testing.promises import broken_promises, wrong_errors

EXAMPLES, STEPS = int(os.environ.get("VEZNE_EXAMPLES", "50")), 25

PASSWORD = "checkout-any-order"
ANKARA = {**HOME, "title": "Ankara", "city": 6, "township": 601, "district": 60101, "line": "Kızılay 1"}
HOMES = (HOME, ANKARA, BERLIN)
CARDS: Mapping[str, Sequence[str]] = {
    "542119": ("5421190000000009", "5421190000000017", "5421190000000025", "5421190000000033"),
    "479184": ("4791840000000004",),
    "540001": ("5400010000000004",),
}
TYPED = {
    "installments": "3", "card_number": "5421190000000009", "card_holder": "Gülşen Örnek",
    "card_expiry_month": "01", "card_expiry_year": "2035", "card_cvv": "123",
}  # fmt: skip
"""What is typed at the provider."""
HANGS_ON: Mapping[str, tuple[str, ...]] = {
    "delivery_option": ("shipping_option", "payment_option"),
    "shipping_option": ("payment_option", "card_info", "installment", "funds_transfer_bank"),
    "payment_option": ("card_info", "installment", "funds_transfer_bank"),
    "card_info": ("installment",),
}
"""What is asked again when something before it was chosen anew."""
RATES = {3: Decimal("4.50"), 4: Decimal("7.00")}
EXTRAS: Sequence[tuple[str, dict[str, str]]] = [
    *(("VoucherCodePage", {"voucher_code": code}) for code in ("WELCOME2024", "SHIPFREE", "NOSUCH", "")),
    ("GiftBoxPage", {"note": "Nice birthday"}),
    ("GiftBoxPage", {}),
    ("GiftBoxIndexPage", {}),
    ("OrderNotePage", {"notes": "At the back door"}),
    ("AddressClearPage", {}),
]
PAYMENTS = ("credit_card", "funds_transfer", "redirection")
"""Types of payment that a shopper here knows how to go on with."""

CHOICES: Mapping[str, tuple[str, str]] = {
    "DeliveryOptionSelectionPage": ("delivery_options", "delivery_option"),
    "ShippingOptionSelectionPage": ("shipping_options", "shipping_option"),
    "PaymentOptionSelectionPage": ("payment_options", "payment_option"),
    "InstallmentSelectionPage": ("installments", "installment"),
    "FundsTransferChoicePage": ("bank_accounts", "bank_account"),
}
"""Pages on which one of a list is chosen: where the list is, and the field."""

FIELDS = (
    "user_email", "phone_number", "delivery_option", "shipping_address", "billing_address", "shipping_option",
    "delivery_date", "time_slot", "payment_option", "bin_number", "installment", "card_number", "card_holder",
    "card_month", "card_year", "card_cvv", "agreement", "save", "card_name", "use_three_d", "bank_account",
    "notes", "extra_field", "voucher_code", "note", "gift_video", "success", "three_d_secure", "mdStatus",
    "amount", "total_amount", "is_post_order", "user", "discount", "page", "return_token",
)  # fmt: skip
ODD = (
    "", "0", "1", "2", "3", "-1", "true", "NaN", "Infinity", "1e999999", "-0", "0.001", "１２", "1_000",
    "9" * 5000, "{}", "[[", '{"a": NaN}', "\x00", "\u202eabc", "İı", "a\r\nSet-Cookie: x=1", "😀",
    "542119", "guest@example.com",
)  # fmt: skip
VALUES = st.sampled_from(ODD) | st.text(max_size=20) | st.integers(-(10**20), 10**20).map(str)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
KINDS = (FORM, JSON, "multipart/form-data; boundary=x", "text/plain")
Sent = tuple[dict[str, str] | bytes, str]
SENT: st.SearchStrategy[Sent] = st.one_of(
    st.tuples(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5), st.just(FORM)),
    st.tuples(
        st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4).map(lambda body: dumps(body).encode()),
        st.just(JSON),
    ),
    st.tuples(st.binary(max_size=60), st.sampled_from(KINDS)),
)
"""Bodies: a form of odd values, JSON of any shape, garbage."""

numbers = count(1)


class Stored:
    """The session's pre-order as its row has it."""

    def __init__(self, id: str, body: bytes, attempt: tuple[str, Decimal] | None) -> None:
        self.id = id
        self.slots, memory = decode_body(body)
        self.facts = memory.facts
        self.attempt = attempt


class Shop:
    """What all examples share: the running shop, its map, and its database."""

    def __init__(
        self, house: House, configuration: Configuration, runtime: MerchantRuntime, ask: Ask
    ) -> None:
        self.house = house
        self.runtime = runtime
        self.graph: SlotGraph = runtime.graph
        self._ask = ask
        host = configuration.host
        life = timedelta(days=host.lifetimes.preorder_days)
        self._cookies = SessionCookies([(key.id, key.key) for key in host.keys], life)
        self.pages = sorted(runtime.flow.pages)
        self.preset = {
            slot.name
            for page in runtime.flow.pages.values()
            if type(page).preset is not Page.preset
            for slot in page.fills
        }
        """What the server may have answered again by itself."""

    def stored(self, shopper: Shopper) -> Stored | None:
        """Return the pre-order of a shopper's session."""
        cookie = shopper.client.cookies.get("osessionid")
        ticket = self._cookies.open("demo", [cookie], SystemClock().now()) if cookie else None
        rows = ticket and self._ask(
            """SELECT p.id, p.body, a.state, a.amount FROM session s
               JOIN preorder p ON p.merchant = s.merchant AND p.session_id = s.id AND p.state <> 'closed'
               LEFT JOIN payment_attempt a ON a.merchant = p.merchant AND a.preorder_id = p.id
                   AND a.state = 'challenged'
               WHERE s.merchant = 'demo' AND s.public_id = $1""",
            ticket.public_id,
        )
        if not rows:
            return None
        row = rows[0]
        return Stored(str(row["id"]), row["body"], (row["state"], row["amount"]) if row["state"] else None)

    def survivors(self, before: Stored, after: Stored, page: str | None) -> list[str]:
        """Return what is still filled although something that it depends on has changed."""
        own = set(self.preset)
        if page is not None:
            head = self.runtime.flow.pages[page]
            own |= {slot.name for slot in (*head.fills, *head.touches)}
        changed = {
            name
            for name in (before.slots.keys() | after.slots.keys()) & self.graph.slots.keys()
            if self._identity(name, before) != self._identity(name, after)
        }
        changed |= {name for name, seen in before.facts.items() if after.facts.get(name) != seen}
        fallen = self.graph.cascade(changed) - own
        return sorted(f for f in fallen & after.slots.keys() if before.slots.get(f) == after.slots[f])

    def _identity(self, name: str, stored: Stored) -> bytes | None:
        slot, raw = self.graph.slots[name], stored.slots.get(name)
        return None if raw is None else slot.identity(slot.decode(raw))


class AnyOrder(RuleBasedStateMachine):
    """One browser at the demo shop."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.shopper = Shopper(shop.house.shop, host="demo.localhost")
        self.account: str | None = None
        self.signed_in = False
        self.returns: list[tuple[str, dict[str, str]]] = []
        self.seen: Stored | None = None
        self.shown: Mapping[str, Any] = {}

    @initialize(product=st.sampled_from([1, 2, 3]), steps=st.sampled_from([6, 5, 7, 4, 0]), data=st.data())
    def begins(self, product: int, steps: int, data: st.DataObject) -> None:
        with Redis.from_url(self.shop.house.redis_url) as cache:
            cache.flushdb()  # limits that other examples have used up
        self.shopper.buys(product)
        self._look()
        self.goes_on(steps, data)

    # What a shopper does.

    @rule(steps=st.integers(1, 4), data=st.data())
    def goes_on(self, steps: int, data: st.DataObject) -> None:
        """Answer what is asked, several times."""
        for _ in range(steps):
            self._answer(self.shopper.pending, data)

    @rule(data=st.data())
    def answers_a_page_again(self, data: st.DataObject) -> None:
        if self.shopper.pages:
            self._answer(data.draw(st.sampled_from(self.shopper.pages)), data)

    @rule(data=st.data())
    def chooses_another(self, data: st.DataObject) -> None:
        """Choose something else where a choice was made."""
        done = [page for page in self.shopper.pages[:-1] if page in CHOICES]
        if done:
            self._choose(data.draw(st.sampled_from(done)), data, anew=True)

    @rule(data=st.data())
    @precondition(lambda self: self.shopper.pending == "CreditCardConfirmationPage")
    def pays_while_another_tab_buys(self, data: st.DataObject) -> None:
        self.shopper.write("POST", "/baskets/basket/", product=2, quantity=1, attributes={})
        self._pay_by_card(data)

    @rule(place=st.integers(0, 99), sent=SENT)
    def submits_anything(self, place: int, sent: Sent) -> None:
        self._post(self._page(place), *sent)

    @rule(place=st.integers(0, 99))
    def looks_back(self, place: int) -> None:
        answer = self.shopper.get(self._page(place))
        assert list(wrong_errors(answer["errors"])) == []
        self._settled(None)

    @rule(extra=st.sampled_from(EXTRAS))
    def wants_something_extra(self, extra: tuple[str, dict[str, str]]) -> None:
        self._post(*extra)

    @rule(method=st.sampled_from(["POST", "PUT"]), product=st.integers(1, 4), quantity=st.integers(0, 3))
    def changes_the_basket(self, method: str, product: int, quantity: int) -> None:
        self._write(method, "/baskets/basket/", product=product, quantity=quantity, attributes={})

    @rule(method=st.sampled_from(["PATCH", "POST", "DELETE"]), address=st.sampled_from(HOMES), data=st.data())
    def changes_an_address(self, method: str, address: Mapping[str, Any], data: st.DataObject) -> None:
        """Write one, or edit or delete one that may be in use."""
        if method == "POST":
            self._write(method, "/address/", **address)
        elif "AddressSelectionPage" in self.shopper.pages:
            pks = [each["pk"] for each in self.shopper.context("AddressSelectionPage")["addresses"]]
            if pks:
                pk = data.draw(st.sampled_from(pks))
                self._write(method, f"/address/{pk}/", **(address if method == "PATCH" else {}))

    @rule()
    def signs_in_or_out(self) -> None:
        if self.signed_in:
            self._write("POST", "/users/logout/")
        elif self.account is None:
            self.account = f"any-order-{next(numbers)}@example.com"
            sent = {"email": self.account, "password": PASSWORD, "first_name": "Any", "last_name": "Order"}
            self._write("POST", "/users/registration/", **sent)
        else:
            self._write("POST", "/users/login/", email=self.account, password=PASSWORD)
        self.signed_in = not self.signed_in
        if self.signed_in and self.shopper.pages not in ([], ["ThankYouPage"]):
            assert self.shopper.pre_order["user_email"] == self.account

    @rule(otp=st.sampled_from(["123456", "123456", "000000"]), cookie=st.booleans())
    def comes_back_from_the_bank(self, otp: str, cookie: bool) -> None:
        page = self.shopper.client.get("/orders/redirect-three-d/")
        assert page.status_code == 200
        if "<form" in page.text:
            self._at_the_bank(*form_of(page.text), otp=otp, cookie=cookie)

    @rule(cookie=st.booleans(), fields=st.sampled_from([TYPED, TYPED, {"cancel": "1"}]))
    def comes_back_from_the_provider(self, cookie: bool, fields: dict[str, str]) -> None:
        crossing = self.shopper.client.get("/orders/redirection/")
        assert crossing.status_code in (200, 303)
        if crossing.status_code == 303 and self.shop.house.bank in crossing.headers["Location"]:
            self._at_the_bank(crossing.headers["Location"], fields, cookie=cookie)

    @rule(data=st.data(), cookie=st.booleans())
    @precondition(lambda self: bool(self.returns))
    def comes_back_once_more(self, data: st.DataObject, cookie: bool) -> None:
        self._return(data.draw(st.sampled_from(self.returns)), cookie=cookie)

    # How it is done.

    def _page(self, place: int) -> str:
        """Return some page of the shop."""
        return self.shop.pages[place % len(self.shop.pages)]

    def _answer(self, page: str | None, data: st.DataObject) -> None:
        """Answer a page as its context allows, not always well."""
        if page is None or page == "ThankYouPage":
            self.changes_the_basket("POST", 1, 1)
        elif page in CHOICES:
            self._choose(page, data)
        elif page == "IndexPage":
            self._post(page, {"user_email": "guest@example.com", "phone_number": "05551234567"})
        elif page == "AddressSelectionPage":
            self._choose_addresses(data)
        elif page == "BinNumberPage":
            self._post(page, {"bin_number": data.draw(st.sampled_from(sorted(CARDS)))})
        elif page == "CreditCardConfirmationPage":
            self._pay_by_card(data)
        elif page == "CreditCardThreeDSecurePage":
            self.comes_back_from_the_bank(otp="123456", cookie=False)
        elif page == "RedirectionPageCompletePage":
            self.comes_back_from_the_provider(cookie=False, fields=TYPED)
        else:
            self._post(page, {"agreement": "1"})

    def _choose(self, page: str, data: st.DataObject, *, anew: bool = False) -> None:
        listed, field = CHOICES[page]
        now = self.shopper.pre_order.get(field)
        options = [
            each
            for each in self.shopper.context(page)[listed]
            if each.get("payment_type", PAYMENTS[0]) in PAYMENTS
            and not (anew and now and now["pk"] == each["pk"])
        ]
        options += [each for each in options if each.get("payment_type") == "credit_card"] * 2
        if not options:
            return
        chosen = data.draw(st.sampled_from(options))
        fields = {field: str(chosen["pk"])}
        if (chosen.get("kwargs") or {}).get("required_fields"):
            fields |= {"delivery_date": "2035-01-01", "time_slot": "10-12"}
        self._post(page, fields)

    def _choose_addresses(self, data: st.DataObject) -> None:
        pks = [each["pk"] for each in self.shopper.context("AddressSelectionPage")["addresses"]]
        if not pks:
            self._write("POST", "/address/", **HOME)
            pks = [each["pk"] for each in self.shopper.context("AddressSelectionPage")["addresses"]]
        chosen = st.sampled_from(pks)
        self._post(
            "AddressSelectionPage",
            {"shipping_address": str(data.draw(chosen)), "billing_address": str(data.draw(chosen))},
        )

    def _pay_by_card(self, data: st.DataObject) -> None:
        bin_number = str((self.shopper.pre_order["card_info"] or {}).get("bin_number", "542119"))
        number = data.draw(st.sampled_from(CARDS.get(bin_number, CARDS["542119"])))
        fields = {"card_number": number, "use_three_d": str(data.draw(st.integers(0, 1))), **CARD}
        total = self.shopper.total
        event(f"pays {number} {fields['use_three_d']}")
        answer = self._post("CreditCardConfirmationPage", {key: str(value) for key, value in fields.items()})
        assert number not in answer.text
        if self.shopper.pages == ["ThankYouPage"]:
            assert self.shopper.order()["amount"] == total, "nobody pays another price than he was shown"

    def _at_the_bank(
        self, url: str, fields: Mapping[str, str], *, otp: str | None = None, cookie: bool
    ) -> None:
        with httpx.Client(timeout=30.0) as browser:
            shown = browser.post(url, data=dict(fields))
            if shown.status_code == 200 and otp is not None:
                shown = browser.post(url, data={"otp": otp})
        if shown.status_code != 200:
            return  # it was answered before
        back = form_of(shown.text)
        if "/orders/checkout/" in back[0]:  # else the page asks once more
            self.returns.append(back)
            self._return(back, cookie=cookie)

    def _post(self, page: str, sent: dict[str, str] | bytes, kind: str = FORM) -> httpx.Response:
        content = sent if isinstance(sent, bytes) else urlencode(sent, errors="replace").encode()
        answer = self.shopper.client.post(
            "/orders/checkout/",
            params={"page": page},
            content=content,
            headers={**AJAX, "Content-Type": kind},
        )
        note(f"{page} {sent!r} → {answer.status_code}")
        assert answer.status_code < 500, answer.text
        assert list(wrong_errors(answer.json()["errors"])) == []
        self._settled(page)
        return answer

    def _write(self, method: str, path: str, **json: Any) -> None:
        answer = self.shopper.write(method, path, **json)
        note(f"{method} {path} {json} → {answer.status_code}")
        assert answer.status_code < 500, answer.text
        self._settled(None)

    def _return(self, back: tuple[str, dict[str, str]], *, cookie: bool) -> None:
        answer = self.shopper.comes_back(*back, cookie=cookie)
        note(f"return with {'' if cookie else 'no '}cookie → {answer.status_code}")
        assert answer.status_code == 303, answer.text
        self._settled(None)

    # What has to hold after it.

    def _look(self) -> None:
        answer, again = self.shopper.get(), self.shopper.get()
        if self.shopper.pages == ["ThankYouPage"]:  # its link says when it was made
            entry = answer["context_list"][0]["page_context"]
            assert self.shopper.context("ThankYouPage")["token"] == entry["token"]
        else:
            assert answer == again, "looking changes nothing"
        note(f"  {self.shopper.pages[-3:]} {self.shopper.errors}")
        if answer["context_list"] == []:
            assert answer["redirect_url"] == "/baskets/basket/"
        elif self.shopper.pages != ["ThankYouPage"]:
            assert broken_promises(answer) == []
            self._interest()
            self._asked_again()
        self.shown = answer.get("pre_order", {})

    def _settled(self, page: str | None) -> None:
        """Look at the checkout after something was done, and at what is stored."""
        after = self.shop.stored(self.shopper)
        if self.seen is not None and after is not None and self.seen.id == after.id:
            assert self.shop.survivors(self.seen, after, page) == []
        self.seen = after
        self._look()
        looked = self.shop.stored(self.shopper)
        if self.seen is not None and looked is not None and self.seen.id == looked.id:
            assert self.shop.survivors(self.seen, looked, None) == []
        self.seen = looked
        if self.shopper.pending == "CreditCardThreeDSecurePage":
            assert looked is not None
            asked = ("challenged", Decimal(self.shopper.total))
            assert looked.attempt == asked, "the bank is asked for what is shown"

    def _interest(self) -> None:
        shown = self.shopper.pre_order
        if shown["installment"] is None:
            return
        unpaid, rate = Decimal(shown["unpaid_amount"]), RATES.get(shown["installment"]["pk"], Decimal(0))
        extra = Decimal(self.shopper.total) - Decimal(shown["total_amount"])
        assert abs(extra - unpaid * rate / 100) <= Decimal("0.005")

    def _asked_again(self) -> None:
        for key, others in HANGS_ON.items():
            before, now = self.shown.get(key), self.shopper.pre_order[key]
            if before is not None and _choice(before) != _choice(now):
                kept = [other for other in others if self.shopper.pre_order[other] is not None]
                assert kept == [], f"{key} was {before}, is {now}"

    def teardown(self) -> None:
        self.shopper.close()
        assert broken_laws(self.shop.house) == []


def _choice(shown: Mapping[str, Any] | None) -> Any:
    return None if shown is None else shown.get("pk", shown.get("bin_number"))


@pytest.fixture(scope="module")
def shop(house: House, pytestconfig: pytest.Config) -> Iterator[Shop]:
    configuration = load(pytestconfig.rootpath / "plugins.toml")
    runtime = asyncio.run(inspected(configuration, None)).runtimes["demo"]
    with asking(house.database_url) as ask:
        yield Shop(house, configuration, runtime, ask)


@pytest.mark.timeout(3000)
def test_whatever_a_shopper_does_answers_and_books_stay_right(shop: Shop) -> None:
    how = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
        suppress_health_check=list(HealthCheck), print_blob=True,
    )  # fmt: skip
    make: Callable[[], AnyOrder] = lambda: AnyOrder(shop)  # noqa: E731
    run_state_machine_as_test(make, settings=how)  # type: ignore[no-untyped-call]
