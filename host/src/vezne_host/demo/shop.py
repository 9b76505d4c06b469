"""Read the data of the demo merchants, which lies beside this module as TOML."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from vezne_core import Loader
from vezne_host.loading import Batch, read
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


def demo_batches(merchant: str, loaders: Iterable[Loader]) -> tuple[Batch, ...]:
    """Return what the tables of plugins begin with.

    It lies in ``<merchant>.<loader>.toml``, which is read only where the plugin is enabled.
    """
    folder = resources.files("vezne_host.demo")
    files = [(folder / f"{merchant}.{loader.name}.toml", loader) for loader in loaders]
    return tuple(batch for file, loader in files if file.is_file() for batch in read(file, [loader]))
