"""A module is opened for one reason; above five hundred lines it usually has two."""

from pathlib import Path
from typing import Any

from workspace import ROOT, distributions

LONGEST = 500


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_a_long_module_has_a_reason(reasons: dict[str, Any]) -> None:
    long = {
        path.relative_to(ROOT).as_posix()
        for distribution in distributions()
        for path in distribution.modules
        if lines(path) > LONGEST
    }

    assert long == set(reasons["modules"])
