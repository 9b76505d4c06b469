"""Statements of a bank: which transfers have come, as CSV. Every problem of a file is told at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from io import StringIO

from msgspec import Struct

from vezne_core import Money, Problem
from vezne_core.money import parse_amount

HEADER = ("reference", "amount", "currency", "date", "transaction_id")
LONGEST = 140
"""Characters of a reference, or of the bank's id of a transfer."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


class Line(Struct, frozen=True):
    """A transfer that has come."""

    place: str
    """File and line, for operators."""
    reference: str
    """What the shopper stated: the code that he was told, or the number of his order."""
    amount: Money
    booked: date
    transaction_id: str
    """The bank's own."""


def folded(reference: str | None) -> str | None:
    """Return what counts of a reference that was typed by hand.

    Case and punctuation do not, nor whether a zero was typed as an O.
    """
    if reference is None:
        return None
    letters = "".join(each for each in reference.upper() if each.isalnum())
    return letters.translate(_LOOKALIKES)


def read(raw: bytes, file: str) -> tuple[list[Line], list[Problem]]:
    """Read a statement; its lines, and everything that is wrong with it."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Problem(file, f"byte {error.start} is not UTF-8", "save it in UTF-8")]
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    lines: list[Line] = []
    problems: list[Problem] = []
    try:
        header = tuple(cell.strip() for cell in next(rows, ()))
        if header != HEADER:
            fact = f"the first line is {','.join(header)!r}" if header else "is empty"
            return [], [Problem(file, fact, f"begin it with {','.join(HEADER)}")]
        seen: dict[str, str] = {}
        for cells in rows:
            if not cells:
                continue
            place = f"{file} line {rows.line_num}"
            line, wrong = _line(place, [cell.strip() for cell in cells])
            problems += wrong
            if line is None:
                continue
            if line.transaction_id in seen:
                fact = f"transaction_id {line.transaction_id} stands at {seen[line.transaction_id]} too"
                problems.append(Problem(place, fact, "leave one of them"))
            seen.setdefault(line.transaction_id, place)
            lines.append(line)
    except csv.Error as error:
        problems.append(Problem(f"{file} line {rows.line_num}", str(error), "write it as CSV"))
    return lines, problems


def _line(place: str, cells: list[str]) -> tuple[Line | None, list[Problem]]:
    if len(cells) != len(HEADER):
        fact = f"has {len(cells)} fields"
        return None, [Problem(place, fact, f"write {len(HEADER)}: {', '.join(HEADER)}")]
    reference, amount, currency, booked, transaction_id = cells
    problems = list(_texts(place, reference=reference, transaction_id=transaction_id))
    money = day = None
    try:
        money = Money.of(exact := parse_amount(amount), currency)
        if money.amount != exact or not money:
            problems.append(Problem(f"{place} amount", f"{amount!r} is no amount of {money.currency}"))
    except ValueError as error:
        part = "amount" if "amount" in str(error) else "currency"
        problems.append(
            Problem(f"{place} {part}", f"{cells[HEADER.index(part)]!r} cannot be read", _REMEDIES[part])
        )
    try:
        day = date.fromisoformat(booked if _DATE.fullmatch(booked) else "")
    except ValueError:
        problems.append(Problem(f"{place} date", f"{booked!r} cannot be read", "write it like 2026-12-31"))
    if problems or money is None or day is None:
        return None, problems
    return Line(place, reference, money, day, transaction_id), []


_REMEDIES = {"amount": "write it like 1234.50", "currency": "write its ISO 4217 code, like TRY"}


def _texts(place: str, **texts: str) -> Iterator[Problem]:
    for name, text in texts.items():
        if not text:
            yield Problem(f"{place} {name}", "is empty")
        elif len(text) > LONGEST or not text.isprintable():
            yield Problem(f"{place} {name}", f"is not one line of at most {LONGEST} characters")
