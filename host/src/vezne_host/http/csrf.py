"""CSRF: a signed double-submit token that becomes the session's own.

A token is a random anchor and its signature. A visitor without a session
proves himself by sending the same token as cookie and as header. The session
that such a request begins is bound to the anchor (it stands in the sealed
session cookie), and from then on no other token is taken. Signing in makes a
new anchor.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from secrets import token_urlsafe

from vezne_core import Secret
from vezne_host.services.keyring import KeyRing

COOKIE = "csrftoken"
HEADER = "x-csrftoken"
FIELD = "csrfmiddlewaretoken"

_LONGEST = 256
_SIGNATURE = 43


class CsrfTokens:
    """Makes and checks the tokens of all merchants.

    :param keys: ids and keys; the first makes, all of them are accepted.
    """

    def __init__(self, keys: Iterable[tuple[str, Secret]]) -> None:
        self._ring = KeyRing(keys, "csrf token")

    def anchor(self) -> str:
        """Return what a new token is made from."""
        return token_urlsafe(16)

    def token(self, merchant: str, anchor: str) -> str:
        """Return the token of an anchor."""
        return f"{anchor}.{self._ring.tag(merchant, anchor)[:_SIGNATURE]}"

    def anchor_of(self, merchant: str, token: str) -> str | None:
        """Return the anchor of a token that was made here, or None."""
        anchor, dot, signature = token.rpartition(".")
        if not dot or not anchor or len(token) > _LONGEST or not token.isascii():
            return None
        for tag in self._ring.tags(merchant, anchor):
            if hmac.compare_digest(tag[:_SIGNATURE], signature):
                return anchor
        return None

    def proves(self, merchant: str, sent: str, *, session: str | None, cookies: Iterable[str]) -> str | None:
        """Return the anchor of what was sent when it proves that our own pages sent it, or None.

        :param sent: the token of the header (or of the field of a form).
        :param session: the anchor of the session; None when there is no session.
        :param cookies: tokens sent as cookie; what counts where there is no session.
        """
        anchor = self.anchor_of(merchant, sent)
        if anchor is None:
            return None
        if session is not None:
            return anchor if hmac.compare_digest(session.encode(), anchor.encode()) else None
        return anchor if any(_same(sent, cookie) for cookie in cookies) else None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
