"""What tests of the host and of everything above it share."""
