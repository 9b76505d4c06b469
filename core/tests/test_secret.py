"""Secrets: they compare and reveal, and go nowhere by accident."""

from __future__ import annotations

import copy
import json
import logging
import operator
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from vezne_core import CardDetails, Secret, StoredCard

PAN = "5400010000000004"


class Held(Struct, frozen=True):
    number: Secret


def shown(value: object) -> list[str]:
    """Every way a value may end up as text."""
    return [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r}",
        operator.mod("%s", (value,)),
        repr([value]),
        repr({1: value}),
    ]


@pytest.mark.parametrize(
    "value",
    [
        Secret(PAN),
        Held(Secret(PAN)),
        CardDetails(number=Secret(PAN), cvv=Secret("999888"), holder="Ada"),
        StoredCard(token=Secret(PAN), last_four="0004"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_secret_is_never_shown(value: object) -> None:
    for text in shown(value):
        assert PAN not in text
        assert "999888" not in text


def test_secret_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("vezne").warning("card %s declined", Secret(PAN))

    assert PAN not in caplog.text
    assert "declined" in caplog.text


def test_secret_is_not_told_by_a_traceback() -> None:
    secret = Secret(PAN)
    try:
        raise ValueError(f"bad card {secret}")
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert PAN not in "".join(told.format())


@pytest.mark.parametrize(
    "encode",
    [
        pickle.dumps,
        copy.deepcopy,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
    ],
    ids=["pickle", "deepcopy", "json", "msgspec json", "msgspec msgpack", "msgspec builtins"],
)
@pytest.mark.parametrize(
    "value", [Secret(PAN), Held(Secret(PAN)), [Secret(PAN)]], ids=["bare", "held", "listed"]
)
def test_secret_cannot_be_encoded_or_copied(encode: Callable[[object], object], value: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode(value)
    assert PAN not in str(caught.value)


def test_secret_itself_cannot_be_copied() -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.copy(Secret(PAN))


def test_secret_keeps_its_width_to_itself_in_a_table() -> None:
    assert f"{Secret(PAN):>40}" == repr(Secret(PAN))


def test_secret_has_no_attributes_to_dump() -> None:
    assert not hasattr(Secret(PAN), "__dict__")


def test_secret_is_revealed_only_when_asked() -> None:
    assert Secret(PAN).reveal() == PAN


@given(st.text(), st.text())
def test_secrets_compare_by_their_text(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) != one
    assert bool(Secret(one)) is bool(one)
    assert len(Secret(one)) == len(one)


@given(st.text(), st.text())
def test_hash_tells_nothing_of_the_text(one: str, other: str) -> None:
    assert hash(Secret(one)) == hash(Secret(other))
