"""What is remembered of remote calculators, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from vezne_core import Money
from vezne_host.services.quote import KEEP, KEEP_FAILURE, Quotes

PRICE = Money.of("12.50", "TRY")
MOMENT = timedelta(microseconds=1)


def test_price_is_repeated_until_its_time_is_over(clock: Any) -> None:
    quotes = Quotes(clock)
    quotes.put(b"question", PRICE)

    clock.time += KEEP - MOMENT
    assert quotes.get(b"question") == (PRICE,)
    clock.time += MOMENT
    assert quotes.get(b"question") is None


def test_failure_is_repeated_for_a_shorter_time_than_a_price(clock: Any) -> None:
    quotes = Quotes(clock)
    quotes.put(b"question", None)

    clock.time += KEEP_FAILURE - MOMENT
    assert quotes.get(b"question") == (None,)
    clock.time += MOMENT
    assert quotes.get(b"question") is None


def test_question_least_used_is_forgotten_first(clock: Any) -> None:
    quotes = Quotes(clock, limit=2)
    quotes.put(b"first", PRICE)
    quotes.put(b"second", PRICE)
    quotes.get(b"first")

    quotes.put(b"third", PRICE)

    assert [name for name in (b"first", b"second", b"third") if quotes.get(name)] == [b"first", b"third"]
