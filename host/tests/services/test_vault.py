from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vezne_core import CardDetails, Secret
from vezne_host.services.keyring import KeyRing
from vezne_host.services.vault import CardVault

pytestmark = pytest.mark.anyio

OLD = ("2025", Secret("an-older-key-of-thirty-two-characters"))
NEW = ("2026", Secret("a-newer-key-of-thirty-two-characters!"))

CARD = CardDetails(
    number=Secret("5421190000000009"), cvv=Secret("123"), holder="ADA LOVELACE", month=12, year=2030
)


def vault(cache, clock, *keys, merchant="acme", **more) -> CardVault:
    return CardVault(merchant, cache, clock, KeyRing(keys or [NEW], "card"), **more)


secrets = st.none() | st.text(max_size=30).map(Secret)


async def test_any_card_comes_back_as_it_was_kept(cache, clock) -> None:
    here = vault(cache, clock)

    @settings(deadline=None)
    @given(number=secrets, cvv=secrets, token=secrets, holder=st.text(max_size=30), month=st.integers(0, 12))
    def cards(**fields) -> None:
        kept.append(CardDetails(year=2030, **fields))

    kept: list[CardDetails] = []
    cards()
    for card in kept:
        await here.keep("p1", card)
        assert await here.card("p1") == card


async def test_a_later_card_replaces_the_earlier(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    await here.keep("p1", CardDetails(token=Secret("tok")))

    assert await here.card("p1") == CardDetails(token=Secret("tok"))


async def test_nothing_readable_lies_in_the_cache(cache, clock) -> None:
    await vault(cache, clock, merchant="acme-shop").keep("preorder-0001", CARD)

    ((key, (value, _)),) = cache.values.items()
    for told in ("5421190000000009", "ADA LOVELACE", "preorder-0001", "acme-shop"):
        assert told.encode() not in value
        assert told not in key


async def test_the_place_cannot_be_told_without_the_key(cache, clock) -> None:
    await vault(cache, clock, NEW).keep("p1", CARD)
    (one,) = cache.values
    cache.values.clear()
    await vault(cache, clock, OLD).keep("p1", CARD)
    (other,) = cache.values

    assert one != other


@pytest.mark.parametrize(("merchant", "preorder"), [("acme", "p2"), ("other", "p1")])
async def test_a_ciphertext_moved_to_another_preorder_does_not_open(cache, clock, merchant, preorder) -> None:
    victim = vault(cache, clock)
    await victim.keep("p1", CARD)
    (stolen,) = cache.values.values()
    thief = vault(cache, clock, merchant=merchant)
    await thief.keep(preorder, CardDetails(token=Secret("bait")))
    place = next(key for key, value in cache.values.items() if value != stolen)

    cache.values[place] = stolen

    assert await thief.card(preorder) is None
    assert await victim.card("p1") == CARD


async def test_garbage_in_the_cache_is_no_card(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    (place,) = cache.values
    cache.values[place] = (b"garbage", cache.values[place][1])

    assert await here.card("p1") is None


async def test_a_lost_key_loses_the_card(cache, clock) -> None:
    await vault(cache, clock, OLD).keep("p1", CARD)

    assert await vault(cache, clock, NEW).card("p1") is None


async def test_a_card_outlives_a_change_of_keys(cache, clock) -> None:
    await vault(cache, clock, OLD).keep("p1", CARD)

    assert await vault(cache, clock, NEW, OLD).card("p1") == CARD


async def test_a_dropped_card_is_gone_under_every_key(cache, clock) -> None:
    await vault(cache, clock, OLD).keep("p1", CARD)
    await vault(cache, clock, NEW, OLD).drop("p1")

    assert cache.values == {}


@pytest.mark.parametrize(("minutes", "there"), [(14, True), (15, False)])
async def test_a_card_lives_fifteen_minutes(cache, clock, minutes, there) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    clock.forward(minutes=minutes)

    assert (await here.card("p1") is not None) is there


async def test_a_cache_that_forgets_late_does_not_prolong_it(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    (place,) = cache.values
    cache.values[place] = (cache.values[place][0], clock.now() + timedelta(days=1))
    clock.forward(minutes=15)

    assert await here.card("p1") is None


async def test_the_life_of_a_card_is_a_setting(cache, clock) -> None:
    here = vault(cache, clock, life=timedelta(minutes=1))
    await here.keep("p1", CARD)
    clock.forward(minutes=1)

    assert await here.card("p1") is None


async def test_after_leaving_a_reload_is_possible_for_two_minutes(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    await here.leave("p1")
    clock.forward(seconds=119)
    assert await here.card("p1") == CARD

    clock.forward(seconds=1)
    assert await here.card("p1") is None


async def test_reloading_does_not_prolong_the_two_minutes(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    await here.leave("p1")
    clock.forward(seconds=90)
    await here.leave("p1")
    clock.forward(seconds=30)

    assert await here.card("p1") is None


async def test_leaving_late_does_not_prolong_the_life(cache, clock) -> None:
    here = vault(cache, clock)
    await here.keep("p1", CARD)
    clock.forward(minutes=14)
    await here.leave("p1")
    clock.forward(minutes=1)

    assert await here.card("p1") is None


async def test_leaving_during_a_change_of_keys_leaves_nothing_behind(cache, clock) -> None:
    await vault(cache, clock, OLD).keep("p1", CARD)
    here = vault(cache, clock, NEW, OLD)
    await here.leave("p1")
    clock.forward(minutes=2)

    assert await here.card("p1") is None


async def test_leaving_without_a_card_keeps_none(cache, clock) -> None:
    await vault(cache, clock).leave("p1")

    assert cache.values == {}
