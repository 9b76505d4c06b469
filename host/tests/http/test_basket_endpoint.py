"""``/baskets/basket/`` over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from vezne_host.storage.lane import Query, opened
from vezne_host.testing.house import House
from vezne_host.testing.journey import Shopper

PATH = "/baskets/basket/"
STOCK = Query(text("""
    UPDATE stock SET quantity = CAST(:quantity AS int) WHERE merchant = :merchant AND sku = :sku
"""))  # fmt: skip


def put(shopper: Shopper, method: str = "POST", **line: Any) -> httpx.Response:
    return shopper.write(method, PATH, **({"product": 1, "quantity": 1, "attributes": {}} | line))


def basket(shopper: Shopper, **headers: str) -> dict[str, Any]:
    answer = shopper.client.get(PATH, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["basket"]
    return found


def test_a_visitor_has_an_empty_basket_and_no_session(guest: Shopper) -> None:
    shown = basket(guest)

    assert (shown["pk"], shown["basketitem_set"], shown["total_amount"]) == (None, [], "0.00")
    assert "osessionid" not in guest.client.cookies


def test_the_first_product_begins_a_session(guest: Shopper) -> None:
    answer = put(guest, quantity=2)

    assert answer.status_code == 200
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("osessionid="))
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert basket(guest)["total_quantity"] == 2


def test_the_basket_has_the_keys_of_the_contract(guest: Shopper) -> None:
    shown = put(guest).json()["basket"]

    assert set(shown) == {
        "basketitem_set", "total_quantity", "total_amount", "total_discount_amount", "discounts",
        "upsell_messages", "total_product_amount", "pk", "created_date", "modified_date", "segment",
        "unavailable_basket_products", "upsell_details", "voucher_code",
    }  # fmt: skip
    assert shown == basket(guest)


def test_no_cookie_is_set_where_nothing_changes(guest: Shopper) -> None:
    put(guest)
    token = guest.client.get("/csrf_token/").json()["csrf_token"]

    answer = guest.client.post(PATH, json={"product": 1, "quantity": 1}, headers={"x-csrftoken": token})

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "set-cookie" not in guest.client.get(PATH).headers


def test_adding_sums_setting_replaces_and_deleting_empties(guest: Shopper) -> None:
    put(guest, quantity=2)
    assert put(guest, quantity=3).json()["basket"]["total_quantity"] == 5
    assert put(guest, "PUT", quantity=4).json()["basket"]["total_amount"] == "799.60"
    assert put(guest, "PUT", product=2, quantity=1).json()["basket"]["total_quantity"] == 5
    assert put(guest, "PUT", quantity=0).json()["basket"]["total_quantity"] == 1
    assert guest.write("DELETE", PATH).json()["basket"]["basketitem_set"] == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": 1000}, "quantity"),
        ({"quantity": "two"}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": "１２"}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"product": 0}, "product"),
        ({"product": "x"}, "product"),
        ({"product": 10**30}, "detail"),
        ({"attributes": [1]}, "attributes"),
        ({"attributes": {"a": {"b": 1}}}, "attributes"),
        ({"attributes": {"a": "x" * 1100}}, "attributes"),
        ({"attributes": {"a\u0000": "x"}}, "detail"),
    ],
)
def test_a_wrong_line_is_refused_by_field(guest: Shopper, line: dict[str, Any], field: str) -> None:
    answer = put(guest, **line)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert "osessionid" not in guest.client.cookies


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"product": 6, "quantity": 2}, "insufficient_stock"),
        ({"product": 999}, "product_not_found"),
        ({"product": 90}, "product_not_found"),
        ({"product": 92}, "product_not_found"),
    ],
    ids=["too many", "unknown", "gift box", "sample"],
)
def test_what_cannot_be_bought_is_refused_with_a_code(
    guest: Shopper, line: dict[str, Any], code: str
) -> None:
    answer = put(guest, **line)

    assert answer.status_code == 400
    assert answer.json()["error_code"] == code
    assert len(answer.json()["non_field_errors"]) == 1


def test_a_write_without_a_token_is_refused(guest: Shopper) -> None:
    put(guest)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = guest.client.request(method, PATH, json={"product": 1, "quantity": 1})
        assert (answer.status_code, answer.json()) == (403, {"detail": "CSRF verification failed."})
        forged = guest.client.request(method, PATH, json={}, headers={"x-csrftoken": "forged.token"})
        assert forged.status_code == 403
    assert basket(guest)["total_quantity"] == 1


def test_a_token_of_another_visitor_is_refused(guest: Shopper, enter: Any) -> None:
    put(guest)
    other = enter().client.get("/csrf_token/").json()["csrf_token"]
    guest.client.cookies.set("csrftoken", other)

    answer = guest.client.post(PATH, json={"product": 1, "quantity": 1}, headers={"x-csrftoken": other})

    assert answer.status_code == 403


def test_one_token_serves_for_the_whole_visit(guest: Shopper) -> None:
    token = guest.client.get("/csrf_token/").json()["csrf_token"]
    for _ in range(3):
        answer = guest.client.post(PATH, json={"product": 1, "quantity": 1}, headers={"x-csrftoken": token})
        assert answer.status_code == 200
    assert guest.client.get("/csrf_token/").json()["csrf_token"] == token


def test_a_session_id_that_a_client_chose_is_not_adopted(guest: Shopper) -> None:
    guest.client.cookies.set("osessionid", "chosen")
    assert basket(guest)["pk"] is None

    assert put(guest).status_code == 200
    assert guest.client.cookies.get("osessionid", domain="127.0.0.1") != "chosen"


def test_a_session_of_one_merchant_is_nobody_at_another(guest: Shopper, enter: Any) -> None:
    put(guest)
    other = enter("lean")
    other.client.cookies.set("osessionid", str(guest.client.cookies["osessionid"]))

    assert basket(other)["pk"] is None


def test_the_older_name_of_the_cookie_is_accepted(guest: Shopper, enter: Any) -> None:
    put(guest)
    other = enter()
    other.client.cookies.set("sessionid", str(guest.client.cookies["osessionid"]))

    assert basket(other)["total_quantity"] == 1


@pytest.mark.parametrize("currency", ["eur", "undefined", "", "TRY"])
def test_an_unknown_currency_is_the_merchants_own(guest: Shopper, currency: str) -> None:
    put(guest)

    assert basket(guest, **{"x-currency": currency})["basketitem_set"][0]["currency_type"] == "try"


def test_a_form_is_as_good_as_json(guest: Shopper) -> None:
    token = guest.client.get("/csrf_token/").json()["csrf_token"]
    form = {"product": "1", "quantity": "2", "attributes": '{"color": "red"}'}

    answer = guest.client.post(PATH, data=form, headers={"x-csrftoken": token})

    assert answer.json()["basket"]["basketitem_set"][0]["attributes"] == {"color": "red"}


def stock(house: House, sku: str, quantity: int) -> None:
    async def set_stock() -> None:
        async with opened(house.database_url, size=1, rest=0) as lane:
            await lane.ask(STOCK, merchant="lean", sku=sku, quantity=quantity)

    asyncio.run(set_stock())


def test_what_is_not_there_any_more_is_taken_out_and_told(enter: Any, house: House) -> None:
    shopper = enter("lean")
    put(shopper, product=6, quantity=1)
    put(shopper, product=4, quantity=5)
    stock(house, "VZ-LAST", 0)
    stock(house, "VZ-LAMP", 3)
    try:
        shown = basket(shopper)
    finally:
        stock(house, "VZ-LAST", 1)
        stock(house, "VZ-LAMP", 1000)

    assert {line["product"]["pk"]: line["quantity"] for line in shown["basketitem_set"]} == {4: 3}
    assert sorted(shown["unavailable_basket_products"], key=lambda each: each["pk"]) == [
        {"pk": 4, "name": "Lamp", "unavailable_quantity": 2},
        {"pk": 6, "name": shown["unavailable_basket_products"][0]["name"], "unavailable_quantity": 1},
    ]
    assert basket(shopper)["unavailable_basket_products"] == []


# Vouchers.


def test_a_voucher_is_used_and_taken_back(guest: Shopper) -> None:
    put(guest, quantity=2)

    used = guest.write("PATCH", PATH, voucher_code="WELCOME2024")
    assert used.status_code == 200, used.text
    assert used.json()["basket"]["voucher_code"] == "WELCOME2024"
    assert used.json()["basket"]["total_discount_amount"] == "39.98"
    back = guest.write("PATCH", PATH, remove_voucher_code=True)
    assert (back.json()["basket"]["voucher_code"], back.json()["basket"]["total_amount"]) == (None, "399.80")


def test_a_voucher_that_is_none_is_refused(guest: Shopper) -> None:
    put(guest)
    answer = guest.write("PATCH", PATH, voucher_code="NOSUCHCODE")

    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors"]
    assert guest.write("PATCH", PATH).json() == {"voucher_code": ["This field is required."]}


def test_an_empty_basket_takes_no_voucher(guest: Shopper) -> None:
    answer = guest.write("PATCH", PATH, voucher_code="WELCOME2024")

    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": ["Your basket is empty."]})


def test_a_shop_without_vouchers_says_so(enter: Any) -> None:
    shopper = enter("lean")
    put(shopper)
    answer = shopper.write("PATCH", PATH, voucher_code="WELCOME2024")

    assert (answer.status_code, answer.json()) == (
        400, {"non_field_errors": ["This shop takes no voucher codes."]},
    )  # fmt: skip
