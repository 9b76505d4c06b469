"""Signing in, up and out over HTTP."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from vezne_host.testing.journey import Shopper

ADA = {"email": "ada@example.com", "password": "checkout-demo-1"}


def login(shopper: Shopper, **fields: Any) -> httpx.Response:
    return shopper.write("POST", "/users/login/", **fields)


def current(shopper: Shopper) -> int:
    return shopper.client.get("/current_user/").status_code


def test_a_user_signs_in(guest: Shopper) -> None:
    answer = login(guest, email="ADA@Example.com", password=ADA["password"])

    assert answer.status_code == 200
    assert re.fullmatch(r"[0-9a-f]{40}", answer.json()["key"])
    user = guest.client.get("/current_user/").json()
    assert (user["email"], user["phone"]) == ("ada@example.com", "05551112233")


def test_nobody_is_signed_in_at_first(guest: Shopper) -> None:
    answer = guest.client.get("/current_user/")

    assert (answer.status_code, answer.json()) == (
        401, {"detail": "Authentication credentials were not provided."},
    )  # fmt: skip


def test_a_wrong_e_mail_and_a_wrong_password_look_alike(enter: Any) -> None:
    answers = [
        login(enter(), email=email, password=password)
        for email, password in ((f"{uuid4().hex}@example.com", "x"), ("grace@example.com", "wrong"))
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].json() == answers[1].json()
    assert list(answers[0].json()) == ["non_field_errors"]


def test_what_is_missing_is_told(guest: Shopper) -> None:
    assert login(guest).json() == {
        "email": ["This field is required."], "password": ["This field is required."],
    }  # fmt: skip


def test_signing_in_needs_a_token(guest: Shopper) -> None:
    assert guest.client.post("/users/login/", json=ADA).status_code == 403


def test_signing_in_gives_a_new_id_and_a_new_token(guest: Shopper, enter: Any) -> None:
    guest.buys()
    before, token = str(guest.client.cookies["osessionid"]), str(guest.client.cookies["csrftoken"])
    login(guest, **ADA)

    assert str(guest.client.cookies["osessionid"]) != before
    assert str(guest.client.cookies["csrftoken"]) != token
    old = enter()
    old.client.cookies.set("osessionid", before)
    assert old.client.get("/baskets/basket/").json()["basket"]["pk"] is None
    stale = guest.client.post(
        "/baskets/basket/", json={"product": 1, "quantity": 1}, headers={"x-csrftoken": token}
    )
    assert stale.status_code == 403


def test_a_guests_basket_and_checkout_go_on(guest: Shopper, user: Shopper, enter: Any) -> None:
    email = user.client.get("/current_user/").json()["email"]
    user.buys(1, 2)
    guest.buys(1, 1)
    guest.buys(2, 1)
    guest.get()
    guest.submit("OrderNotePage", notes="Leave it at the door")
    login(guest, email=email, password="correct horse")

    basket = guest.client.get("/baskets/basket/").json()["basket"]
    assert {line["product"]["pk"]: line["quantity"] for line in basket["basketitem_set"]} == {1: 3, 2: 1}
    assert guest.get()["pre_order"]["notes"] == "Leave it at the door"
    assert guest.pre_order["is_guest"] is False


def test_a_registration_signs_in(user: Shopper) -> None:
    shown = user.client.get("/current_user/").json()

    assert (shown["first_name"], shown["phone"]) == ("Test", "05551112233")


def test_an_e_mail_is_registered_once(guest: Shopper) -> None:
    answer = guest.write("POST", "/users/registration/", email="Ada@Example.com", password="correct horse")

    assert (answer.status_code, answer.json()) == (
        400, {"email": ["A user is already registered with this e-mail address."]},
    )  # fmt: skip


def test_every_wrong_field_of_a_registration_is_told(guest: Shopper) -> None:
    answer = guest.write("POST", "/users/registration/", email="nobody", password="short", phone="1")

    assert answer.status_code == 400
    assert set(answer.json()) == {"email", "password", "phone"}


def test_signing_out_leaves_nothing(user: Shopper, enter: Any) -> None:
    user.buys()
    session = str(user.client.cookies["osessionid"])
    assert user.write("POST", "/users/logout/").status_code == 200

    assert current(user) == 401
    assert user.client.get("/baskets/basket/").json()["basket"]["pk"] is None
    old = enter()
    old.client.cookies.set("osessionid", session)
    assert current(old) == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_published_client_signs_out_in_two_steps(user: Shopper, method: str) -> None:
    form = user.client.request(method, "/users/logout").text
    assert current(user) == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)

    assert token is not None
    answer = user.client.post("/users/logout", data={"csrfmiddlewaretoken": token.group(1)})
    assert answer.status_code == 200
    assert current(user) == 401


def test_signing_out_with_a_wrong_token_is_refused(user: Shopper) -> None:
    assert user.client.post("/users/logout", data={"csrfmiddlewaretoken": "forged"}).status_code == 403
    assert current(user) == 200


def test_guesses_at_one_account_are_counted_however_many_come_at_once(enter: Any) -> None:
    email, shoppers = f"{uuid4().hex}@example.com", [enter() for _ in range(6)]

    def guesses(shopper: Shopper) -> list[int]:
        return [login(shopper, email=email, password=f"guess-{place}").status_code for place in range(5)]

    with ThreadPoolExecutor(len(shoppers)) as pool:
        statuses = [status for several in pool.map(guesses, shoppers) for status in several]
    assert sorted(set(statuses)) == [400, 429]
    assert statuses.count(400) == 20
    refused = login(enter(), email=email, password="guess")
    assert refused.headers["retry-after"] == "900"


def test_a_success_forgets_the_attempts(user: Shopper, enter: Any) -> None:
    email, shopper = user.client.get("/current_user/").json()["email"], enter()
    for _ in range(12):
        assert login(shopper, email=email, password="wrong").status_code == 400
    assert login(shopper, email=email, password="correct horse").status_code == 200
    assert [login(enter(), email=email, password="wrong").status_code for _ in range(9)] == [400] * 9


def test_one_session_may_not_try_account_after_account(guest: Shopper) -> None:
    guest.buys()
    statuses = [login(guest, email=f"{uuid4().hex}@example.com", password="x").status_code for _ in range(21)]

    assert statuses == [400] * 20 + [429]
