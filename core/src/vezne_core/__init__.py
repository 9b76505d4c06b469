"""Page hookspecs and the pre-order model of the Vezne checkout."""
