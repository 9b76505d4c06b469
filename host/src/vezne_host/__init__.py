"""The Litestar host that serves a Vezne checkout."""
