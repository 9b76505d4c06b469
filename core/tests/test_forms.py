"""Forms: text or JSON into a struct, or a sentence for every wrong field at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct, defstruct, field

from vezne_core import (
    MUST_ACCEPT,
    REQUIRED,
    Agreement,
    Answer,
    Extra,
    Message,
    Received,
    Secret,
    decode,
    message,
    without_secrets,
)
from vezne_core.forms import (
    BLANK,
    DEPTH_LIMIT,
    GENERAL,
    INVALID,
    LIST_LIMIT,
    NO_PATTERN,
    NOT_A_BOOLEAN,
    NOT_A_DATE,
    NOT_A_LIST,
    NOT_A_NUMBER,
    NOT_A_TEXT,
    NOT_AN_INTEGER,
    NOT_AN_OBJECT,
    NULL,
    TEXT_LIMIT,
    UNEXPECTED,
    no_fields,
    storable,
)


def form(kind: Any, *default: Any) -> type[Struct]:
    return defstruct("Form", [("value", kind, *default)], frozen=True)


def read(kind: Any, sent: Any) -> Any:
    """Return the value of a required field of a kind."""
    made, errors = decode(form(kind), {"value": sent})
    assert errors == {}
    assert made is not None
    return made.value  # type: ignore[attr-defined]


def told(kind: Any, sent: Any) -> str:
    """Return the one sentence about a field of a kind."""
    made, errors = decode(form(kind), {"value": sent})
    assert made is None
    ((sentence,),) = errors.values()
    return str(sentence)


# Spellings.


@pytest.mark.parametrize(
    "sent", [True, "true", "True", "TRUE", "1", 1, "on", "ON", "yes", " true ", ["true"]]
)
def test_yes_in_every_spelling(sent: Any) -> None:
    assert read(bool, sent) is True


@pytest.mark.parametrize("sent", [False, "false", "False", "FALSE", "0", 0, "off", "Off", "no", ["0"]])
def test_no_in_every_spelling(sent: Any) -> None:
    assert read(bool, sent) is False


@pytest.mark.parametrize(
    "sent",
    ["ja", "2", 2, -1, "truee", "null", 1.0, ["true", "true"], {"a": 1}, "１", "\x00", 10**5000],
    ids=lambda sent: repr(sent)[:20] if not isinstance(sent, int) or abs(sent) < 10 else "huge",
)
def test_what_is_neither_yes_nor_no(sent: Any) -> None:
    assert told(bool, sent) == NOT_A_BOOLEAN


@pytest.mark.parametrize(
    ("sent", "expected"), [("12", 12), (12, 12), ("-3", -3), ("007", 7), (["5"], 5), ("9" * 18, 10**18 - 1)]
)
def test_whole_numbers(sent: Any, expected: int) -> None:
    assert read(int, sent) == expected


NO_NUMBERS = [
    pytest.param("NaN", id="NaN"),
    pytest.param("Infinity", id="Infinity"),
    pytest.param("-Infinity", id="-Infinity"),
    pytest.param("1e999999", id="exponent"),
    pytest.param("1E5", id="small exponent"),
    pytest.param("１２", id="digits of another script"),
    pytest.param("٣", id="Arabic digit"),
    pytest.param("1_000", id="underscore"),
    pytest.param("1,000", id="comma"),
    pytest.param(" 1", id="blank before"),
    pytest.param("1 ", id="blank after"),
    pytest.param("1\n", id="line end"),
    pytest.param("+1", id="plus"),
    pytest.param("0x10", id="hexadecimal"),
    pytest.param("9" * 5000, id="5000 digits"),
    pytest.param(10**5000, id="5000 digits as a number"),
    pytest.param("", id="nothing, in a list"),
    pytest.param(True, id="a truth value"),
    pytest.param("true", id="a word"),
    pytest.param(["1", "2"], id="two"),
    pytest.param([], id="none"),
    pytest.param({"a": 1}, id="an object"),
    pytest.param("1\x00", id="NUL"),
    pytest.param("\ud800", id="half a character"),
]


@pytest.mark.parametrize(
    "sent", [*NO_NUMBERS, pytest.param("1.5", id="a part"), pytest.param(1.5, id="a float")]
)
def test_what_is_no_whole_number(sent: Any) -> None:
    assert told(int, [sent] if sent == "" else sent) in (NOT_AN_INTEGER, REQUIRED, BLANK, NULL)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("12.50", "12.50"), ("0", "0"), ("0.001", "0.001"), (12, "12"), (12.5, "12.5"), ("007.10", "7.10"),
        ("999999999999.999999", "999999999999.999999"), (["1.5"], "1.5"),
    ],
)  # fmt: skip
def test_amounts(sent: Any, expected: str) -> None:
    assert read(Decimal, sent) == Decimal(expected)


@pytest.mark.parametrize(
    "sent",
    [
        *NO_NUMBERS,
        pytest.param("-0", id="minus zero"),
        pytest.param("-5", id="below zero"),
        pytest.param("1.", id="a point without a part"),
        pytest.param(".5", id="a part without a whole"),
        pytest.param("1.2.3", id="two points"),
        pytest.param("0.0000001", id="too many decimals"),
        pytest.param("1" + "0" * 12, id="too large"),
        pytest.param(-1, id="a number below zero"),
        pytest.param(1e22, id="a float with an exponent"),
        pytest.param(float("nan"), id="a float that is none"),
    ],
)
def test_what_is_no_amount(sent: Any) -> None:
    assert told(Decimal, [sent] if sent == "" else sent) in (NOT_A_NUMBER, REQUIRED, BLANK, NULL)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("Işık İnan", id="dotted and dotless i"),
        pytest.param("عبد الله", id="right to left"),
        pytest.param("\u202eabc", id="a mark that turns the direction"),
        pytest.param("👩‍👩‍👧", id="joined characters of four bytes"),
        pytest.param("e\u0301", id="combining"),
        pytest.param("<script>alert(1)</script>", id="markup"),
        pytest.param("'; DROP TABLE orders; --", id="a statement"),
        pytest.param("one\ntwo\tthree", id="lines and tabs"),
    ],
)
def test_text_is_taken_as_it_is(sent: str) -> None:
    assert read(str, sent) == sent


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(" around ", "around"), (12, "12"), (["one"], "one"), ("   ", ""), (Decimal("1.50"), "1.50")],
)
def test_text_is_trimmed_and_numbers_are_text(sent: Any, expected: str) -> None:
    assert read(str, sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("a\x00b", id="NUL"),
        pytest.param("a\x08b", id="backspace"),
        pytest.param("a\x7fb", id="delete"),
        pytest.param("\ud83d", id="half a character"),
        pytest.param(True, id="a truth value"),
        pytest.param(1.5, id="a float"),
        pytest.param(["a", "b"], id="two"),
        pytest.param({"a": "b"}, id="an object"),
        pytest.param(10**5000, id="a number of 5000 digits"),
    ],
)
def test_what_is_no_text(sent: Any) -> None:
    assert told(str, sent) == NOT_A_TEXT


def test_text_is_no_longer_than_the_limit() -> None:
    assert read(str, "x" * TEXT_LIMIT) == "x" * TEXT_LIMIT
    assert told(str, "x" * 10_000) == f"Ensure this field has no more than {TEXT_LIMIT} characters."


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2024-06-03T12:00:00Z", datetime(2024, 6, 3, 12, tzinfo=UTC)),
        ("2024-06-03T12:00:00+03:00", datetime(2024, 6, 3, 12, tzinfo=timezone(timedelta(hours=3)))),
        ("2024-06-03T12:00:00.123456Z", datetime(2024, 6, 3, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_moments(sent: str, expected: datetime) -> None:
    assert read(datetime, sent) == expected


@pytest.mark.parametrize("sent", ["yesterday", "2024-13-01T00:00:00Z", 5, {"a": 1}, ["x", "y"], "\ud800"])
def test_what_is_no_moment(sent: Any) -> None:
    assert told(datetime, sent) == NOT_A_DATE


# Lists and JSON inside a field.


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(["10", "20"], [10, 20], id="repeated keys"),
        pytest.param("[10, 20]", [10, 20], id="JSON text"),
        pytest.param(["[10, 20]"], [10, 20], id="JSON text of one key"),
        pytest.param(" [10]", [10], id="a blank before"),
        pytest.param("10", [10], id="one value"),
        pytest.param([10, "20"], [10, 20], id="values of a JSON body"),
        pytest.param("[]", [], id="an empty list"),
    ],
)
def test_lists(sent: Any, expected: list[int]) -> None:
    assert read(list[int], sent) == expected
    assert read(tuple[int, ...], sent) == tuple(expected)
    assert read(frozenset[int], sent) == frozenset(expected)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        pytest.param("[1, x]", NOT_A_LIST, id="broken JSON"),
        pytest.param('{"a": 1}', NOT_AN_INTEGER, id="an object in text"),
        pytest.param({"a": 1}, NOT_A_LIST, id="an object"),
        pytest.param(5, NOT_A_LIST, id="a number"),
        pytest.param(["1", "x"], NOT_AN_INTEGER, id="one wrong item"),
        pytest.param([[1, 2]], NOT_AN_INTEGER, id="a list in a list"),
        pytest.param([10**5000], NOT_AN_INTEGER, id="a huge number alone"),
        pytest.param("[" * 5000, NOT_A_LIST, id="depth"),
        pytest.param(
            [1] * (LIST_LIMIT + 1),
            f"Ensure this field has no more than {LIST_LIMIT} elements.",
            id="too many",
        ),
    ],
)
def test_what_is_no_list_of_numbers(sent: Any, sentence: str) -> None:
    assert told(list[int], sent) == sentence


class Usage(Struct, frozen=True):
    label_id: int | None
    amount: Decimal


def test_objects_are_taken_as_json_text_and_as_json() -> None:
    expected = {"electronics": 100, "clothing": 200}

    assert read(dict[str, int], '{"electronics": 100, "clothing": 200}') == expected
    assert read(dict[str, int], expected) == expected
    assert read(list[Usage], '[{"label_id": null, "amount": "1.50"}]') == [Usage(None, Decimal("1.50"))]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("[1]", NOT_AN_OBJECT),
        ("text", NOT_AN_OBJECT),
        ('{"a": "x"}', INVALID),
        ('{"a": 1', NOT_AN_OBJECT),
        ('{"a": ' * 5000, NOT_AN_OBJECT),
    ],
    ids=["a list", "text", "a value of another type", "broken JSON", "depth"],
)
def test_what_is_no_object(sent: Any, sentence: str) -> None:
    assert told(dict[str, int], sent) == sentence


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('{"preference": "gift"}', {"preference": "gift"}),
        ("plain", "plain"),
        ("12", 12),
        ({"a": [1]}, {"a": [1]}),
    ],
)
def test_anything_is_json_where_it_is_and_text_where_not(sent: Any, expected: Any) -> None:
    assert read(Any, sent) == expected


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param({"a": [1, "x", None, True, 1.5]}, True, id="plain"),
        pytest.param({"a": "b\x00"}, False, id="NUL"),
        pytest.param({"a\x00": "b"}, False, id="NUL in a key"),
        pytest.param({"a": 2**63}, False, id="more than 64 bits"),
        pytest.param(-(2**63), True, id="the smallest of 64 bits"),
        pytest.param(deep(DEPTH_LIMIT), True, id="as deep as may be"),
        pytest.param(deep(DEPTH_LIMIT + 1), False, id="too deep"),
        pytest.param({"a": "\udfff"}, False, id="half a character"),
    ],
)
def test_json_that_can_be_kept(value: Any, kept: bool) -> None:
    assert storable(value) is kept
    if not kept:
        assert told(Any, value) == INVALID


# What is there and what is not.


@pytest.mark.parametrize(
    ("kind", "default", "sent", "outcome"),
    [
        pytest.param(int, (), {}, REQUIRED, id="missing"),
        pytest.param(int, (), {"value": ""}, BLANK, id="blank"),
        pytest.param(int, (), {"value": [""]}, BLANK, id="blank, of one key"),
        pytest.param(int, (), {"value": None}, NULL, id="null"),
        pytest.param(int, (), {"value": []}, NULL, id="an empty list"),
        pytest.param(int, (7,), {}, 7, id="missing with a default"),
        pytest.param(int, (7,), {"value": ""}, 7, id="blank with a default"),
        pytest.param(int, (7,), {"value": None}, 7, id="null with a default"),
        pytest.param(int | None, (), {}, None, id="missing and nullable"),
        pytest.param(int | None, (), {"value": ""}, None, id="blank and nullable"),
        pytest.param(int | None, (None,), {"value": "3"}, 3, id="there and nullable"),
        pytest.param(int | None, (None,), {"value": "x"}, NOT_AN_INTEGER, id="wrong and nullable"),
    ],
)
def test_missing_blank_and_null(kind: Any, default: Any, sent: dict[str, Any], outcome: Any) -> None:
    made, errors = decode(form(kind, *default), sent)

    if isinstance(outcome, str):
        assert made is None
        assert errors == {"value": [outcome]}
    else:
        assert errors == {}
        assert made.value == outcome  # type: ignore[union-attr]


def test_unknown_fields_are_ignored() -> None:
    made, errors = decode(form(int), {"value": "1", "paymentType": "x", "is_post_order": "true"})

    assert errors == {}
    assert made.value == 1  # type: ignore[union-attr]
    assert made.__struct_fields__ == ("value",)  # type: ignore[union-attr]


class Renamed(Struct, frozen=True):
    staff: str = field(name="X-STORE-STAFF-ID")


def test_a_field_is_read_and_complained_about_under_its_wire_name() -> None:
    assert decode(Renamed, {"X-STORE-STAFF-ID": "5"}) == (Renamed("5"), {})
    assert decode(Renamed, {"staff": "5"}) == (None, {"X-STORE-STAFF-ID": [REQUIRED]})


def test_a_page_may_take_no_field_at_all() -> None:
    assert no_fields({}) == {}
    assert no_fields({"x": "1"}) == {GENERAL: [UNEXPECTED]}


# Constraints.


@pytest.mark.parametrize(
    ("kind", "sent", "sentence"),
    [
        (Annotated[str, Meta(max_length=3)], "four", "Ensure this field has no more than 3 characters."),
        (Annotated[str, Meta(min_length=3)], "ab", "Ensure this field has at least 3 characters."),
        (Annotated[str, Meta(pattern=r"^\d{6}$")], "12345", NO_PATTERN),
        (Annotated[str, Meta(pattern=r"^\d{6}$")], "１２３４５６", NO_PATTERN),
        (Annotated[int, Meta(ge=1)], "0", "Ensure this value is greater than or equal to 1."),
        (Annotated[int, Meta(gt=0)], "0", "Ensure this value is greater than or equal to 0."),
        (Annotated[int, Meta(le=9)], "10", "Ensure this value is less than or equal to 9."),
        (Annotated[int, Meta(ge=1)] | None, "0", "Ensure this value is greater than or equal to 1."),
        (
            Annotated[str, message("Please enter a valid number.", pattern=r"^\d$")],
            "xx",
            "Please enter a valid number.",
        ),
        (Annotated[int, message("Please enter a valid number.")], "xx", "Please enter a valid number."),
        (Annotated[Secret, Meta(min_length=12)], "1234", "Ensure this field has at least 12 characters."),
        (
            list[Annotated[str, Meta(max_length=1)]],
            ["a", "bb"],
            "Ensure this field has no more than 1 characters.",
        ),
        (Agreement, "false", MUST_ACCEPT),
        (Literal["add", "remove"], "steal", '"steal" is not a valid choice.'),
        (Literal["add", "remove"], "x" * 500, f'"{"x" * 50}" is not a valid choice.'),
    ],
    ids=lambda each: str(each)[:40] if isinstance(each, str) else "",
)
def test_constraint_that_is_not_met(kind: Any, sent: Any, sentence: str) -> None:
    assert told(kind, sent) == sentence


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        (Annotated[str, Meta(max_length=3)], "abc", "abc"),
        (Annotated[str, Meta(max_length=5000)], "x" * 5000, "x" * 5000),
        (Annotated[int, Meta(ge=1, le=9)], "9", 9),
        (Agreement, "1", True),
        (Literal["add", "remove"], "add", "add"),
        (Annotated[str, Meta(pattern=r"^\d{6}$")], "123456", "123456"),
    ],
    ids=range(6),
)
def test_constraint_that_is_met(kind: Any, sent: Any, expected: Any) -> None:
    assert read(kind, sent) == expected


class Card(Struct, frozen=True):
    number: Annotated[Secret, Meta(pattern=r"^\d{16}$")]
    month: int
    agreement: Agreement
    cvv: Annotated[Secret, Meta(min_length=3, max_length=4)]
    holder: str
    note: Annotated[str, Meta(max_length=5)] = ""


def test_every_wrong_field_is_told_at_once() -> None:
    made, errors = decode(
        Card, {"number": "1", "month": "x", "agreement": "0", "cvv": "12345", "note": "too long"}
    )

    assert made is None
    assert errors == {
        "number": [NO_PATTERN],
        "month": [NOT_AN_INTEGER],
        "agreement": [MUST_ACCEPT],
        "cvv": [Message("Ensure this field has no more than {n} characters.", {"n": 4})],
        "holder": [REQUIRED],
        "note": [Message("Ensure this field has no more than {n} characters.", {"n": 5})],
    }


# Fields that are given, not sent.


class Return(Struct, frozen=True):
    answer: Answer
    status: Received = None


def test_answer_of_the_outside_is_handed_over_and_cannot_be_sent() -> None:
    answer = Answer(body=b"signed")

    assert decode(Return, {"answer": "forged"}, answer=answer) == (Return(answer), {})


@pytest.mark.parametrize("sent", ["x" * 10_000, ["a", "b"], {"a": "\x00"}, 1.5, 10**5000], ids=range(5))
def test_what_a_provider_sends_is_taken_in_whatever_shape(sent: Any) -> None:
    made, errors = decode(Return, {"status": sent}, answer=Answer())

    assert errors == {}
    assert made is not None
    assert made.status == sent


def test_secrets_and_raw_answers_are_not_stored() -> None:
    class Begun(Struct, frozen=True):
        number: Secret
        holder: str
        answer: Answer
        amount: Decimal
        note: str | None = None

    kept = without_secrets(Begun(Secret("4111111111111111"), "Ada", Answer(), Decimal("1.50")))

    assert kept == {"holder": "Ada", "amount": "1.50"}


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=30)


@given(secrets, secrets)
def test_no_secret_is_ever_told_in_an_error(number: str, cvv: str) -> None:
    made, errors = decode(Card, {"number": number, "cvv": cvv, "month": "x", "holder": "Ada"})

    told = repr(errors) + "".join(str(text) for texts in errors.values() for text in texts)
    assert made is None
    assert number not in told
    assert cvv not in told
    assert number not in repr(made)


# Whatever is sent.


class Everything(Struct, frozen=True):
    text: Annotated[str, Meta(max_length=9)]
    secret: Annotated[Secret, Meta(min_length=2)] | None
    number: Annotated[int, Meta(ge=1)]
    amount: Decimal | None
    flag: bool
    agreed: Agreement
    moment: datetime | None
    choice: Literal["a", "b"]
    mixed: int | str | None
    numbers: list[int]
    words: tuple[Annotated[str, Meta(max_length=3)], ...]
    few: frozenset[int]
    map: dict[str, int]
    by_number: dict[int, Decimal]
    usage: Usage | None
    usages: list[Usage]
    received: Received
    anything: Any
    answer: Answer
    rest: Extra


scalars: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 10**18])
    | st.floats()
    | st.text(st.characters(codec=None), max_size=12)
    | st.sampled_from(
        ["[", "[]", "{}", "[[", '{"a":', "[1e999]", '"\\ud800"', "null", "1e5", "٣", "\x00", "[" * 3000]
    )
)
sent_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec=None), max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(Everything.__struct_fields__) | st.text(st.characters(codec=None), max_size=8)


@given(st.dictionaries(names, sent_values, max_size=20))
def test_whatever_is_sent_is_a_struct_or_errors(sent: dict[str, Any]) -> None:
    made, errors = decode(Everything, sent, answer=Answer())

    assert (made is None) is bool(errors)
    assert errors.keys() <= set(Everything.__struct_fields__)
    assert all(str(text) for texts in errors.values() for text in texts)


@given(st.dictionaries(names, sent_values, max_size=6), st.sampled_from(Everything.__struct_fields__))
def test_a_right_field_is_not_complained_about_because_another_is_wrong(
    sent: dict[str, Any], name: str
) -> None:
    right = {
        "text": "x", "secret": "xx", "number": "1", "amount": "1.5", "flag": "on", "agreed": "1",
        "choice": "a", "moment": "2024-06-03T12:00:00Z", "mixed": "1", "numbers": "[1]", "words": ["a"],
        "few": "1", "map": "{}", "by_number": '{"1": "1.5"}', "usage": '{"label_id": 1, "amount": "1"}',
        "usages": "[]", "received": "x", "anything": "x",
    }  # fmt: skip
    _, errors = decode(Everything, sent | {name: right.get(name, "x")}, answer=Answer())

    assert name not in errors
