"""Lists in pages: ``{count, next, previous, results}``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from vezne_core.forms import NOT_AN_INTEGER
from vezne_host.http.body import merged
from vezne_host.http.visitor import Failure, Visitor

NO_PAGE = "Invalid page."

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_FARTHEST = 100_000


class Paging(Struct, frozen=True):
    """Which page of a list was asked for."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many items stand on the pages before."""
        return (self.page - 1) * self.size


def parameters(visitor: Visitor) -> dict[str, str]:
    """Return the parameters of the query string; of one that is repeated the last counts."""
    return {
        name: value[-1] if isinstance(value, list) else value
        for name, value in merged(visitor.query()).items()
    }


def number(sent: Mapping[str, str], name: str) -> int | None:
    """Return a parameter that is a number, or None where it was not sent.

    :raises Failure: it is no number.
    """
    text = sent.get(name, "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Failure(400, {name: [NOT_AN_INTEGER]})
    return int(text)


def paging(sent: Mapping[str, str], *, default: int = 10, most: int = 100) -> Paging:
    """Return which page was asked for: ``page``, and ``page_size`` or ``limit``.

    :raises Failure: it cannot exist.
    """
    try:
        page, size = number(sent, "page"), number(sent, "page_size") or number(sent, "limit")
    except Failure:
        raise Failure(404, NO_PAGE) from None
    page = 1 if page is None else page
    if not 1 <= page <= _FARTHEST:
        raise Failure(404, NO_PAGE)
    return Paging(page, min(size or default, most))


def listed(
    visitor: Visitor, sent: Mapping[str, str], place: Paging, path: str, total: int, results: Sequence[Any]
) -> dict[str, Any]:
    """Return a page of a list with the addresses of its neighbours.

    :raises Failure: there is no such page.
    """
    if place.page > 1 and place.offset >= total:
        raise Failure(404, NO_PAGE)
    base = f"{visitor.runtime.config.public_url or visitor.origin.url}{path}"

    def at(page: int) -> str:
        return f"{base}?{urlencode({**sent, 'page': str(page)})}"

    return {
        "count": total,
        "next": at(place.page + 1) if place.offset + place.size < total else None,
        "previous": at(place.page - 1) if place.page > 1 else None,
        "results": results,
    }
