"""Rows for the tables of plugins, from TOML files; read strictly with every problem named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from msgspec import Struct

from vezne_core import Loader, Problem, Refused
from vezne_host.decoder import decode


class Batch(Struct, frozen=True):
    """What a file holds for one loader."""

    loader: Loader
    rows: tuple[Any, ...]


def read(
    file: Path | Traversable, loaders: Iterable[Loader], environ: Mapping[str, str] | None = None
) -> tuple[Batch, ...]:
    """Read a file whose tables are lists of rows, ``[[gift_card]]``.

    :param loaders: of the enabled plugins.
    :param environ: where secrets written as ``{ env = "NAME" }`` are found.
    :raises Refused: everything that is wrong with it, at once.
    """
    known = {loader.name: loader for loader in loaders}
    problems: list[Problem] = []
    batches = []
    for name, several in _tables(file).items():
        place = f"{file.name} {name}"
        loader = known.get(name)
        if loader is None:
            kinds = ", ".join(sorted(known)) or "none"
            problems.append(Problem(place, "is nothing that an enabled plugin loads", f"known: {kinds}"))
        elif not isinstance(several, list):
            problems.append(Problem(place, "is not a list of tables", f"write [[{name}]]"))
        else:
            rows = []
            for at, table in enumerate(several):
                row, wrong = decode(loader.type, table, f"{place}[{at}]", environ or {})
                problems += wrong
                rows.append(row)
            batches.append(Batch(loader, tuple(rows)))
    if problems:
        raise Refused(problems)
    return tuple(batches)


def _tables(file: Path | Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise Refused([Problem(str(file), error.strerror or "cannot be read")]) from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are
        raise Refused([Problem(file.name, str(error), "write it in TOML and UTF-8")]) from None
