"""Telling merchants' servers what happened: one consumer of the outbox."""
