"""What the redirection pages remember beside the slots of core."""

from vezne_core import DEAL, PAYMENT_OPTION, Challenge, Slot

REDIRECT = Slot("payment_redirection.redirect", Challenge, depends_on=(PAYMENT_OPTION, DEAL))
"""Where the provider wants the shopper; losing it ends the started payment."""
