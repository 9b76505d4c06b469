"""What the plugin hands over, and what it asks of plugins.toml."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from vezne_host.config import decode_settings
from vezne_payment_sandbox.plugin import Sandbox, SandboxSettings

TERMINAL = {"terminal": "T-DEMO", "secret": {"env": "DEMO_SANDBOX_SECRET"}}
ENVIRON = {"DEMO_SANDBOX_SECRET": "sandbox-secret-demo"}
MANUAL = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def read(**table: Any) -> tuple[SandboxSettings | None, list[str]]:
    settings, problems = decode_settings(SandboxSettings, {**TERMINAL, **table}, "sandbox", ENVIRON)
    return settings, [problem.place for problem in problems]


def test_the_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="payment_sandbox")

    assert entry.load() is Sandbox


def test_the_plugin_brings_its_gateways() -> None:
    settings, _ = read(timeout=3, settles_after=Decimal("10.0"))
    assert settings is not None
    services: Any = SimpleNamespace(http=None, clock=None)

    gateways = Sandbox(settings, services).vezne_register_gateways()

    assert [gateway.name for gateway in gateways] == ["sandbox", "sandbox_redirect"]
    assert {gateway.timeout for gateway in gateways} == {3.0}
    assert {gateway.settles_after for gateway in gateways} == {timedelta(seconds=10)}


def test_a_terminal_and_its_secret_are_enough() -> None:
    settings, problems = read()

    assert problems == []
    assert settings is not None
    assert settings.secret.reveal() == "sandbox-secret-demo"
    assert (settings.timeout, settings.settles_after) == (20.0, 900.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "127.0.0.1:8001"),
        ("base_url", "ftp://bank.example"),
        ("base_url", "https://user@bank.example"),
        ("base_url", "https://bank.example/?x=1"),
        ("terminal", "T DEMO"),
        ("terminal", ""),
        ("timeout", 0),
        ("timeout", 61),
        ("settles_after", -1),
        ("currency", "TRY"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: Any) -> None:
    assert read(**{name: value}) == (None, [f"sandbox.{name}"])


def test_every_setting_is_described() -> None:
    for field in msgspec.structs.fields(SandboxSettings):
        assert f"| `{field.name}` |" in MANUAL


def test_the_gateway_needs_nothing_of_the_bank() -> None:
    """A merchant's process runs the gateway; the bank's server and its packages stay out of it."""
    script = (
        "import sys, vezne_payment_sandbox.plugin\n"
        "heavy = {'litestar', 'uvicorn', 'httpx', 'stdnum', 'vezne_host', 'vezne_payment_sandbox.bank'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
