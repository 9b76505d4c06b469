"""Payment on the page of a payment provider, for Vezne."""
