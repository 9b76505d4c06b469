"""The HTTP edge: requests into what the engine and the repositories ask for, answers into bytes."""
