"""The access page and the way back, with and without the card in the browser's form."""

import time
from typing import Any

import pytest

from vezne_payment_sandbox.bank import create_bank

pytestmark = pytest.mark.anyio


async def test_the_hand_off_carries_no_card(bank: Any) -> None:
    begun = await bank.authorize(**bank.three_d())

    assert begun["result"] == "three_d_required"
    assert begun["hand_off"]["method"] == "POST"
    assert begun["hand_off"]["url"] == begun["access_url"] == f"{bank.url}/access/{begun['session_token']}"
    assert "5421190000000009" not in str(begun)
    assert await bank.state(reference="10011") == "challenged"
    assert await bank.ledger() == []


async def test_the_right_password_leads_back_with_a_signed_form(bank: Any) -> None:
    begun = await bank.authorize(installments=3, **bank.three_d())

    url, back = await bank.authenticate(begun)

    assert url == "http://shop.test/ok/?a=1&b=2"
    assert set(back) >= {"md", "xid", "eci", "cavv", "mdStatus", "status", "hash"}
    assert (back["mdStatus"], back["status"], back["paymentId"]) == ("1", "success", begun["payment_id"])
    assert (back["reference"], back["order_number"], back["amount"]) == ("10011", "1001", "229.80")
    assert (back["currency"], back["installments"], back["terminal"]) == ("TRY", "3", "T-DEMO")
    assert back["hash"] == bank.form_hash(back)
    assert back["hash"] != bank.form_hash({**back, "amount": "1.00"})
    assert await bank.ledger() == []


async def test_completion_takes_the_money_once(bank: Any) -> None:
    begun = await bank.authorize(store_card=True, **bank.three_d())
    await bank.authenticate(begun)
    message = {"payment_id": begun["payment_id"]}

    first = (await bank.call("complete", message, "k1")).json()
    assert first["result"] == "approved"
    assert first["stored_card"]["last_four"] == "0009"
    assert (await bank.call("complete", message, "k1")).json() == first
    assert (await bank.call("complete", message, "k2")).json()["auth_code"] == first["auth_code"]
    assert await bank.kinds() == ["authorization", "capture"]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"otp": "000000"}, "failure", "3D"),
        ({"otp": ""}, "failure", "3D"),
        ({"cancel": "1"}, "cancelled", "3C"),
    ],
)
async def test_anything_else_leads_to_the_failure_url(
    bank: Any, answer: dict[str, str], status: str, code: str
) -> None:
    begun = await bank.authorize(**bank.three_d())

    url, back = await bank.authenticate(begun, **answer)

    assert url == "http://shop.test/failed/"
    assert (back["mdStatus"], back["status"], back["cavv"]) == ("0", status, "")
    assert back["hash"] == bank.form_hash(back)
    done = (await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")).json()
    assert (done["result"], done["code"]) == ("declined", code)
    assert await bank.state(reference="10011") == "declined"
    assert await bank.ledger() == []


async def test_a_page_is_answered_once(bank: Any) -> None:
    begun = await bank.authorize(**bank.three_d())
    await bank.authenticate(begun, otp="wrong")

    assert (await bank.http.post(begun["access_url"], data={"otp": "123456"})).status_code == 410
    assert (await bank.http.get(begun["access_url"])).status_code == 410
    assert await bank.state(reference="10011") == "declined"


async def test_a_made_up_page_is_not_found(bank: Any) -> None:
    assert (await bank.http.get("/access/made-up")).status_code == 404
    assert (await bank.http.post("/access/made-up", data={"otp": "123456"})).status_code == 404


async def test_the_page_shows_what_is_paid_and_has_no_script(bank: Any) -> None:
    begun = await bank.authorize(**bank.three_d())

    page = await bank.http.get(begun["access_url"])

    assert "229.80 TRY" in page.text
    assert "542119******0009" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_the_way_back_cannot_break_out_of_its_form(bank: Any) -> None:
    urls = bank.three_d(success_url='http://shop.test/"><script>alert(1)</script>')
    begun = await bank.authorize(**urls)

    back = await bank.http.post(begun["access_url"], data={"otp": "123456"})

    assert back.text.count("<script") == 1
    assert bank.read_form(back.text)[0] == urls["success_url"]


async def test_completion_before_the_page_is_answered_is_refused(bank: Any) -> None:
    begun = await bank.authorize(**bank.three_d())
    message = {"payment_id": begun["payment_id"]}

    early = await bank.call("complete", message, "k1")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_authenticated")
    await bank.authenticate(begun)
    assert (await bank.call("complete", message, "k1")).json()["result"] == "approved"


async def test_a_page_grows_too_old(serve: Any, client_of: Any) -> None:
    with serve(create_bank(challenge_seconds=0)) as url:
        bank = client_of(url)
        async with bank:
            begun = await bank.authorize(**bank.three_d())
            assert (await bank.http.get(begun["access_url"])).status_code == 410
            assert await bank.state(reference="10011") == "declined"
            done = (await bank.call("complete", {"payment_id": begun["payment_id"]}, "k1")).json()
            assert done["code"] == "3E"


def gate_form(bank: Any, number: str = "5421190000000009", **changed: str) -> dict[str, str]:
    fields = {
        "terminal": "T-DEMO",
        "timestamp": str(int(time.time())),
        "reference": "10011",
        "order_number": "1001",
        "amount": "229.80",
        "currency": "TRY",
        "installments": "1",
        "success_url": "http://shop.test/ok/",
        "failure_url": "http://shop.test/failed/",
        **changed,
    }
    card = {
        "card_number": number,
        "card_holder": "Ada Lovelace",
        "card_expiry_month": "12",
        "card_expiry_year": "2099",
        "card_cvv": "123",
    }
    return {**fields, **card, "hash": bank.form_hash(fields)}


async def test_a_signed_form_with_the_card_opens_the_same_page(bank: Any) -> None:
    page = await bank.http.post("/gate", data=gate_form(bank))
    assert page.status_code == 200
    again = await bank.http.post("/gate", data=gate_form(bank))
    action = bank.read_form(page.text)[0]
    assert bank.read_form(again.text)[0] == action

    back = await bank.http.post(f"/{action}", data={"otp": "123456"})
    _, fields = bank.read_form(back.text)
    assert fields["mdStatus"] == "1"
    done = (await bank.call("complete", {"payment_id": fields["paymentId"]}, "k1")).json()
    assert done["result"] == "approved"
    late = await bank.http.post("/gate", data=gate_form(bank))
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"amount": "1.00"}, 401),
        ({"hash": "0"}, 401),
        ({"card_number": "5421190000000004"}, 400),
        ({"card_cvv": "999"}, 400),
    ],
)
async def test_a_changed_or_useless_form_is_refused(bank: Any, changed: dict[str, str], status: int) -> None:
    page = await bank.http.post("/gate", data={**gate_form(bank), **changed})

    assert page.status_code == status
    assert await bank.state(reference="10011") == "none"
