"""Paying on the page of a provider: approved, cancelled, forged, repeated, left without an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from vezne_host.testing.house import House, housed
from vezne_host.testing.journey import AJAX, Enter, Shopper, form_of

APPROVES = "5421190000000009"
NO_FUNDS = "5421190000000017"

SELECTED, COMPLETE = "RedirectionPaymentSelectedPage", "RedirectionPageCompletePage"
BRIDGE = "/orders/redirection/"
CANCELLED = "You cancelled the payment at your bank. Nothing was charged."
NOT_VERIFIED = "We could not verify the answer of your bank. Please try again."

Form = tuple[str, dict[str, str]]


def taken(house: House, number: str) -> Decimal:
    """Return the money that the bank holds for an order."""
    signs = {"capture": 1, "refund": -1, "void": -1}
    rows = house.ledger(number)
    return sum((signs.get(row["kind"], 0) * Decimal(row["amount"]) for row in rows), Decimal(0))


def starts(guest: Shopper, **fields: Any) -> str:
    """Choose to pay at the provider and agree; return the order number."""
    if not guest.answer or guest.pending != SELECTED:
        guest.comes_to_payment()
        guest.submit("PaymentOptionSelectionPage", payment_option=5)
    guest.submit(SELECTED, agreement="true", **fields)
    assert guest.pages == [COMPLETE], guest.errors
    return str(guest.pre_order["number"])


def leaves(guest: Shopper) -> str:
    """Go over the bridge and return the address of the provider's page."""
    crossing = guest.client.get(f"{BRIDGE}?t=1700000000000")
    assert crossing.status_code == 303, crossing.text
    return crossing.headers["Location"]


def card(number: str = APPROVES, **changed: str) -> dict[str, str]:
    """Return what is typed on the provider's page."""
    fields = {
        "installments": "1", "card_number": number, "card_holder": "Gülşen Örnek", "card_expiry_month": "01",
        "card_expiry_year": "2035", "card_cvv": "123",
    }  # fmt: skip
    return fields | changed


def answers(page: str, *posts: dict[str, str]) -> Form:
    """Post to the provider's page, with a browser that knows nothing of the shop; return the form back."""
    with httpx.Client(timeout=30.0) as browser:
        shown = browser.get(page)
        for fields in posts:
            shown = browser.post(page, data=fields)
        assert shown.status_code == 200
        return form_of(shown.text)


def pays(guest: Shopper, **changed: str) -> Form:
    """Leave for the provider and pay there; return the form back."""
    return answers(leaves(guest), card(**changed))


def cancels(guest: Shopper) -> Form:
    """Leave for the provider and turn back there."""
    return answers(leaves(guest), {"cancel": "1"})


def relayed(guest: Shopper, url: str, fields: Mapping[str, str]) -> httpx.Response:
    """Hand the provider's form on as a storefront does: with the session's cookie, by script."""
    parts = urlsplit(url)
    return guest.client.post(f"{parts.path}?{parts.query}", data=dict(fields), headers=AJAX)


def without(url: str, name: str) -> str:
    """Take a parameter out of an address."""
    assert f"&{name}=" in url
    return re.sub(rf"&{name}=[^&]*", "", url)


def names(answer: httpx.Response) -> list[str]:
    """Return the names of the pages in an answer."""
    assert answer.status_code == 200, answer.text
    return [entry["page_name"] for entry in answer.json()["context_list"]]


# There and back.


def test_installments_chosen_at_the_provider_become_the_order_s(guest: Shopper, house: House) -> None:
    number = starts(guest)
    total, session = Decimal(guest.total), guest.client.cookies["osessionid"]
    assert re.fullmatch("[0-9]{13}", number)
    assert guest.context(COMPLETE) == {"redirect_url": f"{house.shop}{BRIDGE}", "is_iframe": False}
    assert not guest.pre_order["is_redirected"]

    page = leaves(guest)
    assert page.startswith(f"{house.bank}/pay/")
    assert guest.get()["pre_order"]["is_redirected"] is True
    url, fields = answers(page, card(installments="3"))
    assert url.startswith(f"{house.shop}/orders/checkout/")
    returned = guest.comes_back(url, fields)
    assert returned.status_code == 303
    assert returned.headers["Location"].startswith(f"{house.shop}/orders/completed/")
    assert "set-cookie" not in returned.headers, "a return acts on its own attempt only"

    guest.get()
    assert guest.pages == ["ThankYouPage"]
    assert guest.client.cookies["osessionid"] != session, "the session has a new id"
    order = guest.order()
    interest = (total * Decimal("0.02")).quantize(Decimal("0.01"))
    assert order["number"] == number
    assert order["status"]["value"] == "400"
    assert order["amount"] == str(total + interest)
    assert (order["installment_count"], order["installment_interest_amount"]) == (3, str(interest))
    assert taken(house, number) == total + interest


