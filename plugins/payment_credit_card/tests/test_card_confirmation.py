from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from vezne_core import (
    CARD,
    GATEWAY,
    INSTALLMENT,
    SHOPPER,
    THREE_D,
    BrowserFields,
    Capability,
    CardDetails,
    CardInfo,
    ChosenInstallment,
    GatewayInfo,
    Pay,
    Reject,
    Secret,
    Shopper,
    ThreeD,
    decode,
    without_secrets,
)
from vezne_payment_credit_card.card_confirmation import (
    CreditCardConfirmationContext,
    CreditCardConfirmationPage,
)

pytestmark = pytest.mark.anyio

CARD_OF_ADA = CardDetails(
    number=Secret("5421190000000009"), cvv=Secret("123"), holder="ADA LOVELACE", month=12, year=2030
)
REQUIRED = "This field is required."
MISSING = "An identity number is required in the shipping address for an order of this amount."
INVALID = "The identity number of the shipping address is not valid."


@pytest.fixture
def page(shop) -> CreditCardConfirmationPage:
    return CreditCardConfirmationPage(shop, shop, shop)


@pytest.fixture
def faults(page, snapshot, card_form, submit):
    """Post a card and return the errors by field."""

    async def found(preorder=None, **changes) -> dict[str, str]:
        outcome = await submit(page, preorder or snapshot(), card_form(**changes))
        errors = (
            outcome.errors if isinstance(outcome, Reject) else {} if isinstance(outcome, Pay) else outcome
        )
        return {field: sentence for field, (sentence,) in errors.items()}

    return found


async def test_a_good_card_pays(page, snapshot, card_form, submit) -> None:
    assert await submit(page, snapshot(), card_form()) == Pay(
        THREE_D.fill(ThreeD(False)), challenged=[THREE_D.fill(ThreeD(True))],
        card=CARD_OF_ADA, three_d=False, save_card=None,
    )  # fmt: skip


async def test_a_required_three_d_is_told_to_the_gateway(page, shop, snapshot, card_form, submit) -> None:
    shop.required = True
    outcome = await submit(page, snapshot(), card_form(use_three_d="0"))

    assert outcome.three_d is True
    assert outcome.changes == (THREE_D.fill(ThreeD(True)),)
    assert shop.asked == [("sandbox", False)]


@pytest.mark.parametrize(("sent", "wish"), [(None, None), ("1", True), ("0", False), ("", None)])
async def test_the_wish_for_three_d_is_handed_to_the_rules(
    page, shop, snapshot, card_form, submit, sent, wish
) -> None:
    await submit(page, snapshot(), card_form(use_three_d=sent))

    assert shop.asked == [("sandbox", wish)]


def test_the_form_asks_for_what_three_d_secure_wants_to_know(page) -> None:
    """The runner fills ``BrowserFields`` by these names; two headers it has from the request."""
    asked = {name.removeprefix("browser_") for name in page.form.__struct_fields__}

    assert set(BrowserFields.__struct_fields__) - asked == {"header", "user_agent"}


async def test_every_missing_field_is_told_at_once(page, snapshot, submit) -> None:
    outcome = await submit(page, snapshot(), {})

    assert outcome == Reject(
        {
            name: [REQUIRED]
            for name in ("card_number", "card_holder", "card_month", "card_year", "card_cvv", "agreement")
        }
    )


async def test_every_wrong_field_is_told_at_once(faults, snapshot) -> None:
    guest = snapshot(SHOPPER.fill(Shopper()), IDENTITY_NUMBER_REQUIRED_AMOUNT=Decimal(1))
    found = await faults(
        guest, card_number="5421190000000004", card_holder="4DA", card_month="13", card_year="26",
        card_cvv="12", agreement="0", save="1",
    )  # fmt: skip

    assert found == {
        "card_number": "Please enter a valid card number.",
        "card_holder": "Please enter the name as it stands on the card.",
        "card_month": "Please enter a valid month.",
        "card_year": "Please enter a valid year.",
        "card_cvv": "Please enter a valid security code.",
        "agreement": "This must be accepted.",
        "save": "Please sign in to save your card.",
        "card_name": REQUIRED,
        "non_field_errors": MISSING,
    }


