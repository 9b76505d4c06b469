"""What operators type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vezne_host.cli import main

DEMO = Path(__file__).parents[3] / "plugins.toml"


def vezne(*arguments: str, config: Path = DEMO) -> Result:
    """Run a command that reads a configuration."""
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def changed(folder: Path, *replacements: tuple[str, str]) -> Path:
    """Write the demo configuration with changes."""
    text = DEMO.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "plugins.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "command",
    ["demo", "serve", "worker", "sandbox", "check", "plugins", "flow", "db upgrade", "db seed-demo"],
)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(main, [*command.split(), "--help"])
    assert result.exit_code == 0
    explained = result.output.partition("\n\n")[2]
    assert len(explained.split()) > 10


def test_check_finds_nothing_wrong_with_the_demo() -> None:
    result = vezne("check")
    assert result.exit_code == 0, result.output
    assert "✓ demo" in result.output
    assert "✓ lean" in result.output


def test_check_names_every_problem_of_every_merchant_with_place_and_remedy(tmp_path: Path) -> None:
    config = changed(
        tmp_path,
        ('"gift_box"', '"gift_box", "shipping_nowhere"'),
        ('terminal = "T-DEMO"', 'terminal = "T-DEMO"\nterminall = 1'),
        ('reference_key = "demo-key-of-reference-codes-lean"', "reference_key = 5"),
    )
    result = vezne("check", config=config)
    assert result.exit_code == 1
    told = result.output
    assert "shipping_nowhere" in told
    assert "not installed" in told
    assert "merchants.demo.settings.payment_sandbox.terminall" in told
    assert "merchants.lean.settings.payment_funds_transfer.reference_key" in told
    assert "Traceback" not in told


def test_check_refuses_a_shop_without_a_way_to_pay(tmp_path: Path) -> None:
    config = changed(
        tmp_path,
        ('"shipping_standard", "payment_funds_transfer"]', '"shipping_standard"]'),
        ("[merchants.lean.settings.payment_funds_transfer]", ""),
        ('reference_key = "demo-key-of-reference-codes-lean"', ""),
    )
    result = vezne("check", config=config)
    assert result.exit_code == 1
    assert "no enabled plugin takes a payment" in result.output
    assert "✓ demo" in result.output, "the other shop is fine"


def test_check_tells_that_the_file_is_missing(tmp_path: Path) -> None:
    result = vezne("check", config=tmp_path / "nothing.toml")
    assert result.exit_code == 1
    assert "nothing.toml" in result.output
    assert "--config" in result.output


def test_plugins_are_listed_with_what_they_bring() -> None:
    result = vezne("plugins", "--json")
    assert result.exit_code == 0, result.output
    listed = {each["name"]: each for each in json.loads(result.output)["lean"]}
    assert list(listed) == ["spine", "shipping_home", "shipping_standard", "payment_funds_transfer"]
    assert listed["shipping_home"]["pages"] == ["AddressSelectionPage", "AddressClearPage"]
    assert listed["payment_funds_transfer"]["settings"].keys() == {"reference_key"}
    assert "demo-key" not in result.output, "values of settings are not shown"


@pytest.mark.parametrize("form", ["text", "mermaid", "json"])
def test_flow_draws_every_page(form: str) -> None:
    result = vezne("flow", "--merchant", "demo", "--format", form)
    assert result.exit_code == 0, result.output
    for page in ("IndexPage", "AddressSelectionPage", "CreditCardThreeDSecurePage", "ThankYouPage"):
        assert page in result.output


def test_flow_of_an_unknown_merchant_names_those_there_are() -> None:
    result = vezne("flow", "--merchant", "nobody")
    assert result.exit_code == 1
    assert "lean" in result.output


def test_database_is_brought_up_and_seeded_twice(fresh_empty_database: str) -> None:
    for _ in range(2):
        result = vezne("db", "upgrade", "--database-url", fresh_empty_database)
        assert result.exit_code == 0, result.output
    for _ in range(2):
        result = vezne("db", "seed-demo", "--yes", "--database-url", fresh_empty_database)
        assert result.exit_code == 0, result.output
    result = vezne("check", "--database-url", fresh_empty_database)
    assert result.exit_code == 0, result.output


def test_check_tells_that_the_database_is_behind(fresh_empty_database: str) -> None:
    result = vezne("check", "--database-url", fresh_empty_database)
    assert result.exit_code == 1
    assert "vezne db upgrade" in result.output
