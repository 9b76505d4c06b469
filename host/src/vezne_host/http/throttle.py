"""Limits for those who guess, in moving windows: per what is guessed, and per who guesses.

Attempts at one account are counted before they are judged, so that many at
once are not more; a success forgets them. Of a session and of an address only
failures count: whole offices share one. The counts lie in Redis under keyed
hashes. Without Redis every attempt is within its limit, and the log says so: a
shop that nobody can sign in to is the greater harm, and a guess still costs a
slow hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from secrets import token_hex

from msgspec import Struct

from vezne_core import Cache
from vezne_host.http.visitor import Failure, Visitor
from vezne_host.services.failed_tries import FailedTries, network
from vezne_host.services.keyring import KeyRing

TOO_MANY = "Too many attempts. Please wait a few minutes."

WINDOW = timedelta(minutes=15)
AT_ONE = 20
"""Attempts at one account."""
BY_SESSION, BY_ADDRESS = 20, 100
"""Failures."""


class Guess(Struct, frozen=True):
    """One attempt at one account, counted."""

    place: str


class Throttle:
    """Counts attempts at one thing, such as signing in.

    :param what: a word that sets its counts apart from others.
    """

    def __init__(self, what: str, keys: KeyRing) -> None:
        self._what = what
        self._keys = keys

    async def admit(self, visitor: Visitor) -> None:
        """Let a visitor try.

        :raises Failure: his session or his address has failed too often.
        """
        tries, minutes = self._tries(visitor), int(WINDOW.total_seconds() // 60)
        for by, subject, most in _subjects(visitor):
            if await tries.reached(f"{self._what}:{by}", subject, most, minutes):
                raise _refusal()

    async def failed(self, visitor: Visitor) -> None:
        """Count a failure of a visitor."""
        tries, minutes = self._tries(visitor), int(WINDOW.total_seconds() // 60)
        for by, subject, most in _subjects(visitor):
            await tries.count(f"{self._what}:{by}", subject, most, minutes)

    async def guess(self, visitor: Visitor, subject: str) -> Guess:
        """Count an attempt at an account.

        :raises Failure: there were too many; the same whether the account exists or not.
        """
        cache = _cache(visitor)
        place = f"{self._what}:{self._keys.tag(visitor.runtime.name, self._what, subject)}"
        since = await cache.get(f"{place}:since") or b""
        if not await cache.allow(f"{place}:{since.decode()}", AT_ONE, WINDOW):
            raise _refusal()
        return Guess(place)

    async def right(self, visitor: Visitor, guess: Guess) -> None:
        """Forget the attempts at an account: this one was its owner's."""
        await _cache(visitor).put(f"{guess.place}:since", token_hex(4).encode(), WINDOW)

    def _tries(self, visitor: Visitor) -> FailedTries:
        return FailedTries(visitor.runtime.name, _cache(visitor), self._keys)


def _cache(visitor: Visitor) -> Cache:
    return visitor.runtime.services.cache


def _subjects(visitor: Visitor) -> Iterable[tuple[str, str, int]]:
    yield "ip", network(visitor.client.ip), BY_ADDRESS
    if visitor.session is not None:
        yield "session", visitor.session, BY_SESSION


def _refusal() -> Failure:
    seconds = str(int(WINDOW.total_seconds()))
    return Failure(429, {"non_field_errors": [TOO_MANY]}, headers={"Retry-After": seconds})
