"""Check who may import whom: core knows nobody, plugins and host know core, plugins do not know each other.

The contracts are made from the folders, so that a new plugin is under them from
its first commit. ``--show`` prints them in the form that lint-imports reads.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from configparser import ConfigParser
from pathlib import Path

from importlinter.cli import lint_imports

from workspace import plugins

Contract = Mapping[str, str | Sequence[str]]

CORE = "vezne_core"
HOST = "vezne_host"
BANK = "vezne_payment_sandbox.bank"
"""The sandbox bank: a remote service of its own that merely travels with its gateway."""

LAYERS = (
    # What core brings ready-made: nothing of the model knows it.
    "offers : shipping_rules : card_rules",
    "benefits : conditions : calculators : remote_calculator",
    "basket_rules : location_rules : shopper_rules : time_rules : offer_case",
    "rule_kind",
    "rule_case",
    # What a plugin is and gets.
    "hookspecs : plugin : services",
    "flow : page : forms : blocker : receipt : refresh",
    # What is known of a checkout.
    "standard",
    "payments : promotions : settlement : world : address : adjustment",
    "outcome",
    "preorder",
    "slots",
    # What all of it is made of.
    "rules : delivery : events : catalogue : settings : tasks : loader",
    "money : errors : junctions : markers : api",
)
"""The modules of core, from those that know most to those that know nothing."""

LATE = ("vezne_core.promotions -> vezne_core.standard",)
"""Imports inside a function, against the layers: totals read slots whose types stand beside them."""

SOLE_IMPORTERS: Mapping[str, Sequence[str]] = {
    "stevedore": [f"{HOST}.discovery"],
    "pluggy": [f"{CORE}.markers", f"{HOST}.hooks"],
    "cryptography": [f"{HOST}.services.keyring"],
    "litestar": [f"{HOST}.http", f"{HOST}.asgi", BANK],  # a shop's engine has no framework, a bank is no shop
    "dramatiq": [f"{HOST}.worker"],
    "pytest": [f"{HOST}.testing"],
    f"{HOST}.testing": [],  # what tests are made with does not run in a shop
    BANK: [],  # its gateway meets it on the wire, like any other bank
}
"""Who alone may import something; taking it out then touches these modules and no others."""


def contracts(plugins: Sequence[str], bank_neighbours: Sequence[str]) -> Iterable[Contract]:
    """Yield the rules.

    :param plugins: their import packages.
    :param bank_neighbours: the modules of the gateway that the bank travels with.
    """
    yield {
        "name": "Core knows no framework, no host, no plugin",
        "type": "forbidden",
        "source_modules": [CORE],
        "forbidden_modules": [HOST, *plugins, "litestar", "sqlalchemy", "dramatiq", "redis", "stevedore"],
    }
    yield {
        "name": "Core's modules know only what lies below them",
        "type": "layers",
        "containers": [CORE],
        "layers": LAYERS,
        "exhaustive": "true",
        "ignore_imports": LATE,
    }
    yield {"name": "Plugins are strangers to each other", "type": "independence", "modules": plugins}
    yield {
        "name": "Plugins never reach the host, nor what finds and collects them",
        "type": "forbidden",
        "source_modules": plugins,
        "forbidden_modules": [HOST, "stevedore", "pluggy"],
        "allow_indirect_imports": "true",  # the markers that they take from core are pluggy's
    }
    yield {
        "name": "The host names no plugin",
        "type": "forbidden",
        "source_modules": [HOST],
        "forbidden_modules": plugins,
    }
    yield {
        "name": "The sandbox bank knows neither Vezne nor the gateway that calls it",
        "type": "forbidden",
        "source_modules": [BANK],
        "forbidden_modules": [CORE, HOST, *bank_neighbours],
    }
    for module, importers in SOLE_IMPORTERS.items():
        yield {
            "name": f"{module} is imported by {' and '.join(importers) or 'nobody'}",
            "type": "protected",
            "protected_modules": [module],
            "allowed_importers": importers or [module],
        }


def configuration() -> ConfigParser:
    """Return what lint-imports reads."""
    packages = {plugin.package: plugin for plugin in plugins()}
    package = BANK.partition(".")[0]
    neighbours = [
        f"{package}.{path.stem}" for path in packages[package].source.glob("*.py") if path.stem != "__init__"
    ]
    parser = ConfigParser(interpolation=None)
    parser["importlinter"] = {
        "root_packages": _lines([CORE, HOST, *packages]),
        "include_external_packages": "true",
        "exclude_type_checking_imports": "true",
    }
    for number, contract in enumerate(contracts(list(packages), sorted(neighbours)), 1):
        parser[f"importlinter:contract:{number}"] = {
            key: value if isinstance(value, str) else _lines(value) for key, value in contract.items()
        }
    return parser


def _lines(values: Iterable[str]) -> str:
    return "\n" + "\n".join(values)


def main() -> int:
    """Return 0 when every contract is kept."""
    if sys.argv[1:] == ["--show"]:
        configuration().write(sys.stdout)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "importlinter.ini"
        with path.open("w", encoding="utf-8") as file:
            configuration().write(file)
        return lint_imports(str(path), no_cache=True, no_logo=True)


if __name__ == "__main__":
    raise SystemExit(main())
