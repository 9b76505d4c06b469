"""Basket offers, for Vezne."""
