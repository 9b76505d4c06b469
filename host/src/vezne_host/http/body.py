"""What a request carries, whichever way it is encoded: form, multipart or JSON. Pure functions.

Every refusal is a :class:`BadBody`; garbage never raises anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # annotated, but without a marker
    MultipartError,
    MultipartParser,
    parse_options_header,
)

from vezne_core.forms import storable

FIELD_LIMIT = 200
"""Most fields of a request; also most parameters of its query string."""
LEGACY = "iso-8859-9"
"""What the pages of older Turkish banks post in, without saying so; takes any byte."""

NOT_READABLE = "The request cannot be read."
NOT_UTF8 = "The request is not in UTF-8."
NOT_AN_OBJECT = "The request is not a JSON object."
TOO_MANY_FIELDS = "The request has too many fields."
NO_FILES = "Files are not accepted here."
WRONG_TYPE = "Send the request as a form or as JSON."
COMPRESSED = "Compressed requests are not accepted."

Pairs = tuple[tuple[str, str], ...]


class BadBody(Exception):
    """The request cannot be read; carries the status of the answer and the reason."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        self.sentence = sentence
        self.status = status
        super().__init__(sentence)


class Body(Struct, frozen=True):
    """A request's body, read."""

    fields: dict[str, Any]
    """Text by name, a list of texts where a name was repeated, or the values of a JSON object."""
    pairs: Pairs = ()
    """Names and texts in order and case as received."""
    raw: bytes = b""


def read_body(raw: bytes, content_type: str, encoding: str = "", *, legacy: bool = False) -> Body:
    """Read a body.

    :param encoding: value of Content-Encoding; nothing that was compressed is unpacked.
    :param legacy: read what is not UTF-8 as :data:`LEGACY`, for the answers of banks.
    :raises BadBody: it cannot be read.
    """
    if encoding.strip().lower() not in ("", "identity"):
        raise BadBody(COMPRESSED, 415)
    if not raw:
        return Body({})
    kind, options = parse_options_header(content_type)
    kind = kind.lower()
    if kind == "application/x-www-form-urlencoded":
        pairs = _urlencoded(raw, legacy)
    elif kind == "multipart/form-data":
        pairs = _multipart(raw, options.get("boundary", ""), legacy)
    elif kind == "application/json":
        return _json(raw)
    else:
        raise BadBody(WRONG_TYPE, 415)
    return Body(merged(pairs), pairs, raw)


def read_notice(raw: bytes, content_type: str, encoding: str = "") -> Body:
    """Read what a provider's server says: as a body where it is one, else its bytes alone.

    :raises BadBody: it was compressed.
    """
    try:
        return read_body(raw, content_type, encoding, legacy=True)
    except BadBody as refused:
        if refused.sentence == COMPRESSED:
            raise
        return Body({}, (), raw)


def read_query(raw: bytes, *, legacy: bool = False) -> Pairs:
    """Read a query string.

    :raises BadBody: it is not UTF-8, or has too many parameters.
    """
    return _urlencoded(raw, legacy)


def merged(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the texts by name; a name that is repeated has a list of them."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name not in found:
            found[name] = text
        elif isinstance(found[name], list):
            found[name].append(text)
        else:
            found[name] = [found[name], text]
    return found


def _urlencoded(raw: bytes, legacy: bool) -> Pairs:
    try:
        try:
            pairs = _split(raw, "utf-8")
        except UnicodeDecodeError:
            if not legacy:
                raise BadBody(NOT_UTF8) from None
            pairs = _split(raw, LEGACY)
    except ValueError:
        raise BadBody(TOO_MANY_FIELDS) from None
    return _named(pairs)


def _split(raw: bytes, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(
        raw.decode(charset),
        keep_blank_values=True,
        encoding=charset,
        errors="strict",
        max_num_fields=FIELD_LIMIT,
    )


def _multipart(raw: bytes, boundary: str, legacy: bool) -> Pairs:
    if not boundary or len(boundary) > 200:
        raise BadBody(NOT_READABLE)
    pairs = []
    try:
        parser = MultipartParser(
            BytesIO(raw), boundary, strict=True, part_limit=FIELD_LIMIT, spool_limit=len(raw) + 1
        )
        for part in parser:
            if part.filename is not None:
                raise BadBody(NO_FILES)
            pairs.append((part.name or "", _decoded(part.raw, legacy)))
    except (MultipartError, UnicodeError, ValueError):
        raise BadBody(NOT_READABLE) from None
    return _named(pairs)


def _decoded(raw: bytes, legacy: bool) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if not legacy:
            raise BadBody(NOT_UTF8) from None
        return raw.decode(LEGACY)


def _named(pairs: list[tuple[str, str]]) -> Pairs:
    """Refuse names that nobody could have meant; what a value may be, its field decides."""
    if not all(storable(name) for name, _ in pairs):
        raise BadBody(NOT_READABLE)
    return tuple(pairs)


def _json(raw: bytes) -> Body:
    try:
        sent = msgspec.json.decode(raw)
    except UnicodeDecodeError:
        raise BadBody(NOT_UTF8) from None
    except (msgspec.DecodeError, RecursionError):
        raise BadBody(NOT_READABLE) from None
    if not isinstance(sent, dict):
        raise BadBody(NOT_AN_OBJECT)
    if len(sent) > FIELD_LIMIT:
        raise BadBody(TOO_MANY_FIELDS)
    if not storable(sent):
        raise BadBody(NOT_READABLE)
    pairs = tuple((name, _text(value)) for name, value in sent.items() if _is_plain(value))
    return Body(sent, pairs, raw)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
