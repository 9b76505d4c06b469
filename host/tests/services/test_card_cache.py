"""Card data and counters on a real server: what the stand-in of the other tests cannot show."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from vezne_core import CardDetails, Secret
from vezne_host.services.cache import RedisCache
from vezne_host.services.failed_tries import FailedTries
from vezne_host.services.keyring import KeyRing
from vezne_host.services.vault import CardVault

pytestmark = pytest.mark.anyio

KEYS = [("k", Secret("a-key-of-at-least-thirty-two-characters"))]
CARD = CardDetails(number=Secret("5421190000000009"), cvv=Secret("123"), holder="ADA", month=12, year=2030)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def vault(redis, clock) -> CardVault:
    return CardVault("acme", RedisCache(redis, "acme"), clock, KeyRing(KEYS, "card"))


async def life(redis: Redis) -> int:
    """Return for how many milliseconds the server keeps the only entry."""
    (key,) = await redis.keys()
    return await redis.pttl(key)


async def test_a_card_is_kept_encrypted_for_a_quarter_of_an_hour(redis, vault) -> None:
    await vault.keep("preorder-1", CARD)

    assert await vault.card("preorder-1") == CARD
    assert 14 * 60_000 < await life(redis) <= 15 * 60_000
    (key,) = await redis.keys()
    assert b"5421190000000009" not in await redis.get(key)


async def test_after_leaving_the_server_keeps_it_for_two_minutes(redis, vault) -> None:
    await vault.keep("preorder-1", CARD)
    await vault.leave("preorder-1")

    assert await vault.card("preorder-1") == CARD
    assert 0 < await life(redis) <= 2 * 60_000


async def test_a_dropped_card_leaves_nothing(redis, vault) -> None:
    await vault.keep("preorder-1", CARD)
    await vault.drop("preorder-1")

    assert await redis.keys() == []


async def test_a_flushed_server_only_loses_the_card(redis, vault) -> None:
    await vault.keep("preorder-1", CARD)
    await redis.flushdb()

    assert await vault.card("preorder-1") is None


@pytest.mark.parametrize("limit", [1, 3])
async def test_failures_are_counted_up_to_the_limit(redis, limit) -> None:
    tries = FailedTries("acme", RedisCache(redis, "acme"), KeyRing(KEYS, "tries"))
    for _ in range(limit):
        assert not await tries.reached("email", "ada@example.com", limit, 10)
        await tries.count("email", "ada@example.com", limit, 10)

    assert await tries.reached("email", "ada@example.com", limit, 10)
