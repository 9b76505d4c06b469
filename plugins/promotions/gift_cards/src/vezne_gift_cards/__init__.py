"""Gift cards, for Vezne."""
