"""CSRF tokens: without a session cookie and header agree, with one only its own token counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Secret
from vezne_host.http.csrf import CsrfTokens

OLD, NEW = ("old", Secret("o" * 32)), ("new", Secret("n" * 32))

tokens = CsrfTokens([NEW, OLD])


def token() -> str:
    return tokens.token("acme", tokens.anchor())


def test_anchors_differ() -> None:
    assert len({tokens.anchor() for _ in range(100)}) == 100


def test_a_visitor_proves_himself_by_cookie_and_header() -> None:
    sent = token()

    assert tokens.proves("acme", sent, session=None, cookies=["planted", sent]) == sent.partition(".")[0]


def test_a_header_alone_proves_nothing_without_a_session() -> None:
    assert tokens.proves("acme", token(), session=None, cookies=[]) is None
    assert tokens.proves("acme", token(), session=None, cookies=[token()]) is None


def test_a_session_takes_its_own_token_only() -> None:
    own, other = token(), token()
    anchor = own.partition(".")[0]

    assert tokens.proves("acme", own, session=anchor, cookies=[]) == anchor
    assert tokens.proves("acme", other, session=anchor, cookies=[other]) is None


def test_a_session_without_a_token_takes_none() -> None:
    sent = token()

    assert tokens.proves("acme", sent, session="", cookies=[sent]) is None


def test_a_token_of_another_merchant_proves_nothing() -> None:
    sent = token()

    assert tokens.proves("other", sent, session=None, cookies=[sent]) is None


def test_a_token_made_with_a_retired_key_is_taken() -> None:
    sent = CsrfTokens([OLD]).token("acme", "anchor")

    assert tokens.proves("acme", sent, session="anchor", cookies=[]) == "anchor"
    assert CsrfTokens([OLD]).anchor_of("acme", token()) is None


@given(st.text(max_size=300))
def test_no_text_of_a_client_is_a_token(sent: str) -> None:
    assert tokens.proves("acme", sent, session=None, cookies=[sent]) is None


@pytest.mark.parametrize("cut", [1, 5, 43])
def test_a_signature_is_compared_to_its_end(cut: int) -> None:
    sent = token()[:-cut]

    assert tokens.proves("acme", sent, session=None, cookies=[sent]) is None
