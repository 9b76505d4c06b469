"""The pages every shop has, registered through the same hooks as any plugin's."""