def test_one_payment_costs_no_interest(guest: Shopper, house: House) -> None:
    number = starts(guest)
    total = guest.total
    guest.comes_back(*pays(guest))
    guest.get()
    order = guest.order()
    assert (order["amount"], order["installment_count"]) == (total, 1)
    assert order["installment_interest_amount"] == "0.00"
    assert taken(house, number) == Decimal(total)


def test_a_storefront_may_relay_the_answer(guest: Shopper) -> None:
    starts(guest)
    assert names(relayed(guest, *pays(guest))) == ["ThankYouPage"]


def test_the_provider_offers_what_the_browser_named(guest: Shopper) -> None:
    starts(guest, browser_installments="1:6", browser_client_type="web")
    page = httpx.get(leaves(guest)).text
    assert re.findall(r'name="installments" value="(\d+)"', page) == ["1", "6"]


def test_every_wrong_field_is_told_at_once_and_nothing_is_started(guest: Shopper) -> None:
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=5)
    assert guest.context(SELECTED) == {}
    guest.submit(SELECTED, browser_installments="1:121")
    assert guest.pages == [SELECTED]
    assert guest.errors.keys() == {"agreement", "browser_installments"}
    guest.submit(SELECTED, agreement="false")
    assert guest.errors == {"agreement": ["This must be accepted."]}
    assert guest.pre_order["number"] is None


# What does not come to an order.


def test_a_cancelled_payment_gives_the_number_back_and_can_be_made_again(
    guest: Shopper, house: House
) -> None:
    number = starts(guest)
    returned = guest.comes_back(*cancels(guest))
    assert (returned.status_code, returned.headers["Location"]) == (303, f"{house.shop}/orders/checkout/")
    assert CANCELLED in guest.client.get("/orders/checkout/").text
    assert CANCELLED not in guest.client.get("/orders/checkout/").text, "once"

    guest.get()
    assert guest.pending == SELECTED
    assert guest.pre_order["number"] is None
    assert not guest.pre_order["is_redirected"]
    assert taken(house, number) == 0

    another = starts(guest)
    assert another != number
    guest.comes_back(*pays(guest))
    guest.get()
    assert guest.order()["number"] == another
    assert taken(house, another) == Decimal(guest.order()["amount"])


def test_a_relayed_cancellation_is_told_in_the_shopper_s_language(enter: Enter) -> None:
    guest = enter(language="tr")
    starts(guest)
    answer = relayed(guest, *cancels(guest))
    assert names(answer) == [SELECTED]
    assert answer.json()["errors"] == {
        "non_field_errors": ["Ödemeyi bankanızın sayfasında iptal ettiniz. Herhangi bir tutar çekilmedi."]
    }
    assert answer.json()["pre_order"]["number"] is None


def test_a_declined_card_is_replaced_at_the_provider(guest: Shopper, house: House) -> None:
    number = starts(guest)
    guest.comes_back(*answers(leaves(guest), card(NO_FUNDS), card()))
    guest.get()
    assert guest.order()["number"] == number
    assert len(house.ledger(number)) == 2, "one authorization, one capture"


def test_the_third_declined_card_ends_the_payment(guest: Shopper, house: House) -> None:
    number = starts(guest)
    guest.comes_back(*answers(leaves(guest), card(NO_FUNDS), card(NO_FUNDS), card(NO_FUNDS)))
    assert "There is not enough money on this card." in guest.client.get("/orders/checkout/").text
    guest.get()
    assert guest.pending == SELECTED
    assert guest.pre_order["number"] is None
    assert house.ledger(number) == []


def test_a_provider_that_does_not_start_the_payment_gives_the_number_back(
    guest: Shopper, house: House
) -> None:
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=5)
    fault = {"kind": "error", "operation": "session", "calls": 2, "when": "before"}
    httpx.post(f"{house.bank}/control/faults", json=fault).raise_for_status()
    guest.submit(SELECTED, agreement="true")
    assert guest.pages == [SELECTED]
    assert guest.errors["non_field_errors"]
    assert guest.pre_order["number"] is None
    assert starts(guest)


# Answers that are not what they seem.


