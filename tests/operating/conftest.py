"""A shop that is being operated: bank, server, worker, and the merchant's own server that hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any

import httpx
import pytest
from redis import Redis

from vezne_host.testing.house import House, Site
from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask, asking, broken_laws

from .office import NEW_KEY, OLD_KEY, Office, Receiver, until


def configured(text: str, place: str) -> str:
    """Add the merchant's server to the demo's configuration, and make its gateway impatient."""
    changed = text.replace('"127.0.0.1:8001"]', f'"127.0.0.1:8001", "{place}"]')
    changed = changed.replace("timeout = 3.0", "timeout = 1.0")
    assert place in changed
    assert "timeout = 1.0" in changed
    return f"""{changed}
[[merchants.demo.webhooks]]
url = "http://{place}/all"
keys = ["{OLD_KEY}", "{NEW_KEY}"]

[[merchants.demo.webhooks]]
url = "http://{place}/refunds"
events = ["payment.refunded"]
keys = ["{NEW_KEY}"]
"""


@pytest.fixture(scope="package")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
    receiver: Receiver,
) -> Iterator[Site]:
    text = configured((pytestconfig.rootpath / "plugins.toml").read_text(), receiver.place)
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    with fresh_database() as database_url:
        site = Site(tmp_path_factory.mktemp("operating"), text, database_url, session_redis_url)
        with site.bank(), site.shop(), site.worker():
            yield site


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


@pytest.fixture(scope="package")
def house(site: Site) -> House:
    return site.house


@pytest.fixture(scope="package")
def office(site: Site, receiver: Receiver) -> Office:
    return Office(house=site.house, config=site.folder / "plugins.toml", receiver=receiver)


@pytest.fixture(autouse=True)
def quiet_bank(office: Office) -> Iterator[None]:
    """Have the bank behave again after each test, and the receiver too."""
    yield
    httpx.delete(f"{office.house.bank}/control/faults").raise_for_status()
    office.receiver.answers.clear()


@pytest.fixture
def books_agree(office: Office) -> Iterator[None]:
    """After the test our books and the bank's agree."""
    yield
    broken: list[str] = []

    def hold() -> bool:
        broken[:] = broken_laws(office.house)
        return not broken

    until(hold, lambda: f"what is wrong with the books: {broken}; its end")


@pytest.fixture
def ask(house: House) -> Iterator[Ask]:
    with asking(house.database_url) as asks:
        yield asks


@pytest.fixture
def enter(house: House) -> Iterator[Enter]:
    with ExitStack() as stack:

        def enters(merchant: str = "demo", language: str = "en") -> Shopper:
            shopper = Shopper(house.shop, host=f"{merchant}.localhost", language=language)
            return stack.enter_context(closing(shopper))

        yield enters


@pytest.fixture
def guest(enter: Enter) -> Shopper:
    return enter()


@pytest.fixture(scope="package")
def refunder(office: Office) -> str:
    """A token that may do everything."""
    return office.token("read", "orders", "refund", name="everything")


Refund = Callable[..., httpx.Response]


@pytest.fixture
def refund(house: House, refunder: str) -> Iterator[Refund]:
    """Ask for a refund by HTTP: ``refund(number, "r1", amount="10.00")``."""
    with httpx.Client(base_url=house.shop, headers={"Host": "demo.localhost"}, timeout=30) as client:

        def refunds(number: str, action: str, **fields: Any) -> httpx.Response:
            return client.post(
                f"/operator/orders/{number}/refunds/", json={"action_id": action, **fields},
                headers={"Authorization": f"Bearer {refunder}"},
            )  # fmt: skip

        yield refunds
