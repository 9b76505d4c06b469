import pytest

from vezne_core import (
    MUST_ACCEPT,
    ORDER_NUMBER,
    REDIRECTED,
    REQUIRED,
    Challenge,
    Pay,
    Redirect,
    Redirected,
    ReturnAddress,
    decode,
    without_secrets,
)
from vezne_payment_redirection.payment_selected import (
    INSTALLMENTS,
    RedirectionPaymentSelectedForm,
    RedirectionPaymentSelectedPage,
)
from vezne_payment_redirection.slot import REDIRECT

PAGE = RedirectionPaymentSelectedPage()
STARTED = REDIRECT.fill(Challenge(hand_off=Redirect("https://bank.example/pay/1")))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, ReturnAddress(one_time="required")),
        ({"USE_ONE_TIME_TOKEN": False}, ReturnAddress(one_time="none")),
        (
            {"ORDERS_USE_ISOLATED_PRE_ORDER_ON_RETURN": True},
            ReturnAddress(one_time="required", number=True),
        ),
        (
            {"USE_ONE_TIME_TOKEN": False, "ORDERS_USE_ISOLATED_PRE_ORDER_ON_RETURN": True},
            ReturnAddress(one_time="none", number=True),
        ),
    ],
    ids=["default", "without token", "with number", "number only"],
)
async def test_the_agreement_starts_the_payment_and_the_settings_say_how_it_comes_back(
    submit, snapshot, settings, address
) -> None:
    assert await submit(PAGE, snapshot(**settings), {"agreement": "true"}) == Pay(
        return_address=address, back_to=RedirectionPaymentSelectedPage
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"agreement": [REQUIRED]}),
        ({"agreement": "false"}, {"agreement": [MUST_ACCEPT]}),
        (
            {"browser_installments": "1,3", "browser_client_type": "w" * 65},
            {
                "agreement": [REQUIRED],
                "browser_installments": [INSTALLMENTS],
                "browser_client_type": ["Ensure this field has no more than 64 characters."],
            },
        ),
    ],
    ids=["missing", "refused", "everything wrong at once"],
)
async def test_a_wrong_form_is_refused_field_by_field(submit, snapshot, sent, errors) -> None:
    refused = await submit(PAGE, snapshot(), sent)

    assert {name: [str(text) for text in texts] for name, texts in refused.items()} == errors


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("1", True),
        ("1:3:6:9:12", True),
        ("0", True),
        ("120", True),
        ("007", True),
        ("121", False),
        ("1:121", False),
        ("1000", False),
        ("-1", False),
        ("1:", False),
        (":1", False),
        ("1::3", False),
        ("1;3", False),
        ("1.5", False),
        ("three", False),
        ("١", False),
        ("1\n:2", False),
        (":".join(["1"] * 32), True),
        (":".join(["1"] * 33), False),
    ],
)
def test_installments_of_the_browser_are_counts_up_to_120_joined_by_colons(text, taken) -> None:
    form, errors = decode(RedirectionPaymentSelectedForm, {"agreement": "1", "browser_installments": text})

    assert errors == ({} if taken else {"browser_installments": [INSTALLMENTS]})
    if form is not None:
        assert form.browser_installments == text


@pytest.mark.parametrize("nothing", ["", None])
def test_the_browser_may_say_nothing(nothing) -> None:
    sent = {"agreement": "true", "browser_installments": nothing, "browser_client_type": nothing}

    assert decode(RedirectionPaymentSelectedForm, sent) == (RedirectionPaymentSelectedForm(True), {})


def test_the_gateway_is_told_what_the_browser_said() -> None:
    form = RedirectionPaymentSelectedForm(True, "1:3", "web")

    assert without_secrets(form) == {
        "agreement": True,
        "browser_installments": "1:3",
        "browser_client_type": "web",
    }


def test_a_started_payment_is_not_started_again(snapshot) -> None:
    assert not PAGE.done(snapshot())
    assert PAGE.done(snapshot(STARTED))


def test_who_left_for_the_provider_and_is_here_again_is_asked_again(snapshot) -> None:
    assert not PAGE.done(snapshot(STARTED, REDIRECTED.fill(Redirected())))


def test_a_new_start_clears_what_an_earlier_one_left() -> None:
    assert {REDIRECT, REDIRECTED} <= set(PAGE.resets)


def test_the_order_number_is_given_back() -> None:
    assert ORDER_NUMBER in PAGE.forgets


@pytest.mark.anyio
async def test_the_context_is_empty(snapshot) -> None:
    assert (await PAGE.context(snapshot())).__struct_fields__ == ()
