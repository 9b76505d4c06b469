import string
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules

import pytest
from babel.messages.pofile import read_po

import vezne_core
import vezne_payment_funds_transfer as package

MODULES = [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]
CORES = {value for value in vars(vezne_core).values() if isinstance(value, str)}
SENTENCES = {
    value
    for module in MODULES
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and " " in value
} - CORES


@pytest.fixture(scope="module")
def turkish() -> dict[str, str]:
    path = files(package).joinpath("locale/tr/LC_MESSAGES", f"{package.__name__}.po")
    with path.open("rb") as file:
        entries = read_po(file, locale="tr", abort_invalid=True)
        return {entry.id: entry.string for entry in entries if entry.id}


def places(template: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(template)} - {None}


def test_every_sentence_is_translated_and_nothing_else(turkish) -> None:
    assert turkish.keys() == SENTENCES
    assert all(turkish.values())


def test_translations_fill_the_same_places(turkish) -> None:
    assert {english: places(text) for english, text in turkish.items()} == {
        english: places(english) for english in turkish
    }
