import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import vezne_payment_credit_card as package
from vezne_host.testing.sentences import sentences

SOURCE = Path(package.__file__).parent
SENTENCES = {sentence for sentence, _ in sentences(SOURCE)}


@pytest.fixture(scope="module")
def turkish() -> dict[str, str]:
    with (SOURCE / "locale/tr/LC_MESSAGES" / f"{package.__name__}.po").open("rb") as file:
        return {entry.id: entry.string for entry in read_po(file, "tr", abort_invalid=True) if entry.id}


def places(template: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(template)} - {None}


def test_every_sentence_is_translated_and_nothing_else(turkish) -> None:
    assert turkish.keys() == SENTENCES
    assert all(turkish.values())


def test_translations_fill_the_same_places(turkish) -> None:
    assert {english: places(text) for english, text in turkish.items()} == {
        english: places(english) for english in turkish
    }
