"""The demo shops: fixed data that the demo and the tests load."""
