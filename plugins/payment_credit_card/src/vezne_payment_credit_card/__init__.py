"""Payment by credit card with installments and 3-D Secure, for Vezne."""
