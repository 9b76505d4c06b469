"""``Extra``: fields whose names only the merchant knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from vezne_core import Extra, ShippingOption, decode


class Form(Struct, frozen=True):
    option: int
    note: str | None = field(default=None, name="memo")
    fields: Extra = {}


def read(**sent: Any) -> dict[str, str]:
    form, errors = decode(Form, {"option": "1"} | sent)
    assert errors == {}
    assert form is not None
    return form.fields


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"delivery_date": " 2024-06-03 "}, {"delivery_date": "2024-06-03"}, id="text"),
        pytest.param({"delivery_date": ["2024-06-03"]}, {"delivery_date": "2024-06-03"}, id="one of a list"),
        pytest.param({"floor": 3}, {"floor": "3"}, id="number of a JSON body"),
        pytest.param({"memo": "hello"}, {}, id="a field of the form, by its wire name"),
        pytest.param({"note": "hello"}, {"note": "hello"}, id="the name inside is no wire name"),
        pytest.param({"fields": "x"}, {"fields": "x"}, id="its own name is free"),
        pytest.param({"delivery_date": "  "}, {}, id="blank"),
        pytest.param({"delivery_date": None}, {}, id="null"),
        pytest.param({"delivery_date": ["a", "b"]}, {}, id="several"),
        pytest.param({"delivery_date": {"day": 3}}, {}, id="an object"),
        pytest.param({"delivery_date": True}, {}, id="a truth value"),
        pytest.param({"delivery_date": "a\x00b"}, {}, id="control character"),
        pytest.param({"delivery_date": "\ud800"}, {}, id="half a character"),
        pytest.param({"delivery_date": "x" * 4097}, {}, id="too long"),
        pytest.param({"n" * 65: "x"}, {}, id="name too long"),
    ],
)
def test_extra_takes_other_texts_and_nothing_else(sent: dict[str, Any], expected: dict[str, str]) -> None:
    assert read(**sent) == expected


def test_no_more_than_a_hundred_extra_fields_are_kept() -> None:
    assert len(read(**{f"f{at}": "x" for at in range(500)})) == 100


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), values, max_size=8))
def test_whatever_is_sent_extra_is_a_mapping_of_plain_texts(sent: dict[str, Any]) -> None:
    form, errors = decode(Form, sent | {"option": "1", "memo": "ok"})

    assert errors == {}
    assert form is not None
    assert form.fields.keys() <= sent.keys() - {"option", "memo"}
    assert all(type(text) is str and text == text.strip() != "" for text in form.fields.values())


def option(**kwargs: Any) -> ShippingOption:
    return ShippingOption(pk=5, name="Same day", slug="same-day", calculator={"slug": "free"}, kwargs=kwargs)


def test_option_names_the_fields_that_it_requires() -> None:
    assert option().required_fields == ()
    assert option(required_fields=["delivery_date", "time_slot"]).required_fields == (
        "delivery_date",
        "time_slot",
    )


@pytest.mark.parametrize(
    "names",
    [
        pytest.param("delivery_date", id="a text"),
        pytest.param([1], id="a number"),
        pytest.param([""], id="no name"),
        pytest.param(["n" * 65], id="a name no form can send"),
        pytest.param(["shipping_option"], id="the field of the option itself"),
    ],
)
def test_option_refuses_required_fields_that_nobody_could_fill(names: Any) -> None:
    with pytest.raises(ValueError, match="required_fields"):
        option(required_fields=names)
