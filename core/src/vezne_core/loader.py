"""Rows of a plugin's own tables that a merchant writes down in a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from vezne_core.services import Transaction


class Loader(Struct, frozen=True):
    """Takes what a file holds of one kind into the tables of a plugin.

    The rows stand under ``[[name]]``. Configuration that is only read belongs into
    records; this is for what orders change: balances, points.
    """

    name: str
    """``gift_card``; unique per merchant."""
    type: type[Struct]
    """What a row is decoded into, strictly."""
    load: Callable[[Transaction, Sequence[Any]], Awaitable[int]]
    """Store rows of ``type`` and return how many were new.

    Called in the transaction of the whole file: everything is stored, or
    nothing. What is there already stays as it is, because orders have changed
    it since and a file may be loaded again.
    """
