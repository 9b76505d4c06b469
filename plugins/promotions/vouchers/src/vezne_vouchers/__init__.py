"""Voucher codes, for Vezne."""
