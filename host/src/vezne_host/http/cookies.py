"""The session's cookie: encrypted, authenticated, bound to one merchant.

A client can never choose its own id: what it sends must have been sealed here.
The cookie carries the public id of the session, when it was issued, and the
anchor of the session's CSRF token.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from vezne_core import Secret
from vezne_host.services.keyring import KeyRing

NAMES = ("osessionid", "sessionid")
"""The first is set, both are accepted (contract: overview, cookies)."""

_LONGEST = 512
_TRIES = 4
"""A browser may send several cookies of one name, from other paths and domains."""
_EARLY = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


class Ticket(Struct, frozen=True, array_like=True):
    """What the cookie says."""

    public_id: str
    issued: int
    """Unix time."""
    anchor: str = ""
    """What CSRF tokens of the session are made from; see :mod:`vezne_host.http.csrf`."""


_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(Ticket)


class SessionCookies:
    """Seals and opens the cookies of all merchants.

    :param keys: ids and keys; the first seals, all of them open.
    :param life: after which a cookie is not believed any more.
    """

    def __init__(self, keys: Iterable[tuple[str, Secret]], life: timedelta) -> None:
        self._ring = KeyRing(keys, "session cookie")
        self.life = life

    def seal(self, merchant: str, ticket: Ticket) -> str:
        """Return the value of a cookie."""
        return urlsafe_b64encode(self._ring.seal(_ENCODE.encode(ticket), merchant)).rstrip(b"=").decode()

    def open(self, merchant: str, values: Iterable[str], now: datetime) -> Ticket | None:
        """Return what the first value says that was sealed for this merchant and is not too old."""
        for value in list(values)[:_TRIES]:
            ticket = self._opened(merchant, value)
            if ticket is None:
                continue
            age = timedelta(seconds=now.timestamp() - ticket.issued)
            if -_EARLY <= age < self.life:
                return ticket
        return None

    def ages(self, ticket: Ticket, now: datetime) -> bool:
        """Tell whether half of a cookie's life is over, so that it should be issued anew."""
        return timedelta(seconds=now.timestamp() - ticket.issued) > self.life / 2

    def _opened(self, merchant: str, value: str) -> Ticket | None:
        if not value or len(value) > _LONGEST or not value.isascii():
            return None
        try:
            sealed = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (binascii.Error, ValueError):
            return None
        plain = self._ring.open(sealed, merchant)
        if plain is None:
            return None
        try:
            return _DECODE.decode(plain)
        except msgspec.DecodeError:
            return None


def cookie_values(header: str, *names: str) -> list[str]:
    """Return the values that a Cookie header has for names, in the order of the names."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        values = found.get(name.strip()) if equals else None
        if values is not None:
            values.append(value.strip().strip('"'))
    return [value for values in found.values() for value in values]
