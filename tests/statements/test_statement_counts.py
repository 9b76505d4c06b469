"""How many statements a request costs: exact numbers, whatever is enabled and however full the basket is.

BEGIN and COMMIT are counted where they are named. The driver's query logger
counts; SQLAlchemy's events do not see the lane.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
import uvicorn
from redis import Redis

from vezne_host.asgi import OPTIONS, make
from vezne_host.config import Configuration, load
from vezne_host.demo.party import moved
from vezne_host.servers import Addresses
from vezne_host.testing.house import Site, free_port
from vezne_host.testing.journey import Shopper
from vezne_host.testing.laws import asking

APPROVES = "5421190000000009"
NO_FUNDS = "5421190000000017"
CHARGES_WITHOUT_ANSWER = "5421190000000041"

WATCHER = ("FROM configuration_revision",)
"""What a process looks at beside its requests."""


class Counter:
    """What the lanes of a server in this process have run."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        if not any(word in text for word in WATCHER):
            self.texts.append(" ".join(text.split()))

    def of(self, step: Callable[[], object]) -> int:
        """Return how many statements a step costs."""
        time.sleep(0.02)  # the logger is told by the loop
        self.texts.clear()
        step()
        time.sleep(0.02)
        return len(self.texts)


class Counted(Shopper):
    """A shopper whose requests are counted."""

    counter: Counter

    def costs(self, step: Callable[[], object]) -> int:
        """Return how many statements a step costs."""
        return self.counter.of(step)


def serving(
    configuration: Configuration, addresses: Addresses, folder: Path, counter: Counter
) -> Iterator[str]:
    port = free_port()
    app = make(configuration, addresses, messages=folder, logger=counter)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **OPTIONS))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[Site]:
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    with fresh_database() as url:
        config = (pytestconfig.rootpath / "plugins.toml").read_text()
        site = Site(tmp_path_factory.mktemp("counted"), config, url, session_redis_url)
        with site.bank():
            yield site


@pytest.fixture(scope="module")
def counter() -> Counter:
    return Counter()


