import pytest

from vezne_payment_credit_card.brand import BRANDS, brand_of


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("378282246310005", "American Express"), ("341111", "American Express"),
        ("4791840000000004", "Visa"),
        ("5421190000000009", "Mastercard"), ("510000", "Mastercard"), ("559999", "Mastercard"),
        ("222100", "Mastercard"), ("272099", "Mastercard"),
        ("979200", "Troy"),
        ("352800", "JCB"), ("358999", "JCB"),
        ("601100", "Discover"), ("644000", "Discover"), ("650000", "Discover"),
        ("300000", "Diners Club"), ("305999", "Diners Club"), ("309500", "Diners Club"),
        ("360000", "Diners Club"),
        ("620000", "UnionPay"),
        ("222099", ""), ("272100", ""), ("500000", ""), ("560000", ""), ("979300", ""),
        ("306000", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_first_digits_tell_the_brand(number, brand) -> None:
    assert brand_of(number).name == brand


def test_no_number_belongs_to_two_brands() -> None:
    shared = [n for n in range(10**4) if sum(brand.issues(f"{n:04}") for brand in BRANDS) > 1]

    assert shared == []


@pytest.mark.parametrize(
    ("number", "lengths", "cvv"),
    [
        ("34", {15}, 4),
        ("4", {16}, 3),
        ("51", {16}, 3),
        ("9792", {16}, 3),
        ("36", set(range(14, 20)), 3),
        ("50", set(range(12, 20)), 3),
    ],
)
def test_a_brand_knows_its_lengths(number, lengths, cvv) -> None:
    brand = brand_of(number)

    assert (brand.lengths, brand.cvv) == (lengths, cvv)
