"""Translations: catalogues as they lie in packages, and the language of an answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Message, Refused, Texts
from vezne_host.testing.sentences import sentences
from vezne_host.texts import GettextTexts, negotiate

ROOT = Path(__file__).parents[2]
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
PACKAGES = sorted(
    [
        package
        for source in [ROOT / "core/src", ROOT / "host/src", *(ROOT / "plugins").glob("**/src")]
        for package in source.iterdir()
        if (package / "__init__.py").exists()
    ],
    key=lambda package: package.name,
)

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Make an importable package with catalogues: name, then messages by language."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(name: str, **catalogues: str) -> str:
        name = f"{name}_{tmp_path.name}"  # what is read is remembered by package
        for language, messages in catalogues.items():
            folder = tmp_path / name / "locale" / language / "LC_MESSAGES"
            folder.mkdir(parents=True)
            (folder / f"{name}.po").write_text(HEADER + messages, "utf-8")
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "__init__.py").touch()
        made.append(name)
        return name

    yield make
    for name in made:
        sys.modules.pop(name, None)


def entry(sentence: str, translation: str) -> str:
    return f'msgid "{sentence}"\nmsgstr "{translation}"\n\n'


# Looking up.


def test_a_sentence_is_translated_or_stays_as_it_is(package: Package) -> None:
    texts: Texts = GettextTexts.of([package("a", tr=entry("Full.", "Dolu."))])

    assert texts.translate("Full.", "tr") == "Dolu."
    assert texts.translate("Empty.", "tr") == "Empty."
    assert texts.translate("Full.", "en") == "Full."
    assert texts.translate("Full.", "") == "Full."


def test_a_message_is_looked_up_before_it_is_filled(package: Package) -> None:
    texts = GettextTexts.of([package("a", tr=entry("At most {n} of {what}.", "{what} için en çok {n}."))])

    assert (
        texts.translate(Message("At most {n} of {what}.", {"n": 3, "what": "{n}"}), "tr")
        == "{n} için en çok 3."
    )
    assert (
        texts.translate(Message("At most {n} of {what}.", {"n": 3, "what": "x"}), "en") == "At most 3 of x."
    )


def test_braces_of_a_plain_sentence_are_left_alone(package: Package) -> None:
    texts = GettextTexts.of([package("a", tr=entry("Send {} or {a: 1}.", "{} ya da {a: 1} yollayın."))])

    assert texts.translate("Send {} or {a: 1}.", "tr") == "{} ya da {a: 1} yollayın."


@pytest.mark.parametrize("template", ["At most {n}.", "At most {0}.", "At most {n.x}.", "At most {n", "{}"])
def test_a_message_that_cannot_be_filled_still_says_something(template: str) -> None:
    values = {"n": 5} if "x" in template else {}

    assert GettextTexts({}).translate(Message(template, values), "tr") == template


def test_a_region_falls_back_to_its_language(package: Package) -> None:
    texts = GettextTexts.of([package("a", pt=entry("Full.", "Cheio."), pt_BR=entry("Gone.", "Esgotado."))])

    assert texts.languages == {"pt", "pt-br"}
    assert texts.translate("Full.", "pt-BR") == "Cheio."
    assert texts.translate("Gone.", "pt-br") == "Esgotado."
    assert texts.translate("Gone.", "pt") == "Gone."


# Reading.


def test_catalogues_of_all_packages_are_merged_and_the_first_wins(package: Package) -> None:
    one = package("one", tr=entry("Full.", "Dolu.") + entry("One.", "Bir."))
    two = package("two", tr=entry("Full.", "Tamam.") + entry("Two.", "İki."), de=entry("Full.", "Voll."))
    bare = package("bare")
    texts = GettextTexts.of([one, bare, two])

    assert [texts.translate(text, "tr") for text in ("Full.", "One.", "Two.")] == ["Dolu.", "Bir.", "İki."]
    assert texts.translate("Full.", "de") == "Voll."


def test_what_is_not_translated_yet_is_not_known(package: Package) -> None:
    fuzzy = "#, fuzzy\n" + entry("Perhaps.", "Belki.")
    texts = GettextTexts.of([package("a", tr=entry("Later.", "") + fuzzy + entry("Now.", "Şimdi."))])

    assert [texts.knows(text, "tr") for text in ("Later.", "Perhaps.", "Now.")] == [False, False, True]


def test_a_catalogue_that_cannot_be_read_or_filled_is_refused(package: Package) -> None:
    broken = package("broken", tr="nonsense\n")
    strange = package("strange", tr=entry("At most {n}.", "En çok {m}.") + entry("At most {k}.", "En çok."))

    with pytest.raises(Refused) as caught:
        GettextTexts.of([broken, strange])

    unreadable, unfillable = caught.value.problems
    assert unreadable.place == f"{broken} locale/tr/LC_MESSAGES/{broken}.po"
    assert unreadable.fact.startswith("cannot be read: ")
    assert unfillable.place == f"{strange} locale/tr/LC_MESSAGES/{strange}.po line 5"
    assert unfillable.fact == "fills m, which 'At most {n}.' does not have"


# Every sentence has its translation.


@pytest.mark.parametrize("source", PACKAGES, ids=lambda source: source.name)
def test_every_sentence_of_a_distribution_is_translated_to_turkish(source: Path) -> None:
    texts = GettextTexts.of([source.name])

    missing = [f"{place} {text!r}" for text, place in sentences(source) if not texts.knows(text, "tr")]
    assert missing == []


@pytest.mark.parametrize("source", PACKAGES, ids=lambda source: source.name)
def test_no_catalogue_keeps_what_nobody_says(source: Path) -> None:
    said = {text for text, _ in sentences(source)}

    assert [text for text in GettextTexts.of([source.name]).sentences("tr") if text not in said] == []


def test_sentences_are_found_wherever_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(
        '''"""A module that is documented."""

import re
from typing import Annotated

FULL = "This locker is full."
PATTERN = re.compile("A .* pattern.")

class Page:
    """A page that is documented."""

    code: Annotated[str, message("Six digits please", pattern="^[0-9] {6}$")]
    kind = make("x", message="Not for {n} pieces.")

    def process(self):
        """Decide. Twice."""
        log.warning("Something odd was seen.")
        if text == "Compared with this.":
            raise Refused([Problem("here", "Something is wrong. Mend it.")])
        raise Rejected("Too late for that.")
        return Reject({"the field": ["no room left", Message("At most {n} here", {"n": 3})]}, back_to=None)
        return Reject.because("nothing left")
        return Declined({"card": ["Expired"]}, code="Card expired")
        label = texts.translate("Shipping", language)
        return Blocker("wait a moment", Junction.DONE)
        return f"Composed {text}. Not good." + f"<p>{say.translate('Back')}</p>"
'''
    )
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "check.py").write_text('HELP = "Check the configuration."')

    assert [text for text, _ in sentences(tmp_path)] == [
        "This locker is full.",
        "Six digits please",
        "Not for {n} pieces.",
        "Too late for that.",
        "no room left",
        "At most {n} here",
        "nothing left",
        "Expired",
        "Shipping",
        "wait a moment",
        "Back",
    ]
    assert next(place for _, place in sentences(tmp_path)) == "page.py:6"


# The language of an answer.


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("tr", "tr"),
        ("TR-tr", "tr"),
        ("tr_TR", "tr"),
        ("de, tr;q=0.8, en;q=0.9", "en"),
        ("de-DE,de;q=0.9,tr;q=0.4", "tr"),
        ("en;q=0.2, tr", "tr"),
        ("en;q=0, tr;q=0.1", "tr"),
        ("tr;q=0", "en"),
        ("tr;q=0, *", "en"),
        ("*", "en"),
        ("*;q=0.5, tr;q=0.4", "en"),
        ("pt", "pt-br"),
        ("pt-pt", "pt-br"),
        ("pt-br", "pt-br"),
        ("xx, , ;, ;q=, tr;q=x, q=1, \x00, tr;q=0.1", "tr"),
        ("tr;q=nan", "en"),
        ("tr;q=inf", "en"),
        ("tr;q=-1", "en"),
        ("tr;q=2", "en"),
        ("tr;level=1", "tr"),
        (",".join(["de"] * 5000) + ",tr", "en"),
        ("turkish", "en"),
    ],
)
def test_the_language_of_an_answer(accepted: str | None, language: str) -> None:
    assert negotiate(accepted, ("en", "tr", "pt-br")) == language


def test_the_first_language_of_the_merchant_is_the_default() -> None:
    assert negotiate("de", ("tr", "en")) == "tr"


@given(st.text() | st.text(alphabet="trenq;=,.-_*01 "))
def test_garbage_gives_a_language_too(accepted: str) -> None:
    assert negotiate(accepted, ("en", "tr")) in ("en", "tr")