AMEX = "378282246310005"


@pytest.mark.parametrize(
    "number",
    ["5421 1900 0000 0009", " 5421190000000009 ", "5421\N{NO-BREAK SPACE}190000000009"],
    ids=["groups", "around", "no-break"],
)
async def test_spaces_in_the_number_do_not_count(page, snapshot, card_form, submit, number) -> None:
    outcome = await submit(page, snapshot(), card_form(card_number=number))

    assert outcome.card == CARD_OF_ADA


@pytest.mark.parametrize(
    "number",
    [
        "5421190000000004", "542119000000000", "54211900000000008", "4791840000005", "5421-1900-0000-0009",
        "٥٤٢١١٩٠٠٠٠٠٠٠٠٠٩", "５４２１１９００００００００09", "+5421190000000009",
        "5421190000000009;", "abc", "0" * 11,
        "34343434343434", "3782822463100059",
    ],
)  # fmt: skip
async def test_what_is_no_card_number_is_refused(faults, snapshot, number) -> None:
    any_card = snapshot(CARD.fill(CardInfo("", 1)))

    assert await faults(any_card, card_number=number) == {"card_number": "Please enter a valid card number."}


@pytest.mark.parametrize(
    ("number", "cvv"),
    [
        (AMEX, "1234"),
        ("36700102000000", "123"),
        ("6304000000000000", "123"),
        ("676770000005", "123"),
        ("6304939304310009610", "123"),
    ],
    ids=["amex 15", "diners 14", "maestro 16", "maestro 12", "maestro 19"],
)
async def test_other_brands_have_other_lengths(faults, snapshot, number, cvv) -> None:
    any_card = snapshot(CARD.fill(CardInfo(number[:6], 1)))
    assert luhn.is_valid(number)

    assert await faults(any_card, card_number=number, card_cvv=cvv) == {}


@settings(deadline=None)
@given(body=st.integers(0, 10**9 - 1), wrong=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body, wrong) -> None:
    digits = f"542119{body:09}"
    check = int(luhn.calc_check_digit(digits))
    form, _ = decode(
        CreditCardConfirmationPage.form,
        {"card_number": f"{digits}{(check + wrong) % 10}"},
    )  # fmt: skip
    found = form.faults(today=datetime(2026, 5, 4, tzinfo=UTC).date(), bin_number="542119", guest=False)

    assert found["card_number"] == ["Please enter a valid card number."]


async def test_a_card_that_does_not_begin_with_the_bin_is_refused(faults) -> None:
    """Installments, interest and gateway were chosen by the bin; another card must not get them."""
    found = await faults(card_number="4791840000000004")

    assert found == {
        "card_number": "This is not the card whose first digits you entered. "
        "Please enter its first digits again."
    }


async def test_a_bin_of_eight_digits_binds_all_eight(faults, snapshot) -> None:
    assert await faults(snapshot(CARD.fill(CardInfo("54211900", 1)))) == {}
    assert list(await faults(snapshot(CARD.fill(CardInfo("54211901", 1))))) == ["card_number"]


@pytest.mark.parametrize(
    ("number", "cvv", "sound"),
    [
        ("5421190000000009", "123", True), ("5421190000000009", "1234", False),
        ("5421190000000009", "12", False), ("5421190000000009", "12a", False),
        ("5421190000000009", "١٢٣", False),
        (AMEX, "1234", True), (AMEX, "123", False),
    ],
)  # fmt: skip
async def test_the_security_code_has_the_length_of_its_brand(faults, snapshot, number, cvv, sound) -> None:
    any_card = snapshot(CARD.fill(CardInfo(number[:6], 1)))
    found = await faults(any_card, card_number=number, card_cvv=cvv)

    assert found == ({} if sound else {"card_cvv": "Please enter a valid security code."})