def test_a_forged_answer_changes_nothing(guest: Shopper, house: House) -> None:
    number = starts(guest)
    url, fields = cancels(guest)
    guest.comes_back(url.replace("success=false", "success=true"), fields | {"status": "success"})
    assert NOT_VERIFIED in guest.client.get("/orders/checkout/").text
    guest.get()
    assert guest.pending == SELECTED
    assert guest.pre_order["number"] == number, "the payment at the provider still stands"
    assert taken(house, number) == 0

    guest.comes_back(url, fields)
    guest.get()
    assert guest.pre_order["number"] is None, "and the genuine answer still counts"


def test_interest_that_a_shopper_writes_himself_is_not_taken(guest: Shopper, house: House) -> None:
    number = starts(guest)
    url, fields = pays(guest, installments="3")
    guest.comes_back(url, fields | {"interest_fee": "0.00", "installment_count": "12"})
    guest.get()
    assert guest.pending == SELECTED
    assert guest.pre_order["installment"] is None
    guest.comes_back(url, fields)
    guest.get()
    assert guest.order()["installment_count"] == 3
    assert taken(house, number) == Decimal(guest.order()["amount"])


def test_the_answer_for_another_payment_changes_nothing(enter: Enter, house: House) -> None:
    payer, other = enter(), enter()
    starts(payer)
    number = starts(other)
    url, genuine = pays(other)
    _, foreign = pays(payer)
    other.comes_back(url, foreign)
    other.get()
    assert other.pending == SELECTED
    other.comes_back(url, genuine)
    other.get()
    assert other.order()["number"] == number


def test_the_same_answer_twice_is_one_order(guest: Shopper, house: House) -> None:
    number = starts(guest)
    url, fields = pays(guest)
    ends = [guest.comes_back(url, fields) for _ in range(2)]
    assert [end.status_code for end in ends] == [303, 303]
    assert all(end.headers["Location"].startswith(f"{house.shop}/orders/completed/") for end in ends)
    guest.get()
    order = guest.order()
    assert order["number"] == number
    assert taken(house, number) == Decimal(order["amount"])


def test_a_used_token_begins_nothing_anew(guest: Shopper, house: House) -> None:
    number = starts(guest)
    url, fields = cancels(guest)
    guest.comes_back(url, fields)
    guest.get()
    another = starts(guest)
    assert guest.comes_back(url, fields).status_code == 303
    guest.get()
    assert guest.pending == COMPLETE, "the token belongs to the payment that was cancelled"
    assert guest.pre_order["number"] == another
    assert {taken(house, number), taken(house, another)} == {0}


@pytest.mark.parametrize("cookie", [False, True], ids=["without cookie", "with cookie"])
@pytest.mark.parametrize("token", ["", "&return_token=x"], ids=["no token", "another token"])
def test_an_answer_without_its_token_is_not_taken(
    guest: Shopper, house: House, token: str, cookie: bool
) -> None:
    number = starts(guest)
    url, fields = pays(guest)
    bare = without(url, "return_token") + token
    returned = guest.comes_back(bare, fields, cookie=cookie)
    assert (returned.status_code, returned.headers["Location"]) == (303, f"{house.shop}/orders/checkout/")
    assert relayed(guest, bare, fields).status_code == 404
    guest.get()
    assert guest.pending == SELECTED
    assert guest.pre_order["number"] == number
    guest.comes_back(url, fields)
    guest.get()
    assert guest.pages == ["ThankYouPage"]


# Back without an answer.


def test_who_comes_back_without_an_answer_is_not_sent_away_again(guest: Shopper) -> None:
    number = starts(guest)
    guest.get()
    assert guest.pending == COMPLETE, "nobody has left yet"
    page = leaves(guest)
    guest.get()
    assert guest.pending == SELECTED
    assert COMPLETE not in guest.pages
    assert guest.pre_order["is_redirected"] is True
    assert leaves(guest) == page, "the bridge still leads there"

    guest.comes_back(*answers(page, card()))
    guest.get()
    assert guest.order()["number"] == number, "and he may still pay there"


def test_agreeing_again_starts_anew(guest: Shopper, house: House) -> None:
    starts(guest)
    old = leaves(guest)
    guest.get()
    number = starts(guest)
    assert not guest.pre_order["is_redirected"]
    page = leaves(guest)
    assert page != old
    guest.comes_back(*answers(page, card()))
    guest.get()
    order = guest.order()
    assert order["number"] == number
    references = {row["reference"] for row in house.ledger(number)}
    assert len(references) == 1, "one of the two was paid"


