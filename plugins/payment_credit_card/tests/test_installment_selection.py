from decimal import Decimal

import pytest

from vezne_core import (
    CARD,
    CLIENT,
    INSTALLMENT,
    CardInfo,
    ChosenInstallment,
    Client,
    InstallmentList,
    Message,
    Proceed,
    Reject,
)
from vezne_payment_credit_card.installment_selection import (
    CardType,
    InstallmentOption,
    InstallmentSelectionContext,
    InstallmentSelectionPage,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def page(shop) -> InstallmentSelectionPage:
    shop.listed = InstallmentList(
        (
            shop.offer(1, 1, "1000", "1000", label="Tek çekim", translations={"en": {"label": "At once"}}),
            shop.offer(3, 6, "1045", "174.17", rate=Decimal("4.50")),
        ),
        (Message("Up to {n} installments are available for this order.", {"n": 6}),),
    )
    return InstallmentSelectionPage(shop, shop)


async def test_the_context_lists_the_installments_of_the_card(page, snapshot) -> None:
    assert await page.context(snapshot()) == InstallmentSelectionContext(
        [
            InstallmentOption(1, 1, "At once", "1000.00", "1000.00"),
            InstallmentOption(3, 6, "6 installments", "1045.00", "174.17"),
        ],
        CardType("Bonus", "bonus", "/bonus.png"),
        ["Up to 6 installments are available for this order."],
    )


async def test_the_context_speaks_the_shoppers_language(page, shop, snapshot) -> None:
    shop.dictionary = {
        "tr:{n} installments": "{n} taksit",
        "tr:Up to {n} installments are available for this order.": "Bu siparişte en fazla {n} taksit var.",
    }
    context = await page.context(snapshot(CLIENT.fill(Client(language="tr"))))

    assert [option.label for option in context.installments] == ["Tek çekim", "6 taksit"]
    assert context.installment_messages == ["Bu siparişte en fazla 6 taksit var."]


async def test_a_single_payment_without_a_label_is_called_so(page, shop, snapshot) -> None:
    shop.listed = InstallmentList((shop.offer(1, 1, "1000", "1000"),))

    assert (await page.context(snapshot())).installments[0].label == "Single payment"


async def test_a_card_that_is_gone_has_no_type(page, snapshot) -> None:
    context = await page.context(snapshot(CARD.fill(CardInfo("542119", 77))))

    assert context.card_type is None


async def test_a_listed_installment_is_taken_with_its_rate(page, snapshot, submit) -> None:
    outcome = await submit(page, snapshot(), {"installment": "3"})

    assert outcome == Proceed(INSTALLMENT.fill(ChosenInstallment(pk=3, count=6, rate=Decimal("4.50"))))


@pytest.mark.parametrize("pk", ["2", "0", "-1"])
async def test_any_other_installment_is_rejected(page, snapshot, submit, pk) -> None:
    outcome = await submit(page, snapshot(), {"installment": pk})

    assert outcome == Reject({"installment": ["Please choose one of the installments listed."]})


@pytest.mark.parametrize("sent", [{}, {"installment": ""}, {"installment": "1.0"}, {"installment": "x"}])
async def test_what_is_no_key_is_told_by_field(page, snapshot, submit, sent) -> None:
    assert list(await submit(page, snapshot(), sent)) == ["installment"]
