"""Limits for those who guess: attempts in moving windows, per what is guessed and who guesses.

The count lies in Redis under keyed hashes. Without Redis every attempt is
within its limit, and the log says so: a shop that nobody can sign in to is the
greater harm, and a guess still costs a slow hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

from vezne_core import Cache
from vezne_host.http.visitor import Failure, Visitor
from vezne_host.services.failed_tries import network
from vezne_host.services.keyring import KeyRing

TOO_MANY = "Too many attempts. Please wait a few minutes."


class Limit(Struct, frozen=True):
    """So many attempts by one subject within a window."""

    by: str
    subject: str
    most: int
    window: timedelta = timedelta(minutes=15)


class Throttle:
    """Counts attempts at one thing, such as signing in."""

    def __init__(self, what: str, keys: KeyRing) -> None:
        self._what = what
        self._keys = keys

    async def count(self, cache: Cache, merchant: str, limits: Iterable[Limit]) -> None:
        """Count an attempt.

        :raises Failure: there were too many; the same answer whatever was guessed.
        """
        spent = None
        for limit in limits:
            tag = self._keys.tag(merchant, self._what, limit.by, limit.subject)
            if not await cache.allow(f"{self._what}:{tag}", limit.most, limit.window):
                spent = limit
        if spent is not None:
            seconds = int(spent.window.total_seconds())
            raise Failure(429, {"non_field_errors": [TOO_MANY]}, headers={"Retry-After": str(seconds)})


def by_visitor(visitor: Visitor, *, most: int) -> list[Limit]:
    """Return the limits of the session and of the address: whole offices share one."""
    limits = [Limit("ip", network(visitor.client.ip), most * 5)]
    if visitor.session is not None:
        limits.append(Limit("session", visitor.session, most))
    return limits
