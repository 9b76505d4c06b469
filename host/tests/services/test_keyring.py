import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vezne_core import Secret
from vezne_host.services.keyring import KeyRing

OLD = ("2025", Secret("an-older-key-of-thirty-two-characters"))
NEW = ("2026", Secret("a-newer-key-of-thirty-two-characters!"))

texts = st.lists(st.text(max_size=20), max_size=4)


@settings(deadline=None)
@given(plain=st.binary(max_size=200), bound=texts)
def test_what_was_sealed_opens_for_the_same_bounds(plain: bytes, bound: list[str]) -> None:
    ring = KeyRing([NEW], "card")

    assert ring.open(ring.seal(plain, *bound), *bound) == plain


@settings(deadline=None)
@given(bound=texts, other=texts)
def test_nothing_opens_for_other_bounds(bound: list[str], other: list[str]) -> None:
    ring = KeyRing([NEW], "card")

    assert (ring.open(ring.seal(b"card", *bound), *other) == b"card") is (bound == other)


@settings(deadline=None)
@given(flip=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_does_not_open(flip: int, bit: int) -> None:
    ring = KeyRing([NEW], "card")
    sealed = bytearray(ring.seal(b"5421190000000009", "acme", "p1"))
    sealed[flip % len(sealed)] ^= 1 << bit

    assert ring.open(bytes(sealed), "acme", "p1") is None


@settings(deadline=None)
@given(garbage=st.binary(max_size=100))
def test_garbage_does_not_open(garbage: bytes) -> None:
    assert KeyRing([NEW], "card").open(garbage, "acme") is None


@pytest.mark.parametrize("length", range(38))
def test_a_ciphertext_that_was_cut_does_not_open(length: int) -> None:
    ring = KeyRing([NEW], "card")

    assert ring.open(ring.seal(b"card", "acme")[:length], "acme") is None


def test_two_seals_of_the_same_thing_differ() -> None:
    ring = KeyRing([NEW], "card")

    assert ring.seal(b"card", "acme") != ring.seal(b"card", "acme")


def test_the_first_key_seals_and_an_older_one_still_opens() -> None:
    before = KeyRing([OLD], "card").seal(b"card", "acme")
    ring = KeyRing([NEW, OLD], "card")

    assert ring.open(before, "acme") == b"card"
    assert KeyRing([NEW], "card").open(ring.seal(b"card", "acme"), "acme") == b"card"


def test_what_a_lost_key_sealed_is_lost() -> None:
    assert KeyRing([NEW], "card").open(KeyRing([OLD], "card").seal(b"card", "acme"), "acme") is None


def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed = KeyRing([("2026", OLD[1])], "card").seal(b"card", "acme")

    assert KeyRing([NEW], "card").open(sealed, "acme") is None


def test_purposes_are_strangers() -> None:
    sealed = KeyRing([NEW], "card").seal(b"card", "acme")

    assert KeyRing([NEW], "saved_card").open(sealed, "acme") is None
    assert KeyRing([NEW], "card").tag("acme") != KeyRing([NEW], "saved_card").tag("acme")


@settings(deadline=None)
@given(parts=texts, other=texts)
def test_tags_are_equal_only_for_equal_parts(parts: list[str], other: list[str]) -> None:
    ring = KeyRing([NEW], "card")

    assert (ring.tag(*parts) == ring.tag(*other)) is (parts == other)


def test_a_tag_under_every_key_is_known_with_the_one_in_use_first() -> None:
    ring = KeyRing([NEW, OLD], "card")

    assert ring.tags("p1") == (ring.tag("p1"), KeyRing([OLD], "card").tag("p1"))


def test_a_ring_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing([], "card")
