"""The only rooms in which money moves."""
