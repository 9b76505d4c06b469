import msgspec
import pytest

from vezne_core import (
    INSTALLMENT,
    Answer,
    Challenge,
    ChosenInstallment,
    FormPost,
    Html,
    Money,
    Pay,
    Redirect,
)
from vezne_payment_redirection.page_complete import RedirectionPageCompletePage
from vezne_payment_redirection.payment_selected import RedirectionPaymentSelectedPage
from vezne_payment_redirection.slot import REDIRECT

pytestmark = pytest.mark.anyio


class Links:
    def path(self, path: str) -> str:
        return f"https://shop.example{path}"


PAGE = RedirectionPageCompletePage(Links())
ANSWER = Answer(form=(("status", "success"), ("hash", "x")), query=(("success", "true"),))


def chosen(count: int, interest: str) -> Pay:
    picked = ChosenInstallment(pk=0, count=count, interest=Money.of(interest, "TRY"))
    return Pay(INSTALLMENT.fill(picked), answer=ANSWER, back_to=RedirectionPaymentSelectedPage)


@pytest.mark.parametrize("success", ["true", "false", "1", "False"])
async def test_the_gateway_judges_every_answer_whatever_the_browser_says(submit, snapshot, success) -> None:
    outcome = await submit(PAGE, snapshot(), {"success": success, "status": "paid"}, answer=ANSWER)

    assert outcome == Pay(answer=ANSWER, back_to=RedirectionPaymentSelectedPage)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ({"installment_count": "3", "interest_fee": "4.60"}, chosen(3, "4.60")),
        ({"installment_count": "3"}, chosen(3, "0.00")),
        ({"installment_count": "3", "interest_fee": "4.605"}, chosen(3, "4.61")),
        ({"installment_count": "1", "interest_fee": "0"}, chosen(1, "0.00")),
        ({"installment_count": "0"}, Pay(answer=ANSWER, back_to=RedirectionPaymentSelectedPage)),
        ({"interest_fee": "4.60"}, Pay(answer=ANSWER, back_to=RedirectionPaymentSelectedPage)),
    ],
    ids=["count and fee", "no fee", "rounded half up", "one payment", "none", "fee alone"],
)
async def test_installments_that_the_provider_sends_back_are_taken_over(
    submit, snapshot, sent, outcome
) -> None:
    assert await submit(PAGE, snapshot(), {"success": "true", **sent}, answer=ANSWER) == outcome


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"success"}),
        ({"success": "perhaps"}, {"success"}),
        ({"success": "true", "installment_count": "121"}, {"installment_count"}),
        ({"success": "true", "installment_count": "-1", "interest_fee": "-4"},
         {"installment_count", "interest_fee"}),
        ({"installment_count": "many", "interest_fee": "1e3"},
         {"success", "installment_count", "interest_fee"}),
    ],
    ids=["empty", "no boolean", "too many", "below zero", "no numbers"],
)  # fmt: skip
async def test_what_is_no_answer_is_refused_field_by_field(submit, snapshot, sent, wrong) -> None:
    assert (await submit(PAGE, snapshot(), sent, answer=ANSWER)).keys() == wrong


@pytest.mark.parametrize(
    ("hand_off", "framed"),
    [
        (Redirect("https://bank.example/pay/1"), False),
        (Redirect("https://bank.example/pay/1", iframe=True), True),
        (FormPost("https://bank.example/pay", {"a": "b"}), False),
        (Html("<form></form>"), False),
    ],
    ids=["redirect", "frame", "form", "html"],
)
async def test_the_context_names_the_bridge_to_the_provider(snapshot, hand_off, framed) -> None:
    context = await PAGE.context(snapshot(REDIRECT.fill(Challenge(hand_off=hand_off))))

    assert msgspec.to_builtins(context) == {
        "redirect_url": "https://shop.example/orders/redirection/",
        "is_iframe": framed,
    }
