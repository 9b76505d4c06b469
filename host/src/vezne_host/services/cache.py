"""Core's ``Cache`` on Redis or Valkey. What is in it may be lost at any moment, the server too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta
from secrets import token_hex
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

T = TypeVar("T")

_DEADLINE = 2.0

_WINDOW = """
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
"""Counts in a moving window, exactly, in one step of the server."""


class RedisCache:
    """Keeps things under the merchant's name.

    Without a server everything is empty and every attempt is within its limit:
    limits slow abuse down, they are not what keeps money safe.
    """

    def __init__(self, redis: Redis, merchant: str) -> None:
        self._redis = redis
        self._prefix = f"vezne:{merchant}:"

    async def get(self, key: str) -> bytes | None:
        """Return what was put, or None."""
        value = await self._ask(self._redis.get(self._prefix + key), None)
        return value if isinstance(value, bytes) else None

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Keep a value for a while."""
        await self._ask(self._redis.set(self._prefix + key, value, px=ttl), None)

    async def drop(self, key: str) -> None:
        """Forget a value."""
        await self._ask(self._redis.delete(self._prefix + key), None)

    async def take(self, key: str) -> bytes | None:
        """Return a value and forget it, at once."""
        value = await self._ask(self._redis.getdel(self._prefix + key), None)
        return value if isinstance(value, bytes) else None

    async def allow(self, key: str, limit: int, per: timedelta) -> bool:
        """Count an attempt in a moving window and tell whether it is within the limit."""
        now, span = time.time_ns() // 1_000_000, int(per.total_seconds() * 1000)
        counted = await self._ask(
            self._redis.eval(
                _WINDOW, 1, f"{self._prefix}limit:{key}", str(now), str(span), str(limit), token_hex(8)
            ),
            1,
        )
        return bool(counted)

    async def _ask(self, call: Awaitable[T], without: T) -> T:
        try:
            async with asyncio.timeout(_DEADLINE):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            log.error("cache is away", error=type(error).__name__)
            return without
