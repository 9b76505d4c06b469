"""Passwords as they are kept: Argon2id, checked in threads of their own and in equal time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_urlsafe
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vezne_core import Secret

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords.

    A check takes a good part of a processor for some 50 ms and 64 MB: few run
    at once, the others wait.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, threads: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._nobody = self._hasher.hash(token_urlsafe())

    def hashed(self, password: Secret) -> str:
        """Return what is kept of a password; blocks."""
        return self._hasher.hash(password.reveal())

    async def hash(self, password: Secret) -> str:
        """Return what is kept of a password."""
        return await self._run(lambda: self.hashed(password))

    async def matches(self, password: Secret, kept: str | None) -> bool:
        """Tell whether this is the password; for None, an unknown user, no and just as slowly."""
        return await self._run(lambda: self._verified(password, kept or self._nobody)) and kept is not None

    def outdated(self, kept: str) -> bool:
        """Tell whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verified(self, password: Secret, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password.reveal())
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
