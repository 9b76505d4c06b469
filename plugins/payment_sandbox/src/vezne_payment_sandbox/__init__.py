"""A sandbox bank and the card gateway that talks to it, for Vezne."""
