"""A form that carries a right hash must still be about this attempt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Secret
from vezne_payment_sandbox import way_back
from vezne_payment_sandbox.bank.signing import form_hash
from vezne_payment_sandbox.way_back import Returned, Strange, Unpaid

SECRET = "sandbox-secret-demo"
STATE = {
    "payment_id": "tx-1",
    "hand_off": {"type": "FormPost", "url": "https://bank.example/access/t", "fields": {}},
}
FIELDS = {
    "terminal": "T-DEMO",
    "md": "m",
    "xid": "x",
    "eci": "02",
    "cavv": "c",
    "mdStatus": "1",
    "status": "success",
    "paymentId": "tx-1",
    "reference": "100101",
    "order_number": "1001",
    "amount": "229.80",
    "currency": "TRY",
    "installments": "1",
}


def signed(**changed: str | None) -> list[tuple[str, str]]:
    """Return a form as the bank would sign it; None leaves a field out."""
    fields = {name: value for name, value in {**FIELDS, **changed}.items() if value is not None}
    return [*fields.items(), ("hash", form_hash(SECRET, fields))]


def read(made, form: list[tuple[str, str]], state=STATE) -> Returned | Strange:
    return way_back.read(form, made.attempt(state=state), "T-DEMO", Secret(SECRET))


def test_the_bank_s_word_on_this_attempt(made) -> None:
    assert read(made, signed()) == Returned("tx-1", authenticated=True, cancelled=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("terminal", "T-LEAN"),
        ("paymentId", "tx-2"),
        ("reference", "100102"),
        ("order_number", "1002"),
        ("amount", "1.00"),
        ("amount", "229.8"),
        ("currency", "EUR"),
        ("installments", "6"),
    ],
)
def test_a_right_hash_over_another_payment_is_strange(made, name, value) -> None:
    assert read(made, signed(**{name: value})) == Strange(f"another {name}")
    assert read(made, signed(**{name: None})) == Strange(f"another {name}")


@pytest.mark.parametrize("status", ["0", "2", "3", "4", "7", "", "01", "１", None])
def test_only_full_authentication_is_taken(made, status) -> None:
    returned = read(made, signed(mdStatus=status))

    assert isinstance(returned, Returned)
    assert not returned.authenticated


def test_a_return_to_an_attempt_that_was_never_challenged_is_strange(made) -> None:
    assert read(made, signed(), state={}) == Strange("nobody was sent to the bank")


@given(name=st.sampled_from([*FIELDS, "new"]), value=st.text())
def test_whatever_is_changed_after_signing_is_strange(made, name, value) -> None:
    form = dict(signed())
    if form.get(name) != value:
        form[name] = value
        assert read(made, list(form.items())) == Strange("wrong hash")


@given(st.permutations(signed()))
def test_the_order_of_the_fields_does_not_matter(made, form) -> None:
    assert isinstance(read(made, form), Returned)


def test_a_field_that_stands_twice_is_strange(made) -> None:
    for pair in FIELDS.items():
        assert read(made, [pair, *signed()]) == Strange("wrong hash")


# From the page on which the shopper pays.

PAID_STATE = {"payment_id": "tx-1", "hand_off": {"type": "Redirect", "url": "https://bank.example/pay/t"}}
PAID = {
    "terminal": "T-DEMO",
    "paymentId": "tx-1",
    "status": "success",
    "code": "",
    "reference": "100101",
    "order_number": "1001",
    "amount": "234.40",
    "currency": "TRY",
    "installment_count": "3",
    "interest_fee": "4.60",
}


def read_hosted(made, state=PAID_STATE, **changed: str | None) -> str | Unpaid | Strange:
    fields = {name: value for name, value in {**PAID, **changed}.items() if value is not None}
    form = [*fields.items(), ("hash", form_hash(SECRET, fields))]
    return way_back.read_hosted(form, made.attempt(state=state), "T-DEMO", Secret(SECRET))


def test_a_payment_with_interest_is_about_this_attempt(made) -> None:
    assert read_hosted(made) == "tx-1"
    assert read_hosted(made, amount="229.80", interest_fee="0.00", installment_count="1") == "tx-1"


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({"status": "cancelled", "code": "3C"}, Unpaid("3C")),
        ({"status": "failure", "code": "51"}, Unpaid("51")),
        ({"status": "failure", "code": ""}, Unpaid("05")),
        ({"status": "success", "amount": "229.80"}, Strange("another amount")),
        ({"interest_fee": "-4.60", "amount": "225.20"}, Strange("another amount")),
        ({"interest_fee": "4.6"}, Strange("another amount")),
        ({"interest_fee": None}, Strange("another amount")),
        ({"interest_fee": "1.00"}, Strange("another amount")),
        ({"currency": "EUR"}, Strange("another currency")),
        ({"paymentId": "tx-2"}, Strange("another paymentId")),
        ({"reference": "100102"}, Strange("another reference")),
        ({"order_number": "1002"}, Strange("another order_number")),
        ({"terminal": "T-LEAN"}, Strange("another terminal")),
        ({"status": "pending"}, Strange("another status")),
        ({"status": None}, Strange("another status")),
    ],
    ids=str,
)
def test_what_a_rightly_signed_form_of_the_page_says(made, changed, result) -> None:
    assert read_hosted(made, **changed) == result


def test_a_payment_of_an_attempt_that_was_never_sent_to_the_page_is_strange(made) -> None:
    assert read_hosted(made, state={}) == Strange("nobody was sent to the bank")
