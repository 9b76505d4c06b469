"""What the host lends to plugins, one merchant at a time."""