@pytest.mark.parametrize(
    "holder",
    ["Ada Lovelace", "ŞÜKRÜ ÇAĞLAR IŞIK", "Seán O'Neill", "O\N{RIGHT SINGLE QUOTATION MARK}Neill", "Jean-Luc",
     "J. R. R. Tolkien", "عبد الله", "王小明", "Zoe\N{COMBINING DIAERESIS}", "नरेंद्र मोदी"],
)  # fmt: skip
async def test_names_of_the_whole_world_are_names(faults, holder) -> None:
    assert await faults(card_holder=holder) == {}


@pytest.mark.parametrize(
    "holder",
    [
        "4DA",
        "-",
        "'.",
        "ADA_L",
        "ADA<script>",
        "5421190000000009",
        "A" * 101,
        "ADA\N{RIGHT-TO-LEFT OVERRIDE}",
    ],
)
async def test_what_is_no_name_is_refused(faults, holder) -> None:
    assert await faults(card_holder=holder) == {
        "card_holder": "Please enter the name as it stands on the card."
    }


async def test_the_name_reaches_the_bank_in_one_spelling(page, snapshot, card_form, submit) -> None:
    sent = "  Zoe\N{COMBINING DIAERESIS}   O\N{RIGHT SINGLE QUOTATION MARK}Neill "
    outcome = await submit(page, snapshot(), card_form(card_holder=sent))

    assert outcome.card.holder == "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} O'Neill"


@pytest.mark.parametrize(("month", "number"), [("1", 1), ("01", 1), (1, 1), ("09", 9), ("12", 12)])
async def test_a_month_has_one_or_two_digits(page, snapshot, card_form, submit, month, number) -> None:
    outcome = await submit(page, snapshot(), card_form(card_month=month))

    assert (outcome.card.month, outcome.card.year) == (number, 2030)


@pytest.mark.parametrize("month", ["0", "00", "13", "1.", "001", "-1", "x", "١"])
async def test_what_is_no_month_is_refused(faults, month) -> None:
    assert await faults(card_month=month) == {"card_month": "Please enter a valid month."}


@pytest.mark.parametrize("year", ["30", "20300", "x", "２０３０", "-203"])
async def test_what_is_no_year_is_refused(faults, year) -> None:
    assert await faults(card_year=year) == {"card_year": "Please enter a valid year."}


EXPIRED = "This card has expired."


@pytest.mark.parametrize(
    ("month", "year", "found"),
    [
        ("5", "2026", {}),
        ("4", "2026", {"card_month": EXPIRED}),
        ("12", "2025", {"card_year": EXPIRED}),
        ("1", "2027", {}),
    ],
    ids=["this month", "last month", "last year", "next year"],
)
async def test_a_card_is_good_to_the_end_of_its_month(faults, month, year, found) -> None:
    assert await faults(card_month=month, card_year=year) == found


@pytest.mark.parametrize(
    ("zone", "expired"),
    [("UTC", False), ("Europe/Istanbul", True), ("America/New_York", False)],
)
async def test_the_month_ends_in_the_merchants_time(faults, shop, snapshot, zone, expired) -> None:
    shop.time = datetime(2026, 4, 30, 22, tzinfo=UTC)

    found = await faults(snapshot(timezone=zone), card_month="4", card_year="2026")
    assert found == ({"card_month": EXPIRED} if expired else {})


async def test_a_signed_in_shopper_saves_the_card_under_a_name(page, snapshot, card_form, submit) -> None:
    outcome = await submit(page, snapshot(), card_form(save="1", card_name="My Visa"))

    assert outcome.save_card == "My Visa"


