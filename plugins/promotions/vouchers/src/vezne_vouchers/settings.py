"""Settings of voucher codes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from vezne_core import Settings

Count = Annotated[int, Meta(ge=1)]


class VouchersSettings(Settings, frozen=True):
    """How often codes may be tried."""

    tries: Count = 10
    """By one checkout, and by one account."""
    tries_per_address: Count = 60
    """From one network address, which many shoppers may share."""
    window_minutes: Count = 10
