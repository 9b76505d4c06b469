"""Translations: the gettext catalogues of all enabled distributions, merged by language.

Each distribution carries ``locale/<language>/LC_MESSAGES/<package>.po`` in its
package. They are read as they are when the host starts; nothing is compiled
beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from string import Formatter

import structlog
from babel.messages.pofile import PoFileError, read_po
from msgspec import Struct

from vezne_core import Problem, Refused, Text

log = structlog.get_logger()

LONGEST = 1000
"""Characters of an ``Accept-Language`` header that are looked at."""


class _Read(Struct, frozen=True):
    """The catalogues of one package by language, and what is wrong with them."""

    languages: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...]


class GettextTexts:
    """Finds the translation of a sentence by the sentence itself.

    :param catalogues: by language, as ``tr`` or ``pt-br``.
    """

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]]) -> None:
        self._catalogues = catalogues

    @classmethod
    def of(cls, packages: Iterable[str]) -> GettextTexts:
        """Read and merge the catalogues of packages; the first that translates a sentence wins.

        :raises Refused: a catalogue that cannot be read, or a translation with
            other places to fill than the sentence has.
        """
        merged: dict[str, dict[str, str]] = {}
        problems: list[Problem] = []
        for package in packages:
            read = _read(package)
            problems += read.problems
            for language, catalogue in read.languages.items():
                merged[language] = {**catalogue, **merged.get(language, {})}
        if problems:
            raise Refused(problems)
        return cls(merged)

    @property
    def languages(self) -> frozenset[str]:
        """The languages there are translations for."""
        return frozenset(self._catalogues)

    def sentences(self, language: str) -> Iterable[str]:
        """Return the sentences that are translated to a language."""
        return self._catalogues.get(language, {}).keys()

    def knows(self, sentence: str, language: str) -> bool:
        """Tell whether a sentence is translated."""
        return self._find(sentence, language) is not None

    def translate(self, text: Text, language: str) -> str:
        """Return a text in a language; the text itself where there is no translation."""
        if isinstance(text, str):
            return self._find(text, language) or text
        template = self._find(text.template, language) or text.template
        try:
            return template.format(**text.values)
        except (LookupError, ValueError, AttributeError) as error:
            # the shopper still gets a sentence; that a place of it stays open is the plugin's mistake
            log.error("text not filled", template=text.template, error=repr(error))
            return template

    def _find(self, sentence: str, language: str) -> str | None:
        code = language.lower()
        while code:
            found = self._catalogues.get(code, {}).get(sentence)
            if found is not None:
                return found
            code = code.rpartition("-")[0]
        return None


def negotiate(accepted: str | None, languages: Sequence[str]) -> str:
    """Choose the language of an answer from an ``Accept-Language`` header.

    :param languages: of the merchant; the first is taken when none is accepted.
    """
    wishes: list[tuple[float, str]] = []
    for item in (accepted or "")[:LONGEST].split(","):
        tag, _, parameters = item.partition(";")
        quality = _quality(parameters)
        if quality > 0:
            wishes.append((quality, tag.strip().lower().replace("_", "-")))
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if tag == "*":
            break
        exact = [language for language in languages if language.lower() == tag]
        related = [language for language in languages if _root(language.lower()) == _root(tag)]
        if exact or related:
            return (exact or related)[0]
    return languages[0]


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0  # also refuses nan


def _root(code: str) -> str:
    return code.partition("-")[0]


@cache
def _read(package: str) -> _Read:
    languages: dict[str, Mapping[str, str]] = {}
    problems: list[Problem] = []
    folder = resources.files(package) / "locale"
    for language in folder.iterdir() if folder.is_dir() else ():
        file = language / "LC_MESSAGES" / f"{package}.po"
        if file.is_file():
            place = f"{package} locale/{language.name}/LC_MESSAGES/{file.name}"
            catalogue = _catalogue(file, language.name, place, problems)
            languages[language.name.lower().replace("_", "-")] = catalogue
    return _Read(languages, tuple(problems))


def _catalogue(file: Traversable, language: str, place: str, problems: list[Problem]) -> dict[str, str]:
    try:
        with file.open("rb") as opened:
            messages = list(read_po(opened, locale=language, abort_invalid=True))
    except (PoFileError, ValueError, LookupError) as error:
        problems.append(Problem(place, f"cannot be read: {error}", "mend it with a gettext editor"))
        return {}
    found = {}
    for message in messages:
        sentence, translation = message.id, message.string
        if not (isinstance(sentence, str) and isinstance(translation, str) and sentence and translation):
            continue  # the header, a plural, or not translated yet
        if message.fuzzy:
            continue
        strange = _places(translation) - _places(sentence)
        if strange:
            problems.append(
                Problem(
                    f"{place} line {message.lineno}",
                    f"fills {', '.join(sorted(strange))}, which {sentence!r} does not have",
                )
            )
            continue
        found[sentence] = translation
    return found


def _places(template: str) -> frozenset[str]:
    """Return what a template fills: ``{n}`` and the like."""
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)
    except ValueError:  # a plain sentence with a brace; nobody fills it
        return frozenset()
