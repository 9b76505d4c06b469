from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import vezne_payment_redirection as package
from vezne_host.testing.sentences import sentences

SOURCE = Path(package.__file__).parent


@pytest.fixture(scope="module")
def turkish() -> dict[str, str]:
    with (SOURCE / "locale/tr/LC_MESSAGES" / f"{package.__name__}.po").open("rb") as file:
        return {entry.id: entry.string for entry in read_po(file, "tr", abort_invalid=True) if entry.id}


def test_every_sentence_is_translated_and_nothing_else(turkish) -> None:
    assert turkish.keys() == {sentence for sentence, _ in sentences(SOURCE)}
    assert all(turkish.values())
