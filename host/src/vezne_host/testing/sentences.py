"""Find the sentences for shoppers in a package's source, for the test that all are translated.

House style writes them plainly in the code. Two nets catch them: every text
with a word in a call that speaks to the shopper, and every other one that reads
like a sentence, such as a constant or an argument handed on. Documentation,
problems for operators and logs are let through.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SPEAKERS = frozenset(
    {"Reject", "because", "Message", "message", "Blocker", "NotHeld", "Declined", "Undecided"}
    | {"translate", "said"}
)
"""Calls whose texts a shopper reads."""

SILENT = frozenset(
    {"Problem", "Wrong", "Missing", "Unknown", "NotAttempted", "BadNotice", "Unavailable"}
    | {"TypeError", "ValueError", "RuntimeError", "LookupError", "NotImplementedError"}
    | {"debug", "info", "warning", "error", "exception", "critical", "print", "compile"}
    | {"Counter", "Gauge", "Histogram", "Summary"}
)
"""Calls whose texts only operators and authors read."""

ELSEWHERE = frozenset({"cli", "testing", "bank", "migrations", "openapi", "openapi_paths", "operator"})
"""Folders and modules that speak to operators and authors."""

_SAID = re.compile(r".*\s.*|[A-ZÇĞİÖŞÜ].*[a-zçğıöşü].*", re.DOTALL)
_SENTENCE = re.compile(r'["“]?[A-ZÇĞİÖŞÜ{].*\s.*[.!?]["”]?', re.DOTALL)


def sentences(source: Path) -> Iterator[tuple[str, str]]:
    """Yield every sentence for shoppers below a folder, with its file and line."""
    for file in sorted(source.rglob("*.py")):
        if ELSEWHERE & set(file.relative_to(source).with_suffix("").parts):
            continue
        finder = _Finder()
        finder.visit(ast.parse(file.read_text("utf-8")))
        for text, line in finder.found:
            yield text, f"{file.relative_to(source)}:{line}"


class _Finder(ast.NodeVisitor):
    """Collects texts; ``_heard`` tells who reads what is being visited."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int]] = []
        self._heard = False

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in SILENT:
            return
        before = self._heard
        self._heard = self._heard or name in SPEAKERS
        self.visit(node.func)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in ("pattern", "code"):
                self.visit(keyword.value)
        self._heard = before

    def visit_Dict(self, node: ast.Dict) -> None:
        """Skip keys: they name fields."""
        for value in node.values:
            self.visit(value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Skip f-strings, but not what is called in them: what varies goes into a ``Message``."""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Skip docstrings."""
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Skip what is only compared."""

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if isinstance(text, str) and (_SAID if self._heard else _SENTENCE).fullmatch(text):
            self.found.append((text, node.lineno))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
