import pytest

from vezne_core import CARD, CardInfo, PreOrder, Proceed, Reject
from vezne_payment_credit_card.bin_number import BinNumberPage

pytestmark = pytest.mark.anyio

INVALID = {"bin_number": ["Please enter a valid bin number."]}


@pytest.mark.parametrize("bin_number", ["542119", "54211900", "  542119 ", 542119])
async def test_a_bin_of_six_or_eight_digits_names_the_card(shop, submit, bin_number) -> None:
    outcome = await submit(BinNumberPage(shop), PreOrder.of(), {"bin_number": bin_number})

    assert outcome == Proceed(CARD.fill(CardInfo(str(bin_number).strip(), 1)))


async def test_an_unknown_bin_is_the_default_card(shop, submit) -> None:
    outcome = await submit(BinNumberPage(shop), PreOrder.of(), {"bin_number": "400000"})

    assert outcome == Proceed(CARD.fill(CardInfo("400000", 9)))


async def test_an_unknown_bin_is_rejected_where_there_is_no_default_card(shop, submit) -> None:
    shop.default = None

    assert await submit(BinNumberPage(shop), PreOrder.of(), {"bin_number": "400000"}) == Reject(INVALID)


@pytest.mark.parametrize(
    "bin_number",
    ["5421190", "54211", "542119000", "54211a", "٥٤٢١١٩", "５４２１１９", "54 2119", "-54211", "5421.9"],
)
async def test_anything_else_is_no_bin(shop, submit, bin_number) -> None:
    assert await submit(BinNumberPage(shop), PreOrder.of(), {"bin_number": bin_number}) == INVALID


async def test_a_missing_bin_is_told(shop, submit) -> None:
    assert await submit(BinNumberPage(shop), PreOrder.of(), {}) == {"bin_number": ["This field is required."]}
