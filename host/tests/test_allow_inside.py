"""Which places in the own network ``plugins.toml`` may open to plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from vezne_core import Refused
from vezne_host.config import load

FILE = """
[host]
keys = [{{ id = "one", key = "a-key-of-at-least-thirty-two-characters" }}]
allow_inside = [{places}]

[merchants.acme]
hosts = ["acme.example"]
plugins = []
"""


def loaded(folder: Path, *places: str) -> tuple[str, ...]:
    file = folder / "plugins.toml"
    file.write_text(FILE.format(places=", ".join(f'"{place}"' for place in places)), "utf-8")
    return load(file, {}).host.allow_inside


def test_nothing_inside_is_open_unless_it_is_named(tmp_path) -> None:
    assert loaded(tmp_path) == ()


@pytest.mark.parametrize("place", ["127.0.0.1:8001", "prices.internal:8443", "[::1]:8001"])
def test_a_host_with_its_port_is_opened(tmp_path, place) -> None:
    assert loaded(tmp_path, place) == (place,)


def test_a_name_is_compared_in_lower_case(tmp_path) -> None:
    assert loaded(tmp_path, "Prices.Internal:8443") == ("prices.internal:8443",)


@pytest.mark.parametrize(
    "places",
    [
        ["127.0.0.1"],
        [":8001"],
        ["127.0.0.1:0"],
        ["127.0.0.1:99999"],
        ["127.0.0.1:port"],
        ["http://127.0.0.1:8001"],
        ["127.0.0.1:8001/api"],
        ["user@127.0.0.1:8001"],
        ["10.0.0.0/8"],
        ["*:8001"],
        ["::1:8001"],
        ["127.0.0.1:8001", "127.0.0.1:8001"],
    ],
    ids=str,
)
def test_anything_else_refuses_the_start(tmp_path, places) -> None:
    with pytest.raises(Refused, match=r"host\.allow_inside"):
        loaded(tmp_path, *places)
