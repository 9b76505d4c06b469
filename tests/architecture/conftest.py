"""What the promises are held against: the demo merchants, assembled without a server."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from vezne_host.assembly import Assembled
from vezne_host.config import load
from vezne_host.inspection import inspected
from workspace import ROOT


@pytest.fixture(scope="session")
def assembled() -> Assembled:
    """Every merchant of plugins.toml; together they enable every plugin of the workspace."""
    found = asyncio.run(inspected(load(ROOT / "plugins.toml", {}), None))
    assert found.problems == []
    return found


@pytest.fixture(scope="session")
def reasons() -> dict[str, Any]:
    """The exceptions that are granted, each with its reason."""
    return tomllib.loads(Path(__file__).with_name("reasons.toml").read_text("utf-8"))