@pytest.mark.parametrize("left", [False, True], ids=["before leaving", "after leaving"])
def test_going_back_to_the_payment_options_ends_the_payment(guest: Shopper, left: bool) -> None:
    starts(guest)
    if left:
        leaves(guest)
    guest.get("PaymentOptionSelectionPage")
    assert guest.pending == "PaymentOptionSelectionPage"
    assert guest.pre_order["number"] is None
    assert not guest.pre_order["is_redirected"]
    crossing = guest.client.get(BRIDGE)
    assert crossing.status_code == 303
    assert crossing.headers["Location"].endswith("/orders/checkout/"), "there is nobody to go to"
    guest.get()
    assert guest.pending == SELECTED


def test_the_payment_option_chosen_again_starts_afresh(guest: Shopper) -> None:
    """The published client does so when it meets a shopper who is back without an answer."""
    number = starts(guest)
    leaves(guest)
    guest.get()
    guest.submit("PaymentOptionSelectionPage", payment_option=5)
    assert guest.pages == [SELECTED]
    assert not guest.pre_order["is_redirected"]
    assert starts(guest) != number


def test_a_changed_basket_ends_the_payment(guest: Shopper) -> None:
    starts(guest)
    guest.buys(product=2)
    guest.get()
    assert guest.pending == SELECTED
    crossing = guest.client.get(BRIDGE)
    assert crossing.headers["Location"].endswith("/orders/checkout/")


def test_the_bridge_leads_nowhere_without_a_payment(guest: Shopper) -> None:
    assert guest.client.get(BRIDGE).headers["Location"].endswith("/orders/checkout/")
    guest.comes_to_payment()
    assert guest.client.get(BRIDGE).headers["Location"].endswith("/orders/checkout/")
    assert not guest.get()["pre_order"]["is_redirected"]


# Other addresses of return.


@pytest.fixture(scope="module")
def numbered(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[House]:
    """A shop whose addresses of return carry the order number and no token."""
    config = (pytestconfig.rootpath / "plugins.toml").read_text()
    settings = "USE_ONE_TIME_TOKEN = false\nORDERS_USE_ISOLATED_PRE_ORDER_ON_RETURN = true\n"
    config = config.replace("[merchants.demo.checkout]\n", f"[merchants.demo.checkout]\n{settings}")
    with (
        fresh_database() as database_url,
        housed(tmp_path_factory.mktemp("numbered"), config, database_url, session_redis_url) as running,
    ):
        yield running


@pytest.fixture
def other(numbered: House) -> Iterator[Shopper]:
    """A guest in that shop."""
    with closing(Shopper(numbered.shop, host="demo.localhost")) as shopper:
        yield shopper


def test_the_number_finds_the_attempt_without_a_cookie(other: Shopper, numbered: House) -> None:
    number = starts(other)
    url, fields = pays(other)
    query = parse_qs(urlsplit(url).query)
    assert query.keys() == {"three_d_secure", "success", "page", "n"}
    assert number not in url
    other.comes_back(url, fields)
    other.get()
    assert other.order()["number"] == number
    assert taken(numbered, number) == Decimal(other.order()["amount"])


def test_the_number_of_a_return_opens_no_order(other: Shopper) -> None:
    starts(other)
    url, fields = pays(other)
    (signed,) = parse_qs(urlsplit(url).query)["n"]
    other.comes_back(url, fields)
    assert other.client.get(f"/orders/completed/{signed}/?format=json").status_code == 404


def test_a_forged_number_finds_nothing(other: Shopper, numbered: House) -> None:
    number = starts(other)
    url, fields = pays(other)
    forged = re.sub("&n=.", "&n=X", url)
    other.comes_back(forged, fields)
    other.get()
    assert other.pending == SELECTED
    assert other.pre_order["number"] == number


def test_without_token_and_number_the_session_finds_the_attempt(other: Shopper) -> None:
    number = starts(other)
    url, fields = pays(other)
    bare = without(url, "n")
    other.comes_back(bare, fields)
    other.get()
    assert other.pending == SELECTED, "a browser sends no cookie along with a form of another site"
    assert names(relayed(other, bare, fields)) == ["ThankYouPage"]
    assert other.get()["pre_order"]["number"] == number


def test_a_return_by_link_is_taken_with_the_session_s_cookie(other: Shopper) -> None:
    """This provider signs forms only, so that a link proves nothing: it is judged, not merely shown."""
    starts(other)
    parts = urlsplit(without(pays(other)[0], "n"))
    returned = other.client.get(f"{parts.path}?{parts.query}")
    assert returned.status_code == 303
    assert NOT_VERIFIED in other.client.get("/orders/checkout/").text
