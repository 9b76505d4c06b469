"""Passwords: known ones match, an unknown user's never do, and both take the same hash."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from vezne_core import Secret
from vezne_host.password import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

pytestmark = pytest.mark.anyio


class Counting(PasswordHasher):
    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.verified += 1
        return super().verify(hash, password)


async def test_a_password_matches_its_own_hash_only() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(Secret("checkout-demo-1"))

    assert "checkout" not in kept
    assert await passwords.matches(Secret("checkout-demo-1"), kept)
    assert not await passwords.matches(Secret("checkout-demo-2"), kept)


async def test_an_unknown_user_costs_a_verification_and_never_matches() -> None:
    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)

    assert not await passwords.matches(Secret("anything"), None)
    assert hasher.verified == 1


async def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not await Passwords(CHEAP).matches(Secret("x"), "not a hash")


async def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    kept = await Passwords(CHEAP).hash(Secret("x"))

    assert not Passwords(CHEAP).outdated(kept)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).outdated(kept)
