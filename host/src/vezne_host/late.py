"""A thing that is made after those who use it: the flow is assembled from pages that ask it."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Generic[T]):
    """Set once while a runtime is assembled; read by every request."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: T | None = None

    def set(self, value: T) -> None:
        """Put the thing in its place."""
        self._value = value

    def get(self) -> T:
        """Return the thing.

        :raises LookupError: it is asked for while the runtime is still being assembled.
        """
        if self._value is None:
            raise LookupError("this is not known while plugins are being registered")
        return self._value