@pytest.fixture(scope="module")
def shop(
    site: Site, counter: Counter, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    configuration = moved(load(pytestconfig.rootpath / "plugins.toml"), site.shop_port, site.bank_port)
    addresses = Addresses(site.database_url, site.redis_url)
    yield from serving(configuration, addresses, tmp_path_factory.mktemp("messages"), counter)


@pytest.fixture
def guest(shop: str, counter: Counter) -> Iterator[Counted]:
    with closing(Counted(shop, host="demo.localhost")) as shopper:
        shopper.counter = counter
        yield shopper


def test_looking_costs_one_statement_and_one_more_when_there_is_something_to_save(guest: Counted) -> None:
    guest.buys()
    assert guest.costs(guest.get) == 2, "the pre-order is new"
    assert guest.costs(guest.get) == 1
    guest.buys(product=2)
    assert guest.costs(guest.get) == 2, "the basket has changed"
    assert guest.costs(guest.get) == 1


def test_a_visitor_without_a_session_costs_nothing(guest: Counted) -> None:
    assert guest.costs(guest.get) == 0


def test_a_page_costs_two_statements_and_a_refused_one_costs_one(guest: Counted) -> None:
    guest.buys()
    guest.get()
    pk = guest.has_address()
    assert guest.costs(lambda: guest.submit("IndexPage", user_email="nobody")) == 1
    assert guest.costs(lambda: guest.submit("IndexPage", user_email="guest@example.com")) == 2
    both = {"shipping_address": pk, "billing_address": pk}
    assert guest.costs(lambda: guest.submit("AddressSelectionPage", **both)) == 2
    assert guest.costs(lambda: guest.submit("ShippingOptionSelectionPage", shipping_option=1)) == 2
    assert guest.costs(lambda: guest.submit("PaymentOptionSelectionPage", payment_option=1)) == 2
    assert guest.costs(lambda: guest.submit("BinNumberPage", bin_number="542119")) == 2
    assert guest.costs(lambda: guest.submit("InstallmentSelectionPage", installment=1)) == 2
    assert guest.costs(lambda: guest.submit("OrderNotePage", notes="hello")) == 2
    assert guest.costs(lambda: guest.get("ShippingOptionSelectionPage")) == 1


def test_placing_costs_load_claim_and_place(guest: Counted) -> None:
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    assert guest.costs(lambda: guest.submit("FundsTransferPage", agreement="1")) == 3
    assert guest.pages == ["ThankYouPage"]
    assert guest.costs(lambda: guest.submit("FundsTransferPage", agreement="1")) == 1


@pytest.mark.parametrize(
    ("number", "use_three_d", "page"),
    [
        pytest.param(APPROVES, 0, "ThankYouPage", id="approved"),
        pytest.param(NO_FUNDS, 0, "CreditCardConfirmationPage", id="declined"),
        pytest.param(APPROVES, 1, "CreditCardThreeDSecurePage", id="challenged"),
        pytest.param(CHARGES_WITHOUT_ANSWER, 0, "CreditCardConfirmationPage", id="unknown"),
    ],
)
def test_a_card_costs_three_whatever_the_bank_says(
    guest: Counted, number: str, use_three_d: int, page: str
) -> None:
    guest.comes_to_card()
    assert guest.costs(lambda: guest.pays_by_card(number, use_three_d=use_three_d)) == 3
    assert guest.pending == page


def test_a_return_from_the_bank_costs_three_without_a_session(guest: Counted) -> None:
    guest.comes_to_card()
    guest.pays_by_card(APPROVES, use_three_d=1)
    back = guest.types_otp("123456")
    assert guest.costs(lambda: guest.comes_back(*back)) == 3
    assert guest.costs(guest.get) == 2, "the session gets its new id"
    assert guest.pages == ["ThankYouPage"]


def test_a_voucher_adds_one_statement_to_the_claim_and_one_to_the_place(guest: Counted) -> None:
    guest.comes_to_payment()
    guest.submit("VoucherCodePage", voucher_code="WELCOME2024")
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    guest.get()
    guest.counter.of(lambda: guest.submit("FundsTransferPage", agreement="1"))
    assert guest.pages == ["ThankYouPage"], guest.errors
    words = [text.split(" ")[0].rstrip(";") for text in guest.counter.texts]
    assert words.count("BEGIN") == words.count("COMMIT") == 2
    assert len(words) - 4 <= 3 + 3, words


@pytest.mark.parametrize("lines", [1, 5])
def test_the_basket_does_not_count(guest: Counted, lines: int) -> None:
    for product in (1, 2, 4, 3, 5)[:lines]:
        guest.buys(product=product)
    guest.get()
    assert guest.costs(guest.get) == 1
    assert guest.costs(lambda: guest.submit("IndexPage", user_email="guest@example.com")) == 2
    guest.comes_to_payment()
    guest.submit("PaymentOptionSelectionPage", payment_option=2)
    guest.submit("FundsTransferChoicePage", bank_account=1)
    assert guest.costs(lambda: guest.submit("FundsTransferPage", agreement="1")) == 3
    assert guest.pages == ["ThankYouPage"]


def test_the_number_of_options_does_not_count(guest: Counted, site: Site) -> None:
    option = (
        "INSERT INTO configuration (merchant, kind, pk, body) "
        "SELECT merchant, kind, 1000 + n, jsonb_set(body, '{pk}', to_jsonb(1000 + n)) "
        "FROM configuration, generate_series(1, 40) n "
        "WHERE merchant = 'demo' AND kind = 'shipping_option' AND pk = 1"
    )
    with asking(site.database_url) as ask:
        ask(option)
        ask("UPDATE configuration_revision SET revision = revision + 1 WHERE merchant = 'demo'")
    time.sleep(1.5)  # loaded within a second of the change
    guest.buys()
    guest.get()
    guest.submit("IndexPage", user_email="guest@example.com")
    pk = guest.has_address()
    both = {"shipping_address": pk, "billing_address": pk}
    assert guest.costs(lambda: guest.submit("AddressSelectionPage", **both)) == 2
    assert len(guest.context("ShippingOptionSelectionPage")["shipping_options"]) > 40
    assert guest.costs(guest.get) == 1


def test_the_number_of_plugins_does_not_count(
    site: Site, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """The small shop and the one with everything cost the same."""
    counter = Counter()
    configuration = moved(load(pytestconfig.rootpath / "plugins.toml"), site.shop_port, site.bank_port)
    addresses = Addresses(site.database_url, site.redis_url)
    for shop in serving(configuration, addresses, tmp_path, counter):
        with closing(Counted(shop, host="lean.localhost")) as guest:
            guest.counter = counter
            guest.buys()
            assert guest.costs(guest.get) == 2
            assert guest.costs(guest.get) == 1
            assert guest.costs(lambda: guest.submit("IndexPage", user_email="guest@example.com")) == 2
