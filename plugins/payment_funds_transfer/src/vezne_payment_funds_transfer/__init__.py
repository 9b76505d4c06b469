"""Payment by bank transfer, for Vezne."""
