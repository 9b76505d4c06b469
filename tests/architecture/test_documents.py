"""What a document or a comment points at is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace import ROOT

DECISIONS = ROOT / "docs" / "explanation" / "decisions"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
NAMED = re.compile(r"\bdocs/[\w./-]+\.md\b")


def ours(*suffixes: str, folder: Path = ROOT) -> Iterator[Path]:
    """Yield the files of the repository, without what tools leave in it."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in ("__pycache__", "dist"):
            continue
        if path.is_dir():
            yield from ours(*suffixes, folder=path)
        elif path.suffix in suffixes:
            yield path


RECORDS = [path for path in ours(".md", folder=DECISIONS) if path.name != "README.md"]


@pytest.mark.parametrize("document", list(ours(".md")), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_documents_named_in_the_source_are_there() -> None:
    named = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in ours(".py", ".toml")
        for name in NAMED.findall(path.read_text("utf-8"))
        if not (ROOT / name).exists()
    }

    assert named == set()


def test_decisions_are_listed() -> None:
    listed = LINK.findall((DECISIONS / "README.md").read_text("utf-8"))

    assert sorted(listed) == [path.name for path in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_says_why_and_what_follows(record: Path) -> None:
    headings = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE)

    assert headings == ["Context", "Decision", "Consequences"]
