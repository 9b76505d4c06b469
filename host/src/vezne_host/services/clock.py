"""Time, and numbers that nobody can guess."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemClock:
    """Core's ``Clock``: the time of this machine."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


class RandomNumbers:
    """Core's ``Numbers``: 13 digits, the first not zero.

    Nine million million of them: two that are alike meet a unique index when
    the order is stored, and the claim is refused before money moves.
    """

    def fresh(self) -> str:
        """Return a number that says nothing about the last one."""
        return str(secrets.randbelow(9 * 10**12) + 10**12)
