"""Rows for the tables of plugins, from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vezne_core import Loader, Refused, Secret, Settings
from vezne_host.demo.shop import MERCHANTS, demo_batches
from vezne_host.loading import read


class Ticket(Settings, frozen=True):
    code: Secret
    seats: int = 1
    price: Decimal = Decimal(0)


async def nobody(session: Any, rows: Sequence[Any]) -> int:
    raise AssertionError("a file is read before anything is stored")


TICKETS = Loader("ticket", Ticket, nobody)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "tickets.toml"
        path.write_text(text, "utf-8")
        return path

    return written


def wrong(file: Path, *loaders: Loader) -> set[str]:
    with pytest.raises(Refused) as caught:
        read(file, loaders)
    return {f"{problem.place}: {problem.fact}" for problem in caught.value.problems}


def test_rows_are_read_for_the_loader_of_their_kind(write: Callable[[str], Path]) -> None:
    file = write('[[ticket]]\ncode = "a"\nprice = 1.10\n[[ticket]]\ncode = { env = "CODE" }\nseats = 2\n')

    [batch] = read(file, [Loader("other", Ticket, nobody), TICKETS], {"CODE": "b"})

    assert batch.loader is TICKETS
    assert batch.rows == (
        Ticket(code=Secret("a"), price=Decimal("1.10")),
        Ticket(code=Secret("b"), seats=2),
    )


def test_every_mistake_is_told_at_once_without_secrets(write: Callable[[str], Path]) -> None:
    file = write(
        '[[ticket]]\ncode = 7\n[[ticket]]\ncode = "hidden"\nseats = "two"\nseat = 2\n[[tickt]]\ncode = "c"\n'
    )

    told = wrong(file, TICKETS)

    assert told == {
        'tickets.toml ticket[0].code: must be a text or { env = "NAME" }',
        "tickets.toml ticket[1].seat: is unknown",
        "tickets.toml ticket[1].seats: is a text, must be a whole number",
        "tickets.toml tickt: is nothing that an enabled plugin loads",
    }


def test_a_table_that_is_no_list_is_refused(write: Callable[[str], Path]) -> None:
    assert wrong(write('[ticket]\ncode = "a"\n'), TICKETS) == {"tickets.toml ticket: is not a list of tables"}


@pytest.mark.parametrize("text", ["[[ticket", '[[ticket]]\ncode = "a"\ncode = "b"\n'])
def test_what_is_no_toml_is_refused(write: Callable[[str], Path], text: str) -> None:
    [problem] = wrong(write(text), TICKETS)

    assert problem.startswith("tickets.toml: ")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    [problem] = wrong(tmp_path / "none.toml", TICKETS)

    assert "No such file" in problem


@pytest.mark.parametrize("merchant", MERCHANTS)
def test_a_demo_shop_without_a_plugin_needs_none_of_its_rows(merchant: str) -> None:
    assert demo_batches(merchant, [TICKETS]) == ()
