"""Finds tables in a statement whose rows are not tied to the merchant: a forgotten condition in a join."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Delete, FromClause, Join, Select, Update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause
from sqlalchemy.sql.operators import eq
from sqlalchemy.sql.selectable import CTE, Subquery

MERCHANT = "merchant"


def untied(statement: ClauseElement) -> list[str]:
    """Name what is read, changed or deleted without its ``merchant`` being compared.

    A table is tied by ``table.c.merchant == bindparam("merchant")``, or by comparing its merchant with that
    of one that is tied. Textual SQL is not looked into; an inserted row needs no condition.
    """
    sources = [each for each in _sources(statement) if MERCHANT in each.c]
    # what a subquery yields has been tied inside of it
    tied: set[int | str] = {MERCHANT, *(id(each) for each in sources if isinstance(each, CTE | Subquery))}
    links: list[tuple[int | str, int | str]] = []
    for element in visitors.iterate(statement):
        if isinstance(element, BinaryExpression) and element.operator is eq:
            left, right = _merchant_of(element.left), _merchant_of(element.right)
            if left is not None and right is not None:
                links.append((left, right))
    before = -1
    while before < len(tied):
        before = len(tied)
        for left, right in links:
            if left in tied or right in tied:
                tied |= {left, right}
    return sorted({getattr(each, "name", str(each)) for each in sources if id(each) not in tied})


def _merchant_of(side: Any) -> int | str | None:
    """Return whose merchant a side of a comparison is: of a table, or the one that is bound."""
    if isinstance(side, BindParameter) and side.key == MERCHANT:
        return MERCHANT
    if isinstance(side, ColumnClause) and side.name == MERCHANT and side.table is not None:
        return id(side.table)
    return None


def _sources(statement: ClauseElement) -> Iterator[FromClause]:
    for element in visitors.iterate(statement):
        if isinstance(element, Select):
            for source in element.get_final_froms():
                yield from _flat(source)
        elif isinstance(element, Update | Delete):
            yield from _flat(element.table)
            for part in visitors.iterate(element):
                if isinstance(part, ColumnClause) and isinstance(part.table, FromClause):
                    yield part.table


def _flat(source: Any) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _flat(source.left)
        yield from _flat(source.right)
    else:
        yield source
