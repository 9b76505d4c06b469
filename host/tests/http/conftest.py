"""Shoppers of the demo shops, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from uuid import uuid4

import pytest

from vezne_host.testing.house import House
from vezne_host.testing.journey import Shopper

Enter = Callable[..., Shopper]


@pytest.fixture
def enter(house: House) -> Iterator[Enter]:
    """Let a shopper with a fresh browser enter a shop: ``enter("lean", language="tr")``."""
    with ExitStack() as stack:

        def enters(merchant: str = "demo", language: str = "en") -> Shopper:
            shopper = Shopper(house.shop, host=f"{merchant}.localhost", language=language)
            return stack.enter_context(closing(shopper))

        yield enters


@pytest.fixture
def guest(enter: Enter) -> Shopper:
    """A guest in the demo shop."""
    return enter()


@pytest.fixture
def user(enter: Enter) -> Shopper:
    """A fresh user of the demo shop, signed in."""
    shopper = enter()
    answer = shopper.write(
        "POST", "/users/registration/", email=f"{uuid4().hex}@example.com", password="correct horse",
        first_name="Test", phone="05551112233",
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return shopper
