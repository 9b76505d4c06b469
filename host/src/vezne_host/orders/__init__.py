"""Orders that stand: how they are shown, and how they move on."""
