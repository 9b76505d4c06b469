"""The session cookie opens only for who sealed it, for whom it was sealed, and while it lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Secret
from vezne_host.http.cookies import SessionCookies, Ticket, cookie_values

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIFE = timedelta(days=30)
OLD, NEW = ("old", Secret("o" * 32)), ("new", Secret("n" * 32))
TICKET = Ticket("public-id", int(NOW.timestamp()), "anchor")

cookies = SessionCookies([NEW, OLD], LIFE)


def test_a_sealed_ticket_is_opened_again() -> None:
    assert cookies.open("acme", [cookies.seal("acme", TICKET)], NOW) == TICKET


def test_a_cookie_says_nothing_to_who_reads_it() -> None:
    sealed = cookies.seal("acme", TICKET)

    assert "public-id" not in sealed
    assert sealed != cookies.seal("acme", TICKET)
    assert sealed.replace("-", "").replace("_", "").isalnum()


def test_a_cookie_of_another_merchant_opens_nothing() -> None:
    assert cookies.open("other", [cookies.seal("acme", TICKET)], NOW) is None


def test_a_retired_key_still_opens_and_a_new_one_seals() -> None:
    before = SessionCookies([OLD], LIFE).seal("acme", TICKET)

    assert cookies.open("acme", [before], NOW) == TICKET
    assert SessionCookies([OLD], LIFE).open("acme", [cookies.seal("acme", TICKET)], NOW) is None


@given(st.binary(max_size=3), st.integers(min_value=0, max_value=10**6))
def test_a_cookie_that_was_tampered_with_opens_nothing(other: bytes, place: int) -> None:
    sealed = cookies.seal("acme", TICKET)
    at = place % len(sealed)
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]

    found = cookies.open("acme", [changed + other.hex()], NOW)
    # the last character may hold bits that decode to nothing
    assert found is None or (found == TICKET and at == len(sealed) - 1 and not other)


@given(st.text(max_size=600))
def test_no_text_of_a_client_opens_anything(value: str) -> None:
    assert cookies.open("acme", [value], NOW) is None


@pytest.mark.parametrize(
    ("age", "opens"),
    [
        (timedelta(0), True),
        (LIFE - timedelta(seconds=1), True),
        (LIFE, False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_a_cookie_lives_its_time(age: timedelta, opens: bool) -> None:
    found = cookies.open("acme", [cookies.seal("acme", TICKET)], NOW + age)

    assert (found is not None) is opens


def test_a_cookie_is_renewed_in_the_second_half_of_its_life() -> None:
    assert not cookies.ages(TICKET, NOW + LIFE / 2)
    assert cookies.ages(TICKET, NOW + LIFE / 2 + timedelta(seconds=1))


def test_of_several_cookies_the_first_that_opens_counts() -> None:
    sealed = cookies.seal("acme", TICKET)

    assert cookies.open("acme", ["planted", sealed], NOW) == TICKET


def test_few_cookies_are_tried() -> None:
    sealed = cookies.seal("acme", TICKET)

    assert cookies.open("acme", [*["planted"] * 4, sealed], NOW) is None


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("osessionid=a; sessionid=b", ["a", "b"]),
        ("sessionid=b; osessionid=a", ["a", "b"]),
        ("sessionid=b", ["b"]),
        ('osessionid="a"', ["a"]),
        ("osessionid=a;osessionid=c", ["a", "c"]),
        ("xosessionid=a; osessionidx=b", []),
        ("osessionid", []),
        ("", []),
        (";;=;= ; osessionid=a=b", ["a=b"]),
    ],
)
def test_cookies_are_found_by_name(header: str, values: list[str]) -> None:
    assert cookie_values(header, "osessionid", "sessionid") == values


@given(st.text(max_size=300))
def test_any_cookie_header_is_read(header: str) -> None:
    assert isinstance(cookie_values(header, "osessionid"), list)
