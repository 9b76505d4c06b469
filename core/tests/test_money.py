"""Money: exact, rounded once, never mixed, and shared out to the last unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Money, parse_amount
from vezne_core.money import exponent, label, unit

CURRENCIES = {"TRY": 2, "EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}

currencies = st.sampled_from(sorted(CURRENCIES))
units = st.integers(-(10**14), 10**14)


@st.composite
def money(draw: st.DrawFn, currency: str | None = None) -> Money:
    code = currency or draw(currencies)
    return Money.of(Decimal(draw(units)) * unit(code), code)


@pytest.mark.parametrize(("code", "decimals"), CURRENCIES.items())
def test_currency_has_its_own_decimals(code: str, decimals: int) -> None:
    assert exponent(code) == decimals
    assert unit(code) == Decimal(1).scaleb(-decimals)
    assert Money.zero(code).wire == ("0." + "0" * decimals if decimals else "0")


def test_unknown_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="XXY"):
        exponent("XXY")


def test_turkish_lira_has_the_name_of_the_street() -> None:
    assert label("TRY") == "TL"
    assert label("EUR") == "EUR"


@pytest.mark.parametrize(
    ("amount", "currency", "wire"),
    [
        ("1.005", "TRY", "1.01"),
        ("1.004", "TRY", "1.00"),
        ("-1.005", "TRY", "-1.01"),
        ("0.5", "JPY", "1"),
        ("2.5", "JPY", "3"),
        ("1.0005", "KWD", "1.001"),
        (12, "try", "12.00"),
        ("1E+3", "EUR", "1000.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_currency(amount: Any, currency: str, wire: str) -> None:
    assert Money.of(amount, currency).wire == wire
    assert Money.of(amount, currency).currency == currency.upper()


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("12.50", "TRY", 1250), ("12", "JPY", 12), ("1.234", "KWD", 1234)]
)
def test_minor_units(amount: str, currency: str, minor: int) -> None:
    assert Money.of(amount, currency).minor == minor


@pytest.mark.parametrize(
    "mixed",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: Money.sum([a, b], a.currency),
        lambda a, b: Money.sum([b], a.currency),
    ],
    ids=["add", "subtract", "less", "at most", "more", "at least", "sum", "sum of another"],
)
def test_currencies_are_never_mixed(mixed: Any) -> None:
    with pytest.raises(ValueError, match="cannot be combined"):
        mixed(Money.of(1, "TRY"), Money.of(1, "EUR"))


def test_equal_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money.of(1, "TRY") != Money.of(1, "EUR")
    assert Money.of("1.0", "TRY") == Money.of("1.00", "TRY")


def test_nothing_is_false_and_anything_else_is_true() -> None:
    assert not Money.zero("TRY")
    assert Money.of("0.01", "TRY")
    assert Money.of("-0.01", "TRY")


def test_percentages_are_rounded_to_the_currency() -> None:
    assert Money.of("99.99", "TRY").percent(Decimal("1.50")) == Money.of("1.50", "TRY")
    assert Money.of("1000", "JPY").percent(Decimal("1.55")) == Money.of("16", "JPY")


def test_stored_form_is_text_and_never_a_float() -> None:
    amount = Money.of("0.10", "TRY")

    assert msgspec.json.encode(amount) == b'["0.10","TRY"]'
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(amount), type=Money) == amount


@given(money("TRY"), money("TRY"), money("TRY"))
def test_sums_are_exact_in_any_order(one: Money, two: Money, three: Money) -> None:
    assert (one + two) + three == one + (two + three) == Money.sum([three, one, two], "TRY")
    assert one - two == one + -two
    assert one - one == Money.zero("TRY")


@given(money(), st.integers(-50, 50))
def test_a_multiple_is_the_amount_so_many_times(amount: Money, times: int) -> None:
    added = Money.sum([amount] * abs(times), amount.currency)

    assert amount * times == (added if times >= 0 else -added)


@given(money(), st.decimals(0, 1000, places=4))
def test_every_result_is_a_multiple_of_the_smallest_unit(amount: Money, factor: Decimal) -> None:
    for result in (amount * factor, amount.percent(factor), -amount, amount + amount):
        assert result.amount % unit(amount.currency) == 0
        assert -result.amount.as_tuple().exponent == CURRENCIES[amount.currency]  # type: ignore[operator]


@given(money())
def test_wire_form_and_minor_units_lose_nothing(amount: Money) -> None:
    assert Money.of(amount.wire, amount.currency) == amount
    assert amount.minor * unit(amount.currency) == amount.amount


# Sharing out.


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        pytest.param(
            "100.00", [1, 1, 1], ["33.34", "33.33", "33.33"], id="the rest goes to those that lost most"
        ),
        pytest.param("0.01", [1, 1], ["0.01", "0.00"], id="one unit cannot be shared"),
        pytest.param("10.00", [0, 1], ["0.00", "10.00"], id="no weight, no share"),
        pytest.param("10.00", [0, 0], ["10.00", "0.00"], id="no weights at all"),
        pytest.param("10.00", [], [], id="nobody to share with"),
        pytest.param("-100.00", [1, 1, 1], ["-33.34", "-33.33", "-33.33"], id="a discount is shared alike"),
        pytest.param("0.00", [3, 4], ["0.00", "0.00"], id="nothing to share"),
    ],
)
def test_amount_is_shared_out(amount: str, weights: list[int], parts: list[str]) -> None:
    shared = Money.of(amount, "TRY").split([Decimal(weight) for weight in weights])

    assert [part.wire for part in shared] == parts


weights = st.lists(st.decimals(0, 10**6, places=2), min_size=1, max_size=12)


@given(money(), weights)
def test_shares_sum_exactly_and_miss_their_due_by_less_than_a_unit(
    amount: Money, shares: list[Decimal]
) -> None:
    parts = amount.split(shares)
    total = sum(shares, Decimal(0))
    step = unit(amount.currency)

    assert len(parts) == len(shares)
    assert Money.sum(parts, amount.currency) == amount
    if total:
        for part, share in zip(parts, shares, strict=True):
            assert abs(part.amount * total - amount.amount * share) < step * total
            assert part.amount % step == 0


@given(money(), weights, st.randoms(use_true_random=False))
def test_equal_weights_get_equal_shares_but_for_one_unit(
    amount: Money, shares: list[Decimal], random: Any
) -> None:
    parts = amount.split(shares)
    by_weight: dict[Decimal, list[Money]] = {}
    for part, share in zip(parts, shares, strict=True):
        by_weight.setdefault(share, []).append(part)
    if sum(shares):
        for alike in by_weight.values():
            assert (max(alike) - min(alike)).amount <= unit(amount.currency)


# Reading.


@pytest.mark.parametrize("text", ["0", "0.5", "12", "12.50", "007", "999999999999.999999"])
def test_plain_amount_is_read(text: str) -> None:
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "+1", "-0", "1.", ".5", "1e3", "1E3", "NaN", "sNaN", "Infinity", "1,5", "1 000", "1_000",
        " 1", "1 ", "1\n", "１２", "٣", "0x1", "1.2.3", "1" * 13, "0.0000001", "9" * 5000, "1e999999",
    ],
)  # fmt: skip
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain amount"):
        parse_amount(text)


@given(st.text(max_size=20))
def test_what_is_read_is_finite_and_not_below_zero(text: str) -> None:
    try:
        amount = parse_amount(text)
    except ValueError:
        return
    assert amount.is_finite()
    assert 0 <= amount < 10**12
    assert not amount.is_signed()
