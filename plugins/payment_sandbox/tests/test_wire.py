"""Reading what the bank answers: only an answer proves anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Response
from vezne_payment_sandbox import wire
from vezne_payment_sandbox.wire import Sale, Unclear, Untouched

SALE = {
    "result": "approved",
    "transaction_id": "tx-1",
    "auth_code": "123456",
    "reference": "100101",
    "order_number": "1001",
    "amount": "229.80",
    "currency": "TRY",
    "installments": 1,
    "masked_card": "542119******0009",
    "captured": True,
    "at": "2026-05-04T12:00:00Z",
    "stored_card": None,
}


def read(content: bytes, status: int = 200) -> object:
    return wire.read(Response(status, {}, content), wire.AUTHORIZED)


def test_an_approval_is_read() -> None:
    said = read(json.dumps(SALE).encode())

    assert isinstance(said, Sale)
    assert (said.transaction_id, said.amount, said.currency) == ("tx-1", "229.80", "TRY")


def test_a_field_that_a_later_bank_adds_changes_nothing() -> None:
    assert isinstance(read(json.dumps({**SALE, "colour": "blue"}).encode()), Sale)


@pytest.mark.parametrize("cut", range(len(json.dumps(SALE))))
def test_a_part_of_an_approval_proves_nothing(cut: int) -> None:
    assert isinstance(read(json.dumps(SALE).encode()[:cut]), Unclear)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "229.8"},
        {"amount": "-229.80"},
        {"amount": "２２９.８０"},
        {"amount": "229.80\n"},
        {"amount": 229.8},
        {"amount": None},
        {"currency": "XXX"},
        {"currency": "try"},
        {"transaction_id": ""},
        {"captured": "yes"},
        {"result": "maybe"},
        {"result": None},
        {"stored_card": {"token": "t", "last_four": "5421190000000009"}},
    ],
    ids=str,
)
def test_an_approval_with_a_strange_field_proves_nothing(changed: dict[str, object]) -> None:
    assert isinstance(read(json.dumps({**SALE, **changed}).encode()), Unclear)


@given(st.binary(), st.integers(100, 599))
def test_garbage_proves_nothing(content: bytes, status: int) -> None:
    assert isinstance(read(content, status), Unclear)


@pytest.mark.parametrize("status", [100, 201, 204, 302, 304, 403, 404, 429, 500, 502, 503, 504])
def test_an_approval_under_another_status_proves_nothing(status: int) -> None:
    assert isinstance(read(json.dumps(SALE).encode(), status), Unclear)


@pytest.mark.parametrize("content", [b'{"processed":false}', b' {"processed" : false} '])
def test_not_processed_proves_that_nothing_was_done(content: bytes) -> None:
    assert read(content, 500) == Untouched(500, "not_processed")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b'{"processed":true}'),
        (500, b'{"processed":0}'),
        (500, b'{"processed":null}'),
        (500, b'{"processed":"false"}'),
        (500, b'{"processed":false,"more":1}'),
        (500, b"{}"),
        (500, b""),
        (500, b'{"error":{"code":"internal","text":"x","field":null}}'),
        (502, b'{"processed":false}'),
        (503, b'{"error":{"code":"ledger_failed","text":"x","field":null}}'),
        (200, b'{"processed":false}'),
        (400, b'{"processed":false}'),
    ],
)
def test_nothing_else_of_the_kind_proves_anything(status: int, content: bytes) -> None:
    assert isinstance(read(content, status), Unclear)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (400, {"code": "invalid", "text": "x", "field": "card.cvv"}, Untouched(400, "invalid", "card.cvv")),
        (401, {"code": "stale", "text": "x", "field": None}, Untouched(401, "stale")),
        (409, {"code": "key_reused", "text": "x"}, Untouched(409, "key_reused")),
    ],
)
def test_an_error_of_the_bank_proves_that_nothing_was_done(
    status: int, error: dict[str, object], said: Untouched
) -> None:
    assert read(json.dumps({"error": error}).encode(), status) == said


@pytest.mark.parametrize("content", [b"<html>Not Found</html>", b'{"detail":"Not Found"}', b'{"error":"no"}'])
def test_an_error_of_somebody_else_proves_nothing(content: bytes) -> None:
    """A proxy in between may answer 4xx for a request that the bank has taken."""
    assert isinstance(read(content, 404), Unclear)
