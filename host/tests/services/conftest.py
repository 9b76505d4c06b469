"""Stand-ins for what surrounds the services: a clock that is set, a cache in memory that obeys it."""

from datetime import UTC, datetime, timedelta

import pytest


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


class MemoryCache:
    """Core's ``Cache``: values with a life, and moving windows."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.values: dict[str, tuple[bytes, datetime]] = {}
        self.hits: dict[str, list[datetime]] = {}

    async def get(self, key: str) -> bytes | None:
        value, until = self.values.get(key, (None, self.clock.now()))
        return value if self.clock.now() < until else None

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        self.values[key] = (value, self.clock.now() + ttl)

    async def drop(self, key: str) -> None:
        self.values.pop(key, None)

    async def take(self, key: str) -> bytes | None:
        value = await self.get(key)
        await self.drop(key)
        return value

    async def allow(self, key: str, limit: int, per: timedelta) -> bool:
        recent = [at for at in self.hits.get(key, []) if at > self.clock.now() - per]
        if len(recent) >= limit:
            return False
        self.hits[key] = [*recent, self.clock.now()]
        return True


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def cache(clock: SetClock) -> MemoryCache:
    return MemoryCache(clock)
