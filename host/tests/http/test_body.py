"""Bodies: whatever is sent is read, or refused with a 4xx; nothing else happens."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.http.body import FIELD_LIMIT, BadBody, Body, merged, read_body, read_notice, read_query

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = 'multipart/form-data; boundary="XX"'

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def multipart(*parts: tuple[str, str], file: str | None = None) -> bytes:
    disposition = f'; filename="{file}"' if file else ""
    lines = [
        f'--XX\r\nContent-Disposition: form-data; name="{name}"{disposition}\r\n\r\n{text}\r\n'
        for name, text in parts
    ]
    return "".join([*lines, "--XX--\r\n"]).encode()


def outcome(raw: bytes, content_type: str, *, legacy: bool = False) -> Body | BadBody:
    """Return what becomes of a body; anything else that is raised fails the test."""
    try:
        return read_body(raw, content_type, legacy=legacy)
    except BadBody as refused:
        return refused


def status_of(raw: bytes, content_type: str, encoding: str = "") -> int:
    with pytest.raises(BadBody) as caught:
        read_body(raw, content_type, encoding)
    return caught.value.status


@given(st.lists(st.tuples(names, texts), max_size=FIELD_LIMIT))
def test_a_form_is_read_in_order_and_as_sent(pairs: list[tuple[str, str]]) -> None:
    raw = urlencode(pairs).encode()
    body = read_body(raw, FORM)

    assert body.pairs == tuple(pairs)
    assert body.raw == raw
    assert body.fields == merged(pairs)


@given(st.dictionaries(names, st.lists(texts, min_size=1, max_size=3), max_size=10))
def test_a_repeated_name_has_a_list(values: dict[str, list[str]]) -> None:
    pairs = [(name, text) for name, several in values.items() for text in several]

    assert merged(pairs) == {name: each[0] if len(each) == 1 else each for name, each in values.items()}


@given(
    st.binary(max_size=300), st.sampled_from([FORM, JSON, MULTIPART, "text/xml", "", "multipart/form-data"])
)
def test_garbage_is_read_or_refused(raw: bytes, content_type: str) -> None:
    became = outcome(raw, content_type)

    assert isinstance(became, Body) or became.status in (400, 415)


@given(st.binary(max_size=300))
def test_a_bank_is_never_refused_over_its_charset(raw: bytes) -> None:
    became = outcome(raw, FORM, legacy=True)

    assert became.raw == raw if isinstance(became, Body) else "UTF-8" not in became.sentence


@given(st.text(max_size=100))
def test_no_content_type_raises_anything_else(content_type: str) -> None:
    became = outcome(b"a=1", content_type)

    assert isinstance(became, Body) or became.status in (400, 415)


def test_what_an_older_bank_posts_is_turkish() -> None:
    body = read_body(b"mdErrorMsg=Ge%E7ersiz+%FEifre&oid=1", FORM, legacy=True)

    assert body.fields == {"mdErrorMsg": "Geçersiz şifre", "oid": "1"}


def test_a_multipart_form_is_read() -> None:
    body = read_body(multipart(("notes", "çay"), ("x", "1"), ("x", "2")), MULTIPART)

    assert body.fields == {"notes": "çay", "x": ["1", "2"]}
    assert body.pairs == (("notes", "çay"), ("x", "1"), ("x", "2"))


def test_a_json_object_keeps_its_values() -> None:
    body = read_body(b'{"quantity": 2, "attributes": {"a": [1]}, "gift": true, "note": "x"}', JSON)

    assert body.fields == {"quantity": 2, "attributes": {"a": [1]}, "gift": True, "note": "x"}
    assert body.pairs == (("quantity", "2"), ("gift", "true"), ("note", "x"))


def test_of_a_json_key_that_is_repeated_the_last_counts() -> None:
    assert read_body(b'{"a": "1", "a": "2"}', JSON).fields == {"a": "2"}


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b"<a/>", "text/xml", 415),
        (b"a=1", "", 415),
        (b"a=1", "application/jsonx", 415),
        (b"a=%FF", FORM, 400),
        (b"\xff", JSON, 400),
        (b'{"a": "\xff"}', JSON, 400),
        (b"[1]", JSON, 400),
        (b'"a"', JSON, 400),
        (b'{"a": NaN}', JSON, 400),
        (b'{"a": Infinity}', JSON, 400),
        (b'{"a": 1e999999}', JSON, 400),
        (b'{"a": ' + b"9" * 5000 + b"}", JSON, 400),
        (b'{"a": ' + b"9" * 30 + b"}", JSON, 400),
        (b'{"a": "\\u0000"}', JSON, 400),
        (b'{"a": "\\ud800"}', JSON, 400),
        (b'{"a\\u0000": 1}', JSON, 400),
        (b'{"a": {"b": "\\u0000"}}', JSON, 400),
        (b"[" * 60000, JSON, 400),
        (b'{"a":' * 17 + b"1" + b"}" * 17, JSON, 400),
        (b"a%00b=1", FORM, 400),
        (b"--XX", MULTIPART, 400),
        (multipart(("a", "1"))[:-10], MULTIPART, 400),
        (multipart(("a", "1"), file="a.txt"), MULTIPART, 400),
        (multipart(("a", "1")), "multipart/form-data", 400),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, content_type: str, status: int) -> None:
    assert status_of(raw, content_type) == status


@pytest.mark.parametrize("count", [FIELD_LIMIT, FIELD_LIMIT + 1])
@pytest.mark.parametrize("kind", [FORM, JSON, MULTIPART])
def test_fields_are_counted(kind: str, count: int) -> None:
    fields = {f"f{place}": "1" for place in range(count)}
    raw = {
        FORM: urlencode(fields).encode(),
        JSON: json.dumps(fields).encode(),
        MULTIPART: multipart(*fields.items()),
    }[kind]

    if count > FIELD_LIMIT:
        assert status_of(raw, kind) == 400
    else:
        assert read_body(raw, kind).fields == fields


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "deflate, gzip", "zstd"])
def test_nothing_that_was_compressed_is_unpacked(encoding: str) -> None:
    assert status_of(b"a=1", FORM, encoding) == 415


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_what_was_not_compressed_is_read(encoding: str) -> None:
    assert read_body(b"a=1", FORM, encoding).fields == {"a": "1"}


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART, "", "text/plain"])
def test_an_empty_body_has_no_fields(content_type: str) -> None:
    assert read_body(b"", content_type) == Body({})


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (b"page=IndexPage&success=true", (("page", "IndexPage"), ("success", "true"))),
        (b"a=%C3%A7ay+b", (("a", "çay b"),)),
        (b"a&b=", (("a", ""), ("b", ""))),
        (b"", ()),
    ],
)
def test_a_query_string_is_read(raw: bytes, pairs: Any) -> None:
    assert read_query(raw) == pairs


@given(st.binary(max_size=200))
def test_no_query_string_raises_anything_else(raw: bytes) -> None:
    try:
        read_query(raw)
    except BadBody:
        return


@pytest.mark.parametrize(
    ("raw", "content_type", "fields"),
    [
        (b"oid=1&mdStatus=1", FORM, {"oid": "1", "mdStatus": "1"}),
        (b'{"id": "evt_1"}', JSON, {"id": "evt_1"}),
        (b'[{"id": 1}]', JSON, {}),
        (b"<CC5Notice/>", "text/xml; charset=iso-8859-9", {}),
        (b"plain words", "", {}),
        (b"\xff\xfe", "application/octet-stream", {}),
    ],
)
def test_what_a_provider_says_keeps_its_bytes(raw: bytes, content_type: str, fields: Any) -> None:
    notice = read_notice(raw, content_type)

    assert (notice.fields, notice.raw) == (fields, raw)


def test_a_compressed_notice_is_refused() -> None:
    with pytest.raises(BadBody):
        read_notice(b"x", JSON, "gzip")
