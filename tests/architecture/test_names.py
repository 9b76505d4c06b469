"""Names that others wrote down: renaming one breaks a storefront or a plugin.

Added names are added to the lists beside this file. A name that is taken away
needs a new major version, of the HTTP contract or of the plugin API.
"""

from pathlib import Path

import vezne_core
from vezne_host.assembly import Assembled


def pinned(file: str) -> set[str]:
    return set(Path(__file__).with_name(file).read_text("utf-8").split())


def test_wire_names_of_pages_are_pinned(assembled: Assembled) -> None:
    registered = {name for runtime in assembled.runtimes.values() for name in runtime.flow.pages}

    assert registered == pinned("page_names.txt")


def test_public_names_of_core_are_pinned() -> None:
    assert set(vezne_core.__all__) == pinned("public_names.txt")


def test_public_names_of_core_are_there() -> None:
    assert [name for name in vezne_core.__all__ if not hasattr(vezne_core, name)] == []
