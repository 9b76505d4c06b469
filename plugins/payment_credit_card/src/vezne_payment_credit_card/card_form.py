"""The card form, and everything that can be wrong with it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct
from stdnum import luhn

from vezne_core import MUST_ACCEPT, REQUIRED, CardDetails, Errors, Secret
from vezne_payment_credit_card.brand import Brand, brand_of

NUMBER = "Please enter a valid card number."
OTHER_CARD = "This is not the card whose first digits you entered. Please enter its first digits again."
HOLDER = "Please enter the name as it stands on the card."
MONTH = "Please enter a valid month."
YEAR = "Please enter a valid year."
EXPIRED = "This card has expired."
CVV = "Please enter a valid security code."
NO_NUMBER = "Please choose a name without digits of your card."
SIGN_IN = "Please sign in to save your card."

_DIGITS_OF_A_CARD = 12
"""The shortest card number; as many digits in a card's name are taken for one."""

_LONGEST_NAME = 100

Browser = Annotated[str, Meta(max_length=256)]


class CreditCardConfirmationForm(Struct, frozen=True, kw_only=True):
    """A card, the agreement, and what 3-D Secure wants to know of the browser.

    The attempt tells the gateway what the ``browser_*`` fields say.

    The required fields take None so that the form is always read and
    :meth:`faults` can tell everything that is wrong at once. What stands on the
    card is secret: a form is stored with its attempt, secrets are left out.
    """

    card_number: Secret | None
    card_holder: Secret | None
    card_month: Secret | None
    card_year: Secret | None
    card_cvv: Secret | None
    agreement: bool | None
    save: bool = False
    card_name: Annotated[str, Meta(max_length=64)] | None = None
    """What the shopper calls the card; needed to save it."""
    use_three_d: bool | None = None
    """A wish that the merchant's rules may override."""
    client_time: datetime | None = None
    browser_java_enabled: bool | None = None
    browser_language: Browser | None = None
    browser_color_depth: Browser | None = None
    browser_screen_height: Browser | None = None
    browser_screen_width: Browser | None = None
    browser_time_zone: Browser | None = None
    """Minutes; UTC-4 is 240."""

    @property
    def number(self) -> str:
        """The card number without spaces."""
        return re.sub(r"\s", "", _text(self.card_number))

    @property
    def holder(self) -> str:
        """The name on the card, composed, with plain apostrophes and single spaces."""
        name = unicodedata.normalize("NFC", _text(self.card_holder))
        return " ".join(name.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())

    def faults(self, *, today: date, bin_number: str, guest: bool) -> Errors:
        """Return a sentence for every field that is wrong.

        :param today: in the merchant's time.
        :param bin_number: first digits by which installments and gateway were chosen.
        """
        found: dict[str, str] = {}
        for name in ("card_number", "card_holder", "card_month", "card_year", "card_cvv", "agreement"):
            if getattr(self, name) is None:
                found[name] = REQUIRED
        if self.agreement is False:
            found["agreement"] = MUST_ACCEPT
        brand = self._check_number(found, bin_number)
        self._check_expiry(found, today)
        if "card_holder" not in found and not _is_name(self.holder):
            found["card_holder"] = HOLDER
        if "card_cvv" not in found and not _is_cvv(_text(self.card_cvv), brand):
            found["card_cvv"] = CVV
        if self.save:
            self._check_save(found, guest)
        return {name: [sentence] for name, sentence in found.items()}

    def _check_number(self, found: dict[str, str], bin_number: str) -> Brand | None:
        """Check the number; return its brand when it is sound."""
        if "card_number" in found:
            return None
        number, brand = self.number, brand_of(self.number)
        sound = number.isascii() and number.isdigit() and len(number) in brand.lengths
        if not sound or not luhn.is_valid(number):
            found["card_number"] = NUMBER
            return None
        if not number.startswith(bin_number):
            found["card_number"] = OTHER_CARD
        return brand

    def _check_expiry(self, found: dict[str, str], today: date) -> None:
        """Check month and year: a card is good to the end of its month."""
        month, year = _text(self.card_month), _text(self.card_year)
        if "card_month" not in found and not re.fullmatch(r"0?[1-9]|1[0-2]", month):
            found["card_month"] = MONTH
        if "card_year" not in found and not re.fullmatch(r"[0-9]{4}", year):
            found["card_year"] = YEAR
        if "card_year" in found:
            return
        if int(year) < today.year:
            found["card_year"] = EXPIRED
        elif "card_month" not in found and (int(year), int(month)) < (today.year, today.month):
            found["card_month"] = EXPIRED

    def _check_save(self, found: dict[str, str], guest: bool) -> None:
        if guest:
            found["save"] = SIGN_IN
        if self.card_name is None:
            found["card_name"] = REQUIRED
        elif sum(character.isdigit() for character in self.card_name) >= _DIGITS_OF_A_CARD:
            found["card_name"] = NO_NUMBER

    def card(self) -> CardDetails:
        """Return the card of a form without faults."""
        return CardDetails(
            number=Secret(self.number),
            cvv=self.card_cvv,
            holder=self.holder,
            month=int(_text(self.card_month)),
            year=int(_text(self.card_year)),
        )


def _text(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""


def _is_name(text: str) -> bool:
    """Tell whether a text can be a name: letters of any script, marks, spaces, ``' - .``."""
    kinds = {unicodedata.category(character)[0] for character in text if character not in " '-."}
    return len(text) <= _LONGEST_NAME and "L" in kinds and kinds <= {"L", "M"}


def _is_cvv(text: str, brand: Brand | None) -> bool:
    lengths = {brand.cvv} if brand else {3, 4}
    return text.isascii() and text.isdigit() and len(text) in lengths
