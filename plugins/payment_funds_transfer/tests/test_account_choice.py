import pytest

from vezne_core import (
    ORDER_NUMBER,
    UNPAID,
    Money,
    OfflineGateway,
    Proceed,
    Reject,
    Secret,
    Unavailable,
    Unpaid,
)
from vezne_payment_funds_transfer.account import BankAccountView, BankView
from vezne_payment_funds_transfer.account_choice import (
    FundsTransferChoiceContext,
    FundsTransferChoiceForm,
    FundsTransferChoicePage,
)
from vezne_payment_funds_transfer.gateway import FundsTransferGateway
from vezne_payment_funds_transfer.reference_code import read_code
from vezne_payment_funds_transfer.slot import BANK_ACCOUNT, REFERENCE, ChosenAccount, Reference

pytestmark = pytest.mark.anyio


@pytest.fixture
def page(shop) -> FundsTransferChoicePage:
    return FundsTransferChoicePage(shop, shop, shop, shop)


def filled(outcome) -> dict[str, object]:
    assert isinstance(outcome, Proceed)
    return {change.slot.name: change.value for change in outcome.changes}


async def test_the_context_lists_the_active_accounts(page, snapshot) -> None:
    assert await page.context(snapshot()) == FundsTransferChoiceContext(
        [
            BankAccountView(
                1, BankView(1, "Anadolu Bank", "anadolu", "/a.png"), "Transfers", "Shop A.Ş.",
                "TR320006200000000001234567", 0, "TRY",
            ),
            BankAccountView(
                2, BankView(2, "Bosphorus Bank", "bosphorus", None), "", "Shop A.Ş.",
                "TR130009900000000007654321", 1, "TRY",
            ),
        ]
    )  # fmt: skip


async def test_an_account_is_taken_with_a_number_and_a_code(page, snapshot, submit) -> None:
    changes = filled(await submit(page, snapshot(), {"bank_account": "1"}))

    assert changes.keys() == {BANK_ACCOUNT.name, ORDER_NUMBER.name, REFERENCE.name}
    assert changes[BANK_ACCOUNT.name] == ChosenAccount(1)
    assert changes[ORDER_NUMBER.name] == "9000000000001"
    assert read_code(changes[REFERENCE.name].code) is not None


async def test_a_number_that_is_there_is_kept(page, shop, snapshot, submit) -> None:
    preorder = snapshot(ORDER_NUMBER.fill("1234567890123"))

    assert filled(await submit(page, preorder, {"bank_account": "1"}))[ORDER_NUMBER.name] == "1234567890123"
    assert shop.given == 0


async def test_another_account_has_another_code_and_the_same_one_the_same(page, snapshot, submit) -> None:
    preorder = snapshot(ORDER_NUMBER.fill("1234567890123"))
    first, second, again = [
        filled(await submit(page, preorder, {"bank_account": pk}))[REFERENCE.name] for pk in ("1", "2", "1")
    ]

    assert first != second
    assert first == again


@pytest.mark.parametrize("change", [{"total": "250.01"}, {"email": "grace@example.com"}])
async def test_another_deal_has_another_code(page, snapshot, submit, change) -> None:
    number = ORDER_NUMBER.fill("1234567890123")
    before = filled(await submit(page, snapshot(number), {"bank_account": "1"}))
    after = filled(await submit(page, snapshot(number, **change), {"bank_account": "1"}))

    assert before[REFERENCE.name] != after[REFERENCE.name]


class Silent(OfflineGateway):
    """A gateway without reference codes."""

    name = "silent"


class Broken(FundsTransferGateway):
    """A gateway whose codes cannot be had."""

    async def reference_code(self, transfer):
        raise Unavailable("time-out")


@pytest.mark.parametrize("gateway", [Silent(), None], ids=["without codes", "without a gateway"])
async def test_without_reference_codes_the_reference_is_empty(page, shop, snapshot, submit, gateway) -> None:
    shop.gateway = gateway

    assert filled(await submit(page, snapshot(), {"bank_account": "1"}))[REFERENCE.name] == Reference(None)


async def test_a_code_that_cannot_be_had_is_asked_for_again(page, shop, snapshot, submit) -> None:
    shop.gateway = Broken(Secret("a-reference-key-of-thirty-two-letters"))

    assert await submit(page, snapshot(), {"bank_account": "1"}) == Reject.because(
        "We could not prepare your transfer just now. Please try again."
    )


@pytest.mark.parametrize("pk", ["3", "4", "-1"], ids=["inactive", "unknown", "negative"])
async def test_any_other_account_is_rejected(page, snapshot, submit, pk) -> None:
    assert await submit(page, snapshot(), {"bank_account": pk}) == Reject(
        {"bank_account": ["Please choose one of the bank accounts listed."]}
    )


@pytest.mark.parametrize("sent", [{}, {"bank_account": ""}, {"bank_account": "x"}])
async def test_what_is_no_key_is_told_by_field(page, snapshot, submit, sent) -> None:
    assert list(await submit(page, snapshot(), sent)) == ["bank_account"]


@pytest.mark.parametrize(
    ("unpaid", "taken"), [("0.00", True), ("-0.01", False), (None, False)], ids=["nothing", "less", "none"]
)
async def test_an_amount_below_zero_is_not_transferred(page, snapshot, submit, unpaid, taken) -> None:
    value = None if unpaid is None else Unpaid(amount=Money.of(unpaid, "TRY"))
    outcome = await submit(page, snapshot().with_value(UNPAID, value), {"bank_account": "1"})

    assert isinstance(outcome, Proceed) is taken
    if not taken:
        assert outcome == Reject.because("The amount of this order cannot be transferred.")


@pytest.mark.parametrize(
    ("gateway", "chosen"),
    [(None, True), ("funds_transfer", True), ("bank-a", False)],
    ids=["no gateway", "this plugin's", "a POS"],
)
async def test_the_only_account_is_chosen_where_the_option_names_no_pos(
    page, shop, snapshot, gateway, chosen
) -> None:
    shop.records = [one for one in shop.records if getattr(one, "pk", None) != 2]
    shop.option_of(gateway)

    assert await page.preset(snapshot()) == (FundsTransferChoiceForm(1) if chosen else None)


async def test_among_several_accounts_the_shopper_chooses(page, snapshot) -> None:
    assert await page.preset(snapshot()) is None


async def test_a_lost_code_is_made_anew_for_the_account_chosen(page, shop, snapshot) -> None:
    shop.option_of("bank-a")
    preorder = snapshot(BANK_ACCOUNT.fill(ChosenAccount(2)), ORDER_NUMBER.fill("1234567890123"))

    assert await page.preset(preorder) == FundsTransferChoiceForm(2)
