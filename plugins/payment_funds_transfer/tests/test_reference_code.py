import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from vezne_core import Address, Buyer, ExpectedTransfer, Money, Secret
from vezne_payment_funds_transfer.reference_code import ALPHABET, read_code, reference_code

KEY = Secret("a-reference-key-of-thirty-two-letters")
ADDRESS = Address(pk=1, country=1, city=34, township=3401)
TRANSFER = ExpectedTransfer(
    order_number="9000000000001", amount=Money.of("250.00", "TRY"), buyer=Buyer(email="ada@example.com"),
    shipping_address=ADDRESS, billing_address=ADDRESS, account="TR320006200000000001234567",
    site="shop.example",
)  # fmt: skip

codes = st.integers(0, 10**15).map(
    lambda number: reference_code(KEY, replace(TRANSFER, order_number=str(number)))
)


def test_the_same_transfer_has_the_same_code() -> None:
    assert reference_code(KEY, TRANSFER) == reference_code(KEY, replace(TRANSFER))


ELSEWHERE = Address(pk=2, country=1, city=6, township=601)


@pytest.mark.parametrize(
    "change",
    [
        {"order_number": "9000000000002"},
        {"amount": Money.of("250.01", "TRY")},
        {"amount": Money.of("250.00", "USD")},
        {"buyer": Buyer(email="grace@example.com")},
        {"shipping_address": ELSEWHERE},
        {"billing_address": ELSEWHERE},
        {"billing_address": None},
        {"account": "TR130009900000000007654321"},
        {"site": "other.example"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_transfer_has_another_code(change) -> None:
    assert reference_code(KEY, replace(TRANSFER, **change)) != reference_code(KEY, TRANSFER)


def test_another_key_makes_another_code() -> None:
    other = Secret("another-key-of-at-least-thirty-two-letters")

    assert reference_code(other, TRANSFER) != reference_code(KEY, TRANSFER)


@settings(deadline=None)
@given(code=codes)
def test_a_code_is_short_and_has_no_letter_that_looks_like_another(code) -> None:
    assert len(code) == 10
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("ILOU")


@settings(deadline=None)
@given(code=codes)
def test_a_code_is_read_however_it_was_typed(code) -> None:
    typed = f" {code[:5].lower()}-{code[5:]} ".replace("0", "o").replace("1", "l")

    assert read_code(typed) == code


@settings(deadline=None)
@given(code=codes, place=st.integers(0, 9), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code, place, other) -> None:
    wrong = code[:place] + other + code[place + 1 :]

    assert read_code(wrong) == (code if wrong == code else None)


@pytest.mark.parametrize("text", ["", "9000000000001", "ABC", "U" * 10, "💶" * 10])
def test_what_is_no_code_is_not_read(text) -> None:
    assert read_code(text) is None
