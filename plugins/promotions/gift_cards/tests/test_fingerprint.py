"""What is kept of numbers and PINs."""

from __future__ import annotations

from vezne_core import Secret
from vezne_gift_cards.fingerprint import Fingerprint

NUMBER, PIN = Secret("6006491234567890"), Secret("1234")
OLD, NEW = (Secret(f"{name}-key-of-at-least-thirty-two-letters") for name in ("old", "new"))


def test_blanks_and_dashes_of_a_number_do_not_count() -> None:
    made = Fingerprint([NEW])

    assert made.numbers(Secret("6006 4912-3456 7890")) == made.numbers(NUMBER)
    assert made.pin(Secret("6006-4912 34567890"), PIN) == made.pin(NUMBER, PIN)


def test_nothing_of_number_or_pin_is_in_a_hash() -> None:
    made = Fingerprint([NEW])

    for kept in (*made.numbers(NUMBER), made.pin(NUMBER, PIN)):
        assert len(kept) == 32
        assert NUMBER.reveal().encode() not in kept
        assert PIN.reveal().encode() not in kept


def test_the_same_pin_of_two_cards_looks_different() -> None:
    made = Fingerprint([NEW])

    assert made.pin(NUMBER, PIN) != made.pin(Secret("6006491234567908"), PIN)
    assert made.pin(NUMBER, PIN) != made.numbers(NUMBER)[0]


def test_another_key_makes_other_hashes() -> None:
    assert Fingerprint([NEW]).numbers(NUMBER) != Fingerprint([OLD]).numbers(NUMBER)


def test_a_pin_is_known_under_every_key_and_made_under_the_first() -> None:
    made = Fingerprint([NEW, OLD])

    assert made.pin(NUMBER, PIN) == Fingerprint([NEW]).pin(NUMBER, PIN)
    assert made.is_pin(Fingerprint([OLD]).pin(NUMBER, PIN), NUMBER, PIN)
    assert made.is_pin(Fingerprint([NEW]).pin(NUMBER, PIN), NUMBER, PIN)
    assert not Fingerprint([NEW]).is_pin(Fingerprint([OLD]).pin(NUMBER, PIN), NUMBER, PIN)


def test_no_pin_is_that_of_a_card_that_there_is_not() -> None:
    assert not Fingerprint([NEW, OLD]).is_pin(None, NUMBER, PIN)
    assert not Fingerprint([NEW]).is_pin(Fingerprint([NEW]).pin(NUMBER, PIN), NUMBER, Secret("1235"))
