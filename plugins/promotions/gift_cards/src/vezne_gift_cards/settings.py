"""Settings of gift cards."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from vezne_core import Secret, Settings

Count = Annotated[int, Meta(ge=1)]
Key = Annotated[Secret, Meta(min_length=32)]


class GiftCardsSettings(Settings, frozen=True):
    """Under which key cards are kept, and how often numbers and PINs may be tried."""

    key: Key
    """Numbers and PINs are kept as hashes under it. Cards are not found without it."""
    former_keys: tuple[Key, ...] = ()
    """Cards loaded under these are found, too."""
    tries: Count = 10
    """By one checkout, and by one account, within the window."""
    tries_per_address: Count = 30
    """From one network address, which many shoppers may share."""
    window_minutes: Count = 10
    tries_per_card: Count = 5
    """With one number, until it is locked; the right PIN sets the count back."""
    lock_minutes: Count = 60
    """Length of the first lock of a number; each further one is twice as long, up to 32 times."""
