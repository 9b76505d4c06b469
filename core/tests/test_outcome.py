"""Outcomes: values that a page's test compares."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_core import (
    GENERAL,
    Answer,
    CardDetails,
    Junction,
    Message,
    Page,
    Pay,
    Proceed,
    Reject,
    Secret,
    Slot,
)

LOCKER = Slot("lockers.locker", str)
NOTE = Slot("lockers.note", str)


class EarlierPage(Page[Any]):
    """An earlier page of the plugin."""


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        pytest.param(Proceed(), Proceed(), True, id="nothing changed"),
        pytest.param(Proceed(LOCKER.fill("A1")), Proceed(LOCKER.fill("A1")), True, id="the same change"),
        pytest.param(Proceed(LOCKER.fill("A1")), Proceed(LOCKER.fill("A2")), False, id="another value"),
        pytest.param(Proceed(LOCKER.fill("A1")), Proceed(NOTE.fill("A1")), False, id="another slot"),
        pytest.param(Proceed(LOCKER.fill("A1")), Proceed(LOCKER.clear()), False, id="emptied"),
        pytest.param(Proceed(LOCKER.fill("A1")), Proceed(), False, id="one change less"),
        pytest.param(Proceed(), Pay(), False, id="accepted is not paid"),
        pytest.param(Reject({"a": ["x"]}), Reject({"a": ["x"]}), True, id="the same refusal"),
        pytest.param(Reject({"a": ["x"]}), Reject({"a": ["y"]}), False, id="another sentence"),
        pytest.param(Reject({"a": ["x"]}), Reject({"a": ["x"]}, Junction.SHIPPING), False, id="leading back"),
        pytest.param(Reject.because("x"), Reject({GENERAL: ["x"]}), True, id="a reason without a field"),
        pytest.param(
            Reject.because("x", back_to=EarlierPage), Reject({GENERAL: ["x"]}, EarlierPage), True,
            id="a reason leading back to a page",
        ),
        pytest.param(Pay(), Pay(), True, id="just pay"),
        pytest.param(Pay(LOCKER.fill("A1")), Pay(LOCKER.fill("A1")), True, id="pay with a change"),
        pytest.param(Pay(LOCKER.fill("A1")), Pay(), False, id="pay without it"),
        pytest.param(
            Pay(challenged=[NOTE.fill("x")]), Pay(challenged=(NOTE.fill("x"),)), True, id="list or tuple"
        ),
        pytest.param(Pay(challenged=[NOTE.fill("x")]), Pay(), False, id="another when challenged"),
        pytest.param(
            Pay(answer=Answer(body=b"x")), Pay(answer=Answer(body=b"x")), True, id="the same answer"
        ),
        pytest.param(Pay(answer=Answer()), Pay(), False, id="resumed is not begun"),
        pytest.param(Pay(three_d=True), Pay(three_d=None), False, id="3-D wanted"),
        pytest.param(Pay(save_card="mine"), Pay(), False, id="kept card"),
        pytest.param(Pay(back_to=EarlierPage), Pay(), False, id="another way back"),
        pytest.param(Pay(transfer_code="K7Q2M9XW4D"), Pay(), False, id="money to be matched by a code"),
        pytest.param(
            Pay(card=CardDetails(number=Secret("4111"))), Pay(card=CardDetails(number=Secret("4111"))), True,
            id="the same card",
        ),
        pytest.param(
            Pay(card=CardDetails(number=Secret("4111"))), Pay(card=CardDetails(number=Secret("4222"))), False,
            id="another card",
        ),
    ],
)  # fmt: skip
def test_outcomes_compare_by_what_they_say(one: Any, other: Any, equal: bool) -> None:
    assert (one == other) is equal
    assert (one != other) is not equal


@pytest.mark.parametrize("outcome", [Proceed(), Pay()], ids=["Proceed", "Pay"])
def test_outcomes_are_compared_and_not_looked_up(outcome: Any) -> None:
    with pytest.raises(TypeError):
        hash(outcome)


def test_payment_does_not_show_its_card() -> None:
    pay = Pay(card=CardDetails(number=Secret("5400010000000004")), answer=Answer(body=b"5400010000000004"))

    assert "5400" not in repr(pay)


def test_message_fills_its_places() -> None:
    assert str(Message("At most {n} of {name}.", {"n": 3, "name": "these"})) == "At most 3 of these."
    assert Message("At most {n}.", {"n": 3}) == Message("At most {n}.", {"n": 3})
    assert Message("At most {n}.", {"n": 3}) != Message("At most {n}.", {"n": 4})
