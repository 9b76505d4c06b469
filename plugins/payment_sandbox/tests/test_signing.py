"""The gateway's signatures against the manual's examples and the bank's own code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Secret
from vezne_payment_sandbox import signing
from vezne_payment_sandbox.bank import signing as banks

DEMO = Secret("sandbox-secret-demo")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FIELDS = st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))


def test_the_manual_s_request_is_signed_as_there() -> None:
    made = signing.signature(DEMO, "1790000000", "query", "", b'{"reference":"10011"}')

    assert made == "7c4e9b615a4f75c26db8da909ec5114a704b23e1b15344f46a7d92509990f9fc"


def test_the_manual_s_form_is_signed_as_there() -> None:
    fields = [("note", ""), ("amount", "229.80"), ("card_cvv", "123"), ("hash", "x")]

    assert (
        signing.form_hash(DEMO, fields) == "74c4b9df96b3591cb30889944846a8bea385ec1867f1fad58551ee5c0bb11c85"
    )


@given(FIELDS, st.text(st.characters(codec="utf-8")))
def test_any_form_is_signed_as_the_bank_does(fields: dict[str, str], secret: str) -> None:
    assert signing.form_hash(Secret(secret), fields.items()) == banks.form_hash(secret, fields)


@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")), st.binary())
def test_any_message_is_signed_as_the_bank_does(operation: str, key: str, body: bytes) -> None:
    ours = signing.signature(DEMO, "1790000000", operation, key, body)

    assert ours == banks.signature(DEMO.reveal(), "1790000000", operation, key, body)


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    assert signing.same(one, other) == (one == other)


def test_a_name_cannot_borrow_from_a_value() -> None:
    """Without lengths these two would be the same text."""
    one, other = [("a", "1\nb=2")], [("a", "1"), ("b", "2")]

    assert signing.form_hash(DEMO, one) != signing.form_hash(DEMO, other)


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
)
def test_five_minutes_of_difference_are_borne(seconds: int, fresh: bool) -> None:
    assert signing.is_fresh(signing.timestamp(NOW + timedelta(seconds=seconds)), NOW) is fresh


@pytest.mark.parametrize("text", ["", "now", "-1777896000", "1777896000.5", "١٧٧٧٨٩٦٠٠٠", "1" * 5000])
def test_what_is_no_timestamp_is_not_fresh(text: str) -> None:
    assert not signing.is_fresh(text, NOW)
