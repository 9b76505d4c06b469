import pytest

from vezne_core import CLIENT, ORDER_NUMBER, Client, Pay
from vezne_payment_funds_transfer.account import BankAccountView, BankView
from vezne_payment_funds_transfer.slot import BANK_ACCOUNT, REFERENCE, ChosenAccount, Reference
from vezne_payment_funds_transfer.transfer import FundsTransferContext, FundsTransferPage

pytestmark = pytest.mark.anyio


@pytest.fixture
def chosen(snapshot):
    return snapshot(
        BANK_ACCOUNT.fill(ChosenAccount(1)), ORDER_NUMBER.fill("1234567890123"),
        REFERENCE.fill(Reference("K7Q2M9XW4D")), CLIENT.fill(Client(language="tr")),
    )  # fmt: skip


async def test_the_context_tells_where_to_transfer_how_much(shop, chosen) -> None:
    account = BankAccountView(
        1, BankView(1, "Anadolu Bank", "anadolu", "/a.png"), "EFT ve havale", "Shop A.Ş.",
        "TR320006200000000001234567", 0, "TRY",
    )  # fmt: skip

    assert await FundsTransferPage(shop).context(chosen) == FundsTransferContext(
        bank_account=account, order_number="1234567890123", reference_code="K7Q2M9XW4D",
        total_amount="250.00", currency="TRY",
    )  # fmt: skip


async def test_without_a_code_the_context_has_none(shop, chosen) -> None:
    context = await FundsTransferPage(shop).context(chosen.with_value(REFERENCE, Reference()))

    assert context.reference_code is None


@pytest.mark.parametrize("agreement", ["1", "true", "on", True])
async def test_the_order_is_taken_with_the_agreement(shop, chosen, submit, agreement) -> None:
    outcome = await submit(FundsTransferPage(shop), chosen, {"agreement": agreement})

    assert outcome == Pay(transfer_code="K7Q2M9XW4D")


async def test_an_order_without_a_code_is_matched_by_its_number_alone(shop, chosen, submit) -> None:
    uncoded = chosen.with_value(REFERENCE, Reference())

    assert await submit(FundsTransferPage(shop), uncoded, {"agreement": "1"}) == Pay()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "This field is required."),
        ({"agreement": "0"}, "This must be accepted."),
        ({"agreement": "maybe"}, "Must be a valid boolean."),
    ],
    ids=["missing", "refused", "unclear"],
)
async def test_without_the_agreement_there_is_no_order(shop, chosen, submit, sent, sentence) -> None:
    assert await submit(FundsTransferPage(shop), chosen, sent) == {"agreement": [sentence]}
