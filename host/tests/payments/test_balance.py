"""What of an order can be given back, whatever was asked before."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.payments.balance import ASKED, REFUNDED, REFUSED, VOIDED, Balance, Booking, Part, TooMuch

CARD = UUID(int=1)
MIXED = [
    Part(CARD, "gift_cards", Decimal("30.00")),
    Part(CARD, "loyalty_money", Decimal("20.00")),
    Part(CARD, None, Decimal("100.00")),
]


def booked(action: str, kind: str, amount: str, tender: str | None = None) -> Booking:
    return Booking(CARD, tender, action, kind, Decimal(amount))


def told(parts: list[Part]) -> list[tuple[str | None, str]]:
    return [(part.tender, str(part.amount)) for part in parts]


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        pytest.param(None, [(None, "100.00"), ("loyalty_money", "20.00"), ("gift_cards", "30.00")], id="all"),
        pytest.param("40.00", [(None, "40.00")], id="less than the card took"),
        pytest.param("110.00", [(None, "100.00"), ("loyalty_money", "10.00")], id="more than the card took"),
    ],
)
def test_the_last_taken_goes_back_first(amount: str | None, parts: list[tuple[str | None, str]]) -> None:
    plan = Balance(MIXED, []).plan(None if amount is None else Decimal(amount))

    assert told(list(plan)) == parts


@pytest.mark.parametrize("amount", ["150.01", "0.00", "-1.00"])
def test_more_than_was_taken_and_less_than_something_is_refused(amount: str) -> None:
    with pytest.raises(TooMuch):
        Balance(MIXED, []).plan(Decimal(amount))


@pytest.mark.parametrize(
    ("rows", "left", "kept"),
    [
        pytest.param([booked("a", ASKED, "60.00")], "40.00", "100.00", id="asked is spoken for"),
        pytest.param(
            [booked("a", ASKED, "60.00"), booked("a", REFUNDED, "60.00")], "40.00", "40.00", id="gone is gone"
        ),
        pytest.param(
            [booked("a", ASKED, "60.00"), booked("a", REFUSED, "60.00")], "100.00", "100.00",
            id="refused is left",
        ),
        pytest.param(
            [booked("a", ASKED, "60.00"), booked("a", REFUNDED, "55.00")], "45.00", "45.00",
            id="what really went counts",
        ),
        pytest.param(
            [booked("a", ASKED, "60.00"), booked("b", ASKED, "40.00"), booked("b", VOIDED, "40.00")],
            "0", "60.00", id="several actions",
        ),
    ],
)  # fmt: skip
def test_the_ledger_says_what_is_left(rows: list[Booking], left: str, kept: str) -> None:
    balance = Balance([Part(CARD, None, Decimal("100.00"))], rows)

    assert sum(part.amount for part in balance.left) == Decimal(left)
    assert balance.kept == Decimal(kept)


cents = st.integers(1, 20_000).map(lambda n: Decimal(n) / 100)


@given(
    taken=st.lists(
        st.tuples(st.sampled_from([None, "gift_cards", "loyalty_money"]), cents), min_size=1, max_size=4
    ),
    asked=st.lists(st.tuples(st.none() | cents, st.sampled_from([ASKED, REFUNDED, REFUSED])), max_size=12),
)  # fmt: skip
def test_never_more_goes_back_than_was_taken(
    taken: list[tuple[str | None, Decimal]], asked: list[tuple[Decimal | None, str]]
) -> None:
    parts = [Part(CARD, tender, amount) for tender, amount in taken]
    rows: list[Booking] = []
    for number, (amount, end) in enumerate(asked):
        balance = Balance(parts, rows)
        before = sum(part.amount for part in balance.left)
        try:
            plan = balance.plan(amount)
        except TooMuch:
            assert before == 0 or (amount is not None and amount > before)
            continue
        assert sum(part.amount for part in plan) == (before if amount is None else amount)
        for kind in dict.fromkeys((ASKED, end)):
            rows += [Booking(CARD, part.tender, str(number), kind, part.amount) for part in plan]
        for part in parts:
            assert 0 <= Balance(parts, rows).kept_of(part.key) <= Balance(parts, rows).taken_of(part.key)
    done = Balance(parts, rows)
    assert 0 <= done.kept <= done.taken == sum(amount for _, amount in taken)
    assert 0 <= sum(part.amount for part in done.left) <= done.kept
