"""What belongs to the request being served, for services that plugins call."""

from contextvars import ContextVar

from vezne_core import World

current_world: ContextVar[World] = ContextVar("current_world")
