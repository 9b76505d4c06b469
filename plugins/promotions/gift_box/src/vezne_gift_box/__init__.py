"""Gift boxes, for Vezne."""
