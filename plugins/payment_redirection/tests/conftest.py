"""A checkout in which payment by redirection is chosen, without a host."""

import pytest

from vezne_core import (
    CONFIG,
    PAYMENT_OPTION,
    UNPAID,
    CheckoutSettings,
    ChosenPayment,
    Config,
    Money,
    PreOrder,
    Unpaid,
    decode,
)


@pytest.fixture
def snapshot():
    """Make the pre-order of a shopper who has chosen to pay at the provider, under some settings."""

    def made(*fills, **settings) -> PreOrder:
        return PreOrder.of(
            CONFIG.fill(Config(revision=1, checkout=CheckoutSettings(**settings))),
            PAYMENT_OPTION.fill(ChosenPayment(5, "redirection")),
            UNPAID.fill(Unpaid(amount=Money.of("229.80", "TRY"))),
            *fills,
        )

    return made


@pytest.fixture
def submit():
    """Post a form to a page as the engine does: decode, then process."""

    async def posted(page, preorder, sent, **more):
        form, errors = decode(page.form, sent, **more)
        return errors if form is None else await page.process(preorder, form)

    return posted
