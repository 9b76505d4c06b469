import pytest

from vezne_core import Answer, Challenge, Deferred, Pay, PreOrder
from vezne_payment_credit_card.card_confirmation import CreditCardConfirmationPage
from vezne_payment_credit_card.slot import CARD_CHALLENGE
from vezne_payment_credit_card.three_d_secure import (
    CreditCardThreeDSecureContext,
    CreditCardThreeDSecurePage,
)

pytestmark = pytest.mark.anyio

PAGE = CreditCardThreeDSecurePage()
CHALLENGED = PreOrder.of(CARD_CHALLENGE.fill(Challenge(hand_off=Deferred())))
ANSWER = Answer(form=(("mdStatus", "1"), ("cavv", "x")), query=(("success", "true"),))


@pytest.mark.parametrize("success", ["true", "false"])
@pytest.mark.parametrize("three_d_secure", ["true", "0"])
async def test_the_gateway_judges_every_return_whatever_the_browser_says(
    submit, success, three_d_secure
) -> None:
    sent = {"success": success, "three_d_secure": three_d_secure, "mdStatus": "1"}

    assert await submit(PAGE, CHALLENGED, sent, answer=ANSWER) == Pay(
        answer=ANSWER, back_to=CreditCardConfirmationPage
    )


@pytest.mark.parametrize(
    ("sent", "missing"),
    [({}, {"success", "three_d_secure"}), ({"success": "true"}, {"three_d_secure"})],
    ids=["empty", "half"],
)
async def test_what_does_not_come_from_the_return_address_is_not_taken_for_a_return(
    submit, sent, missing
) -> None:
    assert (await submit(PAGE, CHALLENGED, sent, answer=ANSWER)).keys() == missing


@pytest.mark.parametrize(
    "field", [["a", "b"], "x" * 100_000, {"deep": [1]}, "\x00", None],
    ids=["repeated", "long", "object", "control", "null"],
)  # fmt: skip
async def test_no_shape_of_a_bank_field_loses_the_return(submit, field) -> None:
    sent = {
        "success": "true",
        "three_d_secure": "true",
        "conversationData": field,
        "md": field,
        "body": field,
    }

    assert isinstance(await submit(PAGE, CHALLENGED, sent, answer=ANSWER), Pay)


def test_the_step_exists_only_while_the_gateway_asks_for_it() -> None:
    assert PAGE.applies(CHALLENGED)
    assert not PAGE.applies(PreOrder.of())


async def test_the_context_names_the_address_to_leave_by() -> None:
    assert await PAGE.context(CHALLENGED) == CreditCardThreeDSecureContext("/orders/redirect-three-d/")
