"""Reasons why a shopper may not use a page yet."""

from __future__ import annotations

from msgspec import Struct

from vezne_core.junctions import Junction
from vezne_core.outcome import Text


class Blocker(Struct, frozen=True):
    """Sends the shopper back to a junction, with a sentence."""

    reason: Text
    back_to: Junction
