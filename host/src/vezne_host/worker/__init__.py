"""What happens after the commit: the outbox handed to a queue, and from there to its consumers."""
