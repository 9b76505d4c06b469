"""Addresses of the shop, and signed links to completed orders."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from itsdangerous import BadData, URLSafeTimedSerializer

from vezne_core import Secret

current_origin: ContextVar[str] = ContextVar("current_origin", default="")
"""Origin of the request being served; where the merchant states no ``public_url``."""


class ShopLinks:
    """Core's ``Links``."""

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    def path(self, path: str) -> str:
        """Return the full address of a path of the shop."""
        return f"{(self._public_url or current_origin.get()).rstrip('/')}{path}"


class OrderLinks:
    """Signs order numbers for ``/orders/completed/<token>/``.

    Three parts separated by colons: number, time, signature (contract:
    overview, Completion). The first key signs, all are accepted.

    :param purpose: what was signed for one purpose opens nothing else.
    """

    def __init__(self, keys: Sequence[Secret], merchant: str, days: int, purpose: str = "order") -> None:
        self._max_age = days * 86400
        self._serializer = URLSafeTimedSerializer(
            [key.reveal() for key in reversed(keys)],
            salt=f"vezne.{purpose}.{merchant}",
            signer_kwargs={"sep": ":"},
        )

    def sign(self, number: str) -> str:
        """Return the token of an order."""
        return str(self._serializer.dumps(number))

    def number(self, token: str) -> str | None:
        """Return the order number of a token, or None when it is forged or too old."""
        try:
            number = self._serializer.loads(token, max_age=self._max_age)
        except BadData:
            return None
        return number if isinstance(number, str) else None
