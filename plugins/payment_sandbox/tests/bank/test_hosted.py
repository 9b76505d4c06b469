"""The page on which a shopper pays: what opens it, what it takes, and what it leads back to."""

import asyncio
import html
from pathlib import Path
from typing import Any

import httpx
import pytest

from vezne_payment_sandbox.bank import create_bank

pytestmark = pytest.mark.anyio

CARD = {
    "card_number": "5421190000000009",
    "card_holder": "Ada Lovelace",
    "card_expiry_month": "12",
    "card_expiry_year": "2099",
    "card_cvv": "123",
    "installments": "1",
}


def message(tried: str = "1", **changed: Any) -> dict[str, Any]:
    given = {
        "reference": f"1001{tried}",
        "order_number": "1001",
        "amount": "229.80",
        "currency": "TRY",
        "success_url": "http://shop.test/ok/?a=1&b=2",
        "failure_url": "http://shop.test/failed/",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


async def opened(bank: Any, key: str = "k1", **changed: Any) -> dict[str, Any]:
    answer = await bank.call("session", message(**changed), key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def answered(bank: Any, session: dict[str, Any], **fields: str) -> httpx.Response:
    return await bank.http.post(session["page_url"], data={**CARD, **fields})


async def test_a_session_tells_its_page_and_every_way_to_pay(bank: Any) -> None:
    session = await opened(bank)

    assert session["result"] == "session_opened"
    assert session["page_url"].startswith(f"{bank.url}/pay/")
    assert session["expires_in"] == 1800
    assert session["installments"] == [
        {"count": 1, "interest": "0.00", "amount": "229.80"},
        {"count": 3, "interest": "4.60", "amount": "234.40"},
        {"count": 6, "interest": "10.34", "amount": "240.14"},
        {"count": 12, "interest": "22.98", "amount": "252.78"},
    ]
    assert await bank.state(reference="10011") == "challenged"
    assert await bank.ledger() == []


async def test_interest_is_rounded_half_up(bank: Any) -> None:
    session = await opened(bank, amount="0.25", installments=[3, 6])

    assert [each["interest"] for each in session["installments"]] == ["0.01", "0.01"]


async def test_a_repeat_tells_the_same_page(bank: Any) -> None:
    assert await opened(bank) == await opened(bank)
    reused = await bank.call("session", message(amount="1.00"), "k1")
    assert (reused.status_code, reused.json()["error"]["code"]) == (409, "key_reused")


@pytest.mark.parametrize(
    ("changed", "key", "status", "code", "field"),
    [
        ({}, "", 400, "key_missing", None),
        ({"success_url": None}, "k1", 400, "invalid", None),
        ({"failure_url": "ftp://shop.test"}, "k1", 400, "invalid", "failure_url"),
        ({"success_url": "http://user@shop.test/"}, "k1", 400, "invalid", "success_url"),
        ({"amount": "0.00"}, "k1", 400, "invalid", "amount"),
        ({"installments": [0]}, "k1", 400, "invalid", "installments[0]"),
        ({"card": {}}, "k1", 400, "invalid", None),
    ],
)
async def test_what_cannot_become_a_page_is_refused(
    bank: Any, changed: dict[str, Any], key: str, status: int, code: str, field: str | None
) -> None:
    refused = await bank.call("session", message(**changed), key)

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert field is None or refused.json()["error"]["field"] == field
    assert await bank.state(reference="10011") == "none"


async def test_a_reference_is_used_once_whatever_it_is_used_for(bank: Any) -> None:
    await opened(bank)

    again = await bank.call("session", message(), "k2")
    by_card = await bank.call("authorize", bank.order(), "k3")

    assert {again.json()["error"]["code"], by_card.json()["error"]["code"]} == {"duplicate_reference"}


async def test_a_payment_leads_back_with_a_signed_form_and_is_told_once(bank: Any) -> None:
    session = await opened(bank)

    url, back = bank.read_form((await answered(bank, session, installments="3")).text)

    assert url == "http://shop.test/ok/?a=1&b=2"
    assert back == {
        "terminal": "T-DEMO",
        "paymentId": session["payment_id"],
        "status": "success",
        "code": "",
        "reference": "10011",
        "order_number": "1001",
        "amount": "234.40",
        "currency": "TRY",
        "installment_count": "3",
        "interest_fee": "4.60",
        "hash": bank.form_hash(back),
    }
    assert await bank.kinds() == ["authorization", "capture"]
    told = {"payment_id": back["paymentId"]}
    first = (await bank.call("complete", told, "k1")).json()
    assert (first["result"], first["amount"], first["interest"]) == ("approved", "234.40", "4.60")
    assert (await bank.call("complete", told, "k2")).json() == first
    assert await bank.kinds() == ["authorization", "capture"]


async def test_completion_before_the_shopper_has_paid_is_refused(bank: Any) -> None:
    session = await opened(bank)

    early = await bank.call("complete", {"payment_id": session["payment_id"]}, "k1")

    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_authenticated")


async def test_two_clicks_charge_once_and_both_lead_back(bank: Any) -> None:
    session = await opened(bank)

    pages = await asyncio.gather(*(answered(bank, session) for _ in range(5)))

    assert len({page.text.split("<script")[0] for page in pages}) == 1
    assert await bank.kinds() == ["authorization", "capture"]


async def test_a_click_and_a_cancellation_end_in_one_of_both(bank: Any) -> None:
    for tried in range(5):
        session = await opened(bank, key=f"k{tried}", tried=str(tried), order_number=f"200{tried}")
        pages = await asyncio.gather(answered(bank, session), answered(bank, session, cancel="1"))

        (one, other) = (bank.read_form(page.text)[1] for page in pages)
        assert one == other
        paid = await bank.kinds(f"200{tried}")
        assert paid == (["authorization", "capture"] if one["status"] == "success" else [])


async def test_a_page_that_was_not_answered_in_time_leads_back(serve: Any, client_of: Any) -> None:
    with serve(create_bank(challenge_seconds=0)) as url:
        bank = client_of(url)
        async with bank:
            session = await opened(bank)
            for page in (await bank.http.get(session["page_url"]), await answered(bank, session)):
                target, back = bank.read_form(page.text)
                assert target == "http://shop.test/failed/"
                assert (back["status"], back["code"]) == ("failure", "3E")
            assert await bank.ledger() == []
            done = (await bank.call("complete", {"payment_id": session["payment_id"]}, "k1")).json()
            assert done["code"] == "3E"


async def test_an_unknown_page_is_not_found(bank: Any) -> None:
    assert (await bank.http.get("/pay/nobody")).status_code == 404
    assert (await bank.http.post("/pay/nobody", data=CARD)).status_code == 404


async def test_a_payment_survives_a_restart_and_an_open_page_does_not(
    tmp_path: Path, serve: Any, client_of: Any
) -> None:
    file = tmp_path / "ledger.jsonl"
    with serve(create_bank(ledger=file)) as url:
        bank = client_of(url)
        async with bank:
            paid, left = await opened(bank), await opened(bank, key="k2", tried="2")
            await answered(bank, paid, installments="3")
    assert b"5421190000000009" not in file.read_bytes()
    with serve(create_bank(ledger=file)) as url:
        bank = client_of(url)
        async with bank:
            told = (await bank.call("complete", {"payment_id": paid["payment_id"]}, "k1")).json()
            assert (told["amount"], told["interest"], told["installments"]) == ("234.40", "4.60", 3)
            assert await bank.state(reference="10012") == "none"
            lost = await bank.call("complete", {"payment_id": left["payment_id"]}, "k2")
            assert lost.json()["error"]["code"] == "unknown_payment"
            again = await bank.call("session", message(), "k1")
            assert again.json()["error"]["code"] == "duplicate_reference", "paid once, by whichever key"


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "<b>x</b>"])
async def test_nothing_that_is_typed_or_sent_breaks_out_of_the_page(bank: Any, text: str) -> None:
    session = await opened(bank, success_url=f"http://shop.test/{text.replace(' ', '')}")

    refused = await answered(bank, session, card_number=text, card_holder=text, installments=text)
    paid = await answered(bank, session)

    assert text not in refused.text
    assert html.escape(text) not in refused.text, "nothing that was typed is repeated"
    assert paid.text.count("<script") == 1


async def test_the_page_says_how_it_goes_on_after_a_wrong_card(bank: Any) -> None:
    session = await opened(bank)

    page = await answered(bank, session, card_cvv="999")

    assert page.status_code == 200
    assert '<p role="alert">Wrong security code. Please use another card.</p>' in page.text
    assert '<p role="alert">' not in (await bank.http.get(session["page_url"])).text, "said once"
