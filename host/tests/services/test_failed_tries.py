import pytest

from vezne_core import Secret
from vezne_host.services.failed_tries import FailedTries, network
from vezne_host.services.keyring import KeyRing

pytestmark = pytest.mark.anyio

KEYS = KeyRing([("k", Secret("a-key-of-at-least-thirty-two-characters"))], "tries")


@pytest.fixture
def tries(cache) -> FailedTries:
    return FailedTries("acme", cache, KEYS)


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_the_limit_is_reached_with_its_last_failure(tries, limit) -> None:
    for _ in range(limit - 1):
        await tries.count("email", "ada@example.com", limit, 10)
    assert not await tries.reached("email", "ada@example.com", limit, 10)

    await tries.count("email", "ada@example.com", limit, 10)
    assert await tries.reached("email", "ada@example.com", limit, 10)


async def test_looking_does_not_count(tries) -> None:
    for _ in range(10):
        assert not await tries.reached("ip", "192.0.2.1", 1, 10)


async def test_others_are_not_concerned(tries) -> None:
    await tries.count("email", "ada@example.com", 1, 10)

    assert not await tries.reached("email", "grace@example.com", 1, 10)
    assert not await tries.reached("ip", "ada@example.com", 1, 10)
    assert not await tries.reached("email", "ada@example.com", 1, 11)


async def test_merchants_do_not_count_for_each_other(cache, tries) -> None:
    await tries.count("email", "ada@example.com", 1, 10)

    assert not await FailedTries("other", cache, KEYS).reached("email", "ada@example.com", 1, 10)


async def test_it_is_forgiven_when_the_window_has_passed(tries, clock) -> None:
    await tries.count("email", "ada@example.com", 1, 10)
    clock.forward(minutes=10)

    assert not await tries.reached("email", "ada@example.com", 1, 10)


async def test_old_failures_move_out_of_the_window(tries, clock) -> None:
    await tries.count("email", "ada@example.com", 2, 10)
    clock.forward(minutes=10)
    await tries.count("email", "ada@example.com", 2, 10)

    assert not await tries.reached("email", "ada@example.com", 2, 10)


async def test_the_cache_holds_nothing_that_names_anybody(tries, cache) -> None:
    for _ in range(3):
        await tries.count("card", "5421190000000009", 2, 10)

    kept = repr((cache.values, cache.hits))
    assert "5421190000000009" not in kept
    assert "acme" not in kept


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
        ("", ""),
    ],
    ids=["v4", "v6 network", "v4 in v6", "no address", "none"],
)
def test_an_address_is_counted_by_who_owns_it(ip, counted) -> None:
    assert network(ip) == counted
