"""Home delivery to an address of the shopper, for Vezne."""
