"""What the card pages remember beside the slots of core."""

from vezne_core import CARD, DEAL, INSTALLMENT, PAYMENT_OPTION, Challenge, Slot

CARD_CHALLENGE = Slot(
    "payment_credit_card.challenge", Challenge, depends_on=(PAYMENT_OPTION, CARD, INSTALLMENT, DEAL)
)
"""What the gateway gave for the step at the bank; losing it ends the started payment."""
