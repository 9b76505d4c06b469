"""Answers of remote calculators, kept for moments.

One request asks for the same price several times: to list the options, to
accept one, to sum up (contract: calculator results are cached per request).
Asking once keeps these figures equal and the shop quick.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from vezne_core import Clock, Money

KEEP = timedelta(seconds=30)
"""How long a price is repeated."""
KEEP_FAILURE = timedelta(seconds=5)
"""How long a service that failed is left alone with the same question."""


class Quotes:
    """Remember what was answered to a question, for moments and within bounds.

    :param limit: how many questions are remembered; the least used go first.
    """

    def __init__(self, clock: Clock, limit: int = 512) -> None:
        self._clock = clock
        self._limit = limit
        self._kept: OrderedDict[bytes, tuple[datetime, Money | None]] = OrderedDict()

    def get(self, question: bytes) -> tuple[Money | None] | None:
        """Return the answer in a tuple of one, ``(None,)`` for a failure; None when it is to be asked."""
        kept = self._kept.get(question)
        if kept is None:
            return None
        until, amount = kept
        if until <= self._clock.now():
            del self._kept[question]
            return None
        self._kept.move_to_end(question)
        return (amount,)

    def put(self, question: bytes, amount: Money | None) -> None:
        """Remember an answer; None that there was none."""
        self._kept[question] = (
            self._clock.now() + (KEEP_FAILURE if amount is None else KEEP),
            amount,
        )
        self._kept.move_to_end(question)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
