"""``vezne db load``: gift cards and other rows of plugins' tables."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from vezne_host.cli import main
from vezne_host.testing.laws import asking

DEMO = Path(__file__).parents[3] / "plugins.toml"
TWO = """
[[gift_card]]
number = "7000 0000 0000 0001"
pin = "1111"
currency = "TRY"
balance = "25.00"

[[gift_card]]
number = "7000000000000002"
pin = "2222"
currency = "TRY"
balance = 40
"""


def loads(folder: Path, text: str, database_url: str, merchant: str = "demo") -> Result:
    file = folder / "cards.toml"
    file.write_text(text)
    options = {"--merchant": merchant, "--config": str(DEMO), "--database-url": database_url}
    command = ["db", "load", str(file), *(part for option in options.items() for part in option)]
    return CliRunner().invoke(main, command)


def balances(database_url: str) -> list[tuple[str, str, str]]:
    with asking(database_url) as ask:
        rows = ask(
            "SELECT merchant, last_four, trim_scale(balance)::text AS balance FROM gift_card"
            " WHERE last_four IN ('0001', '0002') ORDER BY pk"
        )
    return [(row["merchant"], row["last_four"], row["balance"]) for row in rows]


def test_rows_are_loaded_once_and_then_left_alone(tmp_path: Path, database_url: str) -> None:
    first = loads(tmp_path, TWO, database_url)
    assert (first.exit_code, first.output) == (0, "gift_card: 2 new\n")

    again = loads(tmp_path, TWO.replace("25.00", "2500.00"), database_url)
    assert (again.exit_code, again.output) == (0, "gift_card: 0 new\n")
    assert balances(database_url) == [("demo", "0001", "25"), ("demo", "0002", "40")]


def test_of_a_file_with_a_mistake_nothing_is_loaded(tmp_path: Path, database_url: str) -> None:
    result = loads(tmp_path, TWO.replace("balance = 40", "balance = -40"), database_url)

    assert result.exit_code == 1
    assert "cards.toml gift_card[1]" in result.output
    assert "balance is an amount that is not below zero" in result.output
    assert balances(database_url) == []


def test_a_merchant_without_the_plugin_is_told_what_can_be_loaded(tmp_path: Path, database_url: str) -> None:
    result = loads(tmp_path, TWO, database_url, merchant="lean")

    assert result.exit_code == 1
    assert "is nothing that an enabled plugin loads" in result.output


def test_an_unknown_merchant_is_told_who_there_is(tmp_path: Path, database_url: str) -> None:
    result = loads(tmp_path, TWO, database_url, merchant="nobody")

    assert result.exit_code == 1
    assert "merchant nobody" in result.output
    assert "known: demo, lean" in result.output


def test_the_demo_begins_with_its_gift_cards(database_url: str) -> None:
    with asking(database_url) as ask:
        cards = ask("SELECT merchant, last_four, balance FROM gift_card ORDER BY pk")

    assert [(row["merchant"], row["last_four"], row["balance"]) for row in cards] == [
        ("demo", "7890", 100),
        ("demo", "7908", 5000),
    ]
