"""Play a bank: a real HTTP server with cards, 3-D Secure, faults and a ledger that survives a kill.

Nothing here knows Vezne. The README of this distribution is the bank's manual; clients are written from it.
"""

from vezne_payment_sandbox.bank.app import create_bank

__all__ = ["create_bank"]
