"""How fast whole checkouts are, as a ratio to what the same server does at its best: ``python -m bench``."""
