"""What the shopper came with, in core's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vezne_core import Client
from vezne_host.texts import negotiate

TYPES = frozenset({"ios", "android"})
"""Client types that a request may claim; ``instore`` takes a staff credential (decisions: client type)."""

_LONGEST = 512


def client_of(headers: Mapping[str, str], ip: str, languages: Sequence[str]) -> Client:
    """Return the client of a request.

    :param headers: names in lower case.
    :param languages: of the merchant; the first is the default.
    """
    stated = headers.get("x-client-type", "").strip().lower()
    return Client(
        type=stated if stated in TYPES else "default",
        ip=ip,
        accept=headers.get("accept", "")[:_LONGEST],
        user_agent=headers.get("user-agent", "")[:_LONGEST],
        language=negotiate(headers.get("accept-language"), languages),
    )


def currency_of(headers: Mapping[str, str], currencies: Sequence[str]) -> str:
    """Return the currency that a request asks for, or the merchant's default (decisions: currency)."""
    stated = headers.get("x-currency", "").strip().upper()
    return stated if stated in currencies else currencies[0]