async def test_a_name_alone_does_not_save_the_card(page, snapshot, card_form, submit) -> None:
    outcome = await submit(page, snapshot(), card_form(card_name="My Visa"))

    assert outcome.save_card is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (None, REQUIRED),
        ("", REQUIRED),
        ("Visa 5421 1900 0000 0009", "Please choose a name without digits of your card."),
        ("x" * 65, "Ensure this field has no more than 64 characters."),
    ],
    ids=["missing", "blank", "the number itself", "too long"],
)
async def test_a_saved_card_needs_a_name_that_is_not_its_number(faults, name, sentence) -> None:
    assert {k: str(v) for k, v in (await faults(save="1", card_name=name)).items()} == {"card_name": sentence}


async def test_a_guest_cannot_save_a_card(faults, snapshot) -> None:
    guest = snapshot(SHOPPER.fill(Shopper()))

    assert await faults(guest, save="1", card_name="Mine") == {"save": "Please sign in to save your card."}


@pytest.mark.parametrize(
    ("limit", "fields", "found"),
    [
        (None, {}, None),
        ("1000.00", {}, None),
        ("999.99", {}, MISSING),
        ("999.99", {"identity_number": "10000000146"}, None),
        ("999.99", {"identity_number": "10000000147"}, INVALID),
        ("999.99", {"identity_number": "L01X00T47", "country": 2}, None),
        ("999.99", {"identity_number": " ", "country": 2}, MISSING),
        ("999.99", {"pk": None}, None),
    ],
    ids=["no limit", "at the limit", "above, none", "above, valid", "above, wrong", "abroad", "abroad, none",
         "a store's address"],
)  # fmt: skip
async def test_above_a_limit_the_address_needs_an_identity_number(
    faults, snapshot, limit, fields, found
) -> None:
    preorder = snapshot(IDENTITY_NUMBER_REQUIRED_AMOUNT=limit and Decimal(limit), **fields)

    assert await faults(preorder) == ({"non_field_errors": found} if found else {})


async def test_interest_can_lift_an_order_above_the_limit(faults, snapshot) -> None:
    chosen = INSTALLMENT.fill(ChosenInstallment(pk=3, count=6, rate=Decimal("4.50")))
    limit = {"IDENTITY_NUMBER_REQUIRED_AMOUNT": Decimal("1044.99")}

    assert await faults(snapshot(**limit)) == {}
    assert await faults(snapshot(chosen, **limit)) == {"non_field_errors": MISSING}


async def test_a_card_that_was_declined_too_often_is_turned_away(
    page, shop, snapshot, card_form, submit
) -> None:
    shop.exhausted = {"5421190000000009"}

    assert await submit(page, snapshot(), card_form()) == Reject(
        {
            "non_field_errors": [
                "This card cannot be tried again for now. Please choose another card or another way to pay."
            ]
        }
    )
    assert shop.asked == []


async def test_nothing_that_stands_on_the_card_is_stored_with_the_attempt(page, card_form) -> None:
    form, _ = decode(page.form, card_form(save="1", card_name="Mine", browser_language="tr"))

    assert without_secrets(form) == {
        "agreement": True, "save": True, "card_name": "Mine", "browser_language": "tr"
    }  # fmt: skip
    for told in ("5421190000000009", "123", "ADA"):
        assert told not in repr(form)


@pytest.mark.parametrize(
    ("declared", "context"),
    [
        (None, CreditCardConfirmationContext(has_campaigns=False, has_rewards=False)),
        ([], CreditCardConfirmationContext(has_campaigns=False, has_rewards=False)),
        ([Capability.CAMPAIGNS], CreditCardConfirmationContext(has_campaigns=True, has_rewards=False)),
        ([Capability.REWARDS], CreditCardConfirmationContext(has_campaigns=False, has_rewards=True)),
    ],
    ids=["no gateway", "nothing", "campaigns", "rewards"],
)
async def test_the_context_tells_what_the_gateway_declares(page, snapshot, declared, context) -> None:
    preorder = snapshot()
    info = None if declared is None else GatewayInfo("sandbox", frozenset(one.value for one in declared))

    assert await page.context(preorder.with_value(GATEWAY, info)) == context
