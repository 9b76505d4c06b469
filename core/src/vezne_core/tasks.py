"""Work that a plugin wants done by the worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec import Struct


class Task(Struct, frozen=True):
    """Run a coroutine function every so often; once at a time per merchant."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]
