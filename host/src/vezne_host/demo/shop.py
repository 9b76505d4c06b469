"""Read the data of the demo merchants, which lies beside this module as TOML."""

from __future__ import annotations

from importlib import resources

from vezne_host.shopdata import ShopData, load

MERCHANTS = ("demo", "lean")
"""The merchants there is data for."""


def demo_shop(merchant: str) -> ShopData:
    """Return what a demo merchant begins with: what all of them have, and its own options.

    :raises KeyError: there is no such demo merchant.
    """
    if merchant not in MERCHANTS:
        raise KeyError(merchant)
    folder = resources.files("vezne_host.demo")
    return load(folder / "shared.toml", folder / f"{merchant}.toml")
