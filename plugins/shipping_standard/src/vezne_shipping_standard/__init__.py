"""Standard shipping options with rules and calculators, for Vezne."""
