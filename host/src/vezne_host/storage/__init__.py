"""Where Vezne keeps things: PostgreSQL through the lane, Redis beside it, and both embedded on request."""
