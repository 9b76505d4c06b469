"""What a document or a comment points at is there."""

import re
import subprocess
from pathlib import Path

import pytest

from workspace import ROOT

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
NAMED = re.compile(r"\bdocs/[\w./-]+\.md\b")


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return [path for line in done.stdout.splitlines() if (path := ROOT / line).exists()]


@pytest.mark.parametrize("document", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_documents_named_in_the_source_are_there() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in tracked("*.py", "*.toml")
        for name in NAMED.findall(path.read_text("utf-8"))
    }

    assert sorted(where for where in named if not (ROOT / where[1]).exists()) == []
