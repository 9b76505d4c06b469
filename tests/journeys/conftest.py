"""Shoppers of the demo shops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from vezne_host.testing.house import House
from vezne_host.testing.journey import Enter, Shopper


@pytest.fixture
def enter(house: House) -> Iterator[Enter]:
    """Let a shopper with a fresh browser enter a shop: ``enter("lean", language="tr")``."""
    with ExitStack() as stack:

        def enters(merchant: str = "demo", language: str = "en") -> Shopper:
            return stack.enter_context(
                closing(Shopper(house.shop, host=f"{merchant}.localhost", language=language))
            )

        yield enters


@pytest.fixture
def guest(enter: Enter) -> Shopper:
    """A guest in the demo shop."""
    return enter()
