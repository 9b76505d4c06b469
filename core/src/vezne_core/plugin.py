"""Base of every plugin class."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from vezne_core.services import Services
from vezne_core.settings import Settings

S = TypeVar("S", bound=Settings)


class NoSettings(Settings, frozen=True):
    """Settings of a plugin that has none."""


class Plugin(Generic[S]):
    """One merchant's instance of a plugin; implements hooks marked with ``hookimpl``.

    The class docstring's first line is shown by ``vezne plugins``. ``__init__``
    is not overridden: hooks find ``self.settings`` and ``self.services``.
    """

    api: ClassVar[tuple[int, int]] = (1, 0)
    """Version of the plugin API that is needed."""
    settings_type: ClassVar[type[Settings]] = NoSettings

    def __init__(self, settings: S, services: Services) -> None:
        self.settings = settings
        self.services = services
