"""Shipping options of a merchant: the demo shop's table, remote prices over a real connection, faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import Struct
from structlog.testing import capture_logs

from vezne_core import (
    BASKET,
    CALCULATOR_TYPES,
    CONFIG,
    DESTINATION,
    LINE_PRICES,
    RULE_TYPES,
    SHOPPER,
    Address,
    Basket,
    BasketLine,
    CheckoutSettings,
    Config,
    Country,
    Destination,
    Money,
    PreOrder,
    Product,
    Record,
    Refused,
    Response,
    Role,
    RuleBook,
    RuleCase,
    RuleType,
    ShippingOption,
    Shopper,
    Unavailable,
    calculator_types,
)  # fmt: skip
from vezne_host.catalogue import Snapshot
from vezne_host.services.quote import KEEP
from vezne_host.services.shipping import ShippingOptions, ready_options

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KADIKOY = Address(pk=1, country=1, city=34, township=3401)
CANKAYA = Address(pk=2, country=1, city=6, township=601)
BERLIN = Address(pk=3, country=2, city=100, township=10001)

COUNTRY_1 = {"slug": "country-rule", "countries": [1]}
DEMO = (
    ShippingOption(
        pk=1, name="Standard", slug="standard", calculator={"slug": "fixed", "amount": "29.90"},
        rules=(COUNTRY_1,), sort_order=1,
    ),
    ShippingOption(
        pk=2, name="Express", slug="express", sort_order=2,
        calculator={
            "slug": "weight",
            "tiers": [
                {"up_to": "1", "amount": "59.90"}, {"up_to": "5", "amount": "89.90"}, {"amount": "149.90"},
            ],
        },
        rules=(COUNTRY_1, {"slug": "city-rule", "cities": [34]}),
    ),
    ShippingOption(
        pk=3, name="Free over 1000", slug="free-over-1000", calculator={"slug": "free"}, sort_order=3,
        rules=(COUNTRY_1, {"slug": "basket-total-rule", "min": "1000.00"}),
    ),
    ShippingOption(
        pk=4, name="International", slug="international", sort_order=4,
        calculator={
            "slug": "price", "tiers": [{"below": "500.00", "amount": "250.00"}, {"amount": "400.00"}],
        },
        rules=({"slug": "not-rule", "child": COUNTRY_1},),
    ),
    ShippingOption(
        pk=5, name="Same day", slug="same-day", calculator={"slug": "fixed", "amount": "79.90"},
        rules=({"slug": "city-rule", "cities": [34]},), sort_order=5,
        kwargs={"required_fields": ["delivery_date", "time_slot"]},
    ),
)  # fmt: skip
GOODS = {
    "tshirt": ("199.90", "0.30"),
    "mug": ("89.50", "0.45"),
    "lamp": ("450.00", "1.80"),
    "phone": ("24999.00", "0.40"),
}


def preorder(*goods: str, to: Address | None = KADIKOY, timezone: str = "Europe/Istanbul") -> PreOrder:
    lines = tuple(
        BasketLine(
            pk=at,
            product=Product(
                pk=at, sku=name, name=name, price=Money.of(GOODS[name][0], "TRY"), tax_rate=Decimal(20),
                weight=Decimal(GOODS[name][1]),
            ),
            quantity=1,
            unit_price=Money.of(GOODS[name][0], "TRY"),
        )
        for at, name in enumerate(goods or ["tshirt"], start=1)
    )  # fmt: skip
    made = PreOrder.of(
        BASKET.fill(Basket(pk=1, currency="TRY", lines=lines, created=NOW, modified=NOW)),
        SHOPPER.fill(Shopper()),
        CONFIG.fill(Config(revision=1, checkout=CheckoutSettings(), timezone=timezone)),
    )
    return made.with_value(DESTINATION, Destination(kind="customer", address=to)) if to else made


class Live:
    """The configuration as it stands, in the snapshot of the moment."""

    def __init__(self, *records: Record) -> None:
        self.snapshot = Snapshot(1, records)

    def change(self, *records: Record) -> None:
        self.snapshot = Snapshot(self.snapshot.revision + 1, records)

    @property
    def revision(self) -> int:
        return self.snapshot.revision

    def all(self, type: Any) -> Any:
        return self.snapshot.all(type)

    def get(self, type: Any, pk: int | None) -> Any:
        return self.snapshot.get(type, pk)


def service(
    clock: Any, catalogue: Live, types: Iterable[RuleType] = (), deadline: float = 12.0
) -> ShippingOptions:
    kinds = [*types] or [*CALCULATOR_TYPES]
    return ShippingOptions(catalogue, lambda: RuleBook([*RULE_TYPES, *kinds]), clock, deadline=deadline)


async def prices(shipping: ShippingOptions, given: PreOrder) -> dict[str, str]:
    return {one.option.slug: one.amount.wire for one in await shipping.offered(given)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            preorder("tshirt"),
            {"standard": "29.90", "express": "59.90", "same-day": "79.90"},
            id="a light basket to İstanbul",
        ),
        pytest.param(
            preorder("tshirt", "lamp"),
            {"standard": "29.90", "express": "89.90", "same-day": "79.90"},
            id="a heavier one",
        ),
        pytest.param(
            preorder("lamp", "lamp", "lamp"),
            {"standard": "29.90", "express": "149.90", "free-over-1000": "0.00", "same-day": "79.90"},
            id="a heavy one above 1000",
        ),
        pytest.param(preorder("tshirt", to=CANKAYA), {"standard": "29.90"}, id="to Ankara"),
        pytest.param(
            preorder("phone", to=CANKAYA),
            {"standard": "29.90", "free-over-1000": "0.00"},
            id="a phone to Ankara",
        ),
        pytest.param(preorder("lamp", to=BERLIN), {"international": "250.00"}, id="to Berlin, below 500"),
        pytest.param(
            preorder("lamp", "mug", to=BERLIN), {"international": "400.00"}, id="to Berlin, above 500"
        ),
        pytest.param(
            preorder("lamp").with_value(LINE_PRICES, {1: Money.of("1000.00", "TRY")}),
            {"standard": "29.90", "express": "89.90", "free-over-1000": "0.00", "same-day": "79.90"},
            id="a remote price brings it to 1000",
        ),
    ],
)
async def test_demo_shop_offers(clock: Any, given: PreOrder, expected: dict[str, str]) -> None:
    shipping = service(clock, Live(*DEMO))

    assert await prices(shipping, given) == expected
    assert [option.slug for option in shipping.options(given)] == list(expected)


async def test_amount_of_an_option_is_told_by_its_key(clock: Any) -> None:
    shipping = service(clock, Live(*DEMO))

    assert await shipping.amount(preorder("lamp"), 2) == Money.of("89.90", "TRY")
    assert await shipping.amount(preorder("lamp"), 77) is None


async def test_inactive_option_is_neither_offered_nor_priced_nor_checked(clock: Any) -> None:
    closed = ShippingOption(pk=9, name="Old", slug="old", calculator={"slug": "abacus"}, is_active=False)
    shipping = service(clock, Live(*DEMO, closed))

    assert "old" not in await prices(shipping, preorder())
    assert await shipping.amount(preorder(), 9) is None


def test_everything_wrong_with_the_options_is_told_at_once() -> None:
    wrong = (
        ShippingOption(
            pk=1, name="A", slug="a", calculator={"slug": "abacus"},
            rules=({"slug": "any-rule"}, {"slug": "planet-rule"}),
        ),
        ShippingOption(pk=2, name="B", slug="b", calculator={"slug": "fixed", "amount": "much"}),
    )  # fmt: skip

    with pytest.raises(Refused) as refused:
        ready_options(Snapshot(1, wrong), RuleBook([*RULE_TYPES, *CALCULATOR_TYPES]))

    assert [problem.place for problem in refused.value.problems] == [
        "configuration shipping_option 1.rules 2",
        "configuration shipping_option 1.calculator",
        "configuration shipping_option 2.calculator, calculator fixed",
    ]


async def test_options_are_made_ready_once_per_revision(clock: Any) -> None:
    made: list[str] = []

    class Text(Struct, frozen=True):
        amount: str

    def judge(given: Text, book: RuleBook) -> Callable[[RuleCase], Money]:
        made.append(given.amount)
        return lambda case: Money.of(given.amount, case.currency)

    def option(amount: str) -> ShippingOption:
        return ShippingOption(pk=1, name="A", slug="a", calculator={"slug": "seen", "amount": amount})

    live = Live(option("1"))
    shipping = service(clock, live, [RuleType(role=Role.CALCULATOR, name="seen", params=Text, judge=judge)])

    for _ in range(3):
        assert await prices(shipping, preorder()) == {"a": "1.00"}
    live.change(option("2"))

    assert await prices(shipping, preorder()) == {"a": "2.00"}
    assert made == ["1", "2"]


async def test_hours_of_an_option_are_on_the_merchants_clock(clock: Any) -> None:
    night = ShippingOption(
        pk=1, name="Night", slug="night", calculator={"slug": "free"},
        rules=({"slug": "time-window-rule", "start": "22:00", "end": "23:00"},),
    )  # fmt: skip
    shipping = service(clock, Live(night))
    clock.time = datetime(2026, 5, 4, 19, 30, tzinfo=UTC)

    assert await prices(shipping, preorder(timezone="Europe/Istanbul")) == {"night": "0.00"}
    assert await prices(shipping, preorder(timezone="Europe/London")) == {}


# Remote prices, over a real connection.


class Web:
    """The way out, as far as a calculator needs it."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float = 10.0,
        hosts: Sequence[str] | None = None,
    ) -> Response:
        try:
            async with asyncio.timeout(timeout), httpx.AsyncClient(trust_env=False) as client:
                got = await client.request(method, url, headers=dict(headers or {}), content=content)
        except (TimeoutError, httpx.TransportError) as error:
            raise Unavailable(repr(error)) from error
        return Response(
            got.status_code, {name.lower(): text for name, text in got.headers.items()}, got.content
        )


class QuoteServer:
    """A quote service that listens; what it answers is set by path."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, Any]] = []
        self.answers: dict[str, Callable[[], Awaitable[tuple[int, bytes]]]] = {}

    def says(self, path: str, content: bytes, status: int = 200) -> None:
        async def answer() -> tuple[int, bytes]:
            return status, content

        self.answers[path] = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        path = head.split(" ")[1]
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        self.asked.append((path, msgspec.json.decode(await reader.readexactly(length))))
        status, content = await self.answers[path]()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()


@pytest.fixture
async def quotes() -> AsyncIterator[QuoteServer]:
    service = QuoteServer()
    over = asyncio.Event()

    async def never() -> tuple[int, bytes]:
        await over.wait()
        return 200, b""

    service.answers["/silent"] = never
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield service
    over.set()
    server.close()
    await server.wait_closed()


def remote(quotes: QuoteServer, pk: int, path: str, timeout: float = 5.0) -> ShippingOption:
    return ShippingOption(
        pk=pk, name=path, slug=path.strip("/"),
        calculator={"slug": "remote", "url": quotes.url + path, "timeout": timeout},
    )  # fmt: skip


async def test_remote_prices_are_asked_for_at_the_same_time(clock: Any, quotes: QuoteServer) -> None:
    """Each service answers only when the other was asked too."""
    both = asyncio.Barrier(2)

    async def answer() -> tuple[int, bytes]:
        await both.wait()
        return 200, b'{"amount": "12.50"}'

    quotes.answers |= {"/a": answer, "/b": answer}
    live = Live(remote(quotes, 1, "/a"), remote(quotes, 2, "/b"), *DEMO[4:])
    shipping = service(clock, live, calculator_types(Web()))

    assert await prices(shipping, preorder()) == {"a": "12.50", "b": "12.50", "same-day": "79.90"}
    assert sorted(path for path, _ in quotes.asked) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/down", "answered with status 503", id="down"),
        pytest.param("/garbage", "answered no amount", id="garbage"),
        pytest.param("/silent", "TimeoutError", id="silent"),
    ],
)
async def test_option_without_a_price_is_left_out_and_the_reason_logged(
    clock: Any, quotes: QuoteServer, path: str, reason: str
) -> None:
    quotes.says("/down", b'{"amount": "1.00"}', 503)
    quotes.says("/garbage", b"<html>")
    quotes.says("/fine", b'{"amount": "12.50"}')
    live = Live(remote(quotes, 1, path, timeout=0.2), remote(quotes, 2, "/fine"))
    shipping = service(clock, live, calculator_types(Web()))

    with capture_logs() as logs:
        offered = await prices(shipping, preorder())
        amount = await shipping.amount(preorder(), 1)

    assert offered == {"fine": "12.50"}
    assert amount is None
    [entry] = logs
    assert entry["log_level"] == "warning"
    assert (entry["option"], entry["slug"]) == (1, path.strip("/"))
    assert reason in entry["reason"]
    assert [option.pk for option in shipping.options(preorder())] == [1, 2]


async def test_same_question_is_asked_once_for_moments(clock: Any, quotes: QuoteServer) -> None:
    quotes.says("/a", b'{"amount": "12.50"}')
    shipping = service(clock, Live(remote(quotes, 1, "/a")), calculator_types(Web()))

    assert await prices(shipping, preorder()) == {"a": "12.50"}
    quotes.says("/a", b'{"amount": "13.00"}')
    assert await shipping.amount(preorder(), 1) == Money.of("12.50", "TRY")
    clock.time += KEEP
    assert await shipping.amount(preorder(), 1) == Money.of("13.00", "TRY")
    assert len(quotes.asked) == 2


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(preorder("tshirt", to=CANKAYA), id="address"),
        pytest.param(preorder("tshirt", "mug"), id="basket"),
        pytest.param(
            preorder("tshirt").with_value(LINE_PRICES, {1: Money.of("1.00", "TRY")}), id="remote line price"
        ),
    ],
)
async def test_changed_question_is_asked_anew(clock: Any, quotes: QuoteServer, changed: PreOrder) -> None:
    quotes.says("/a", b'{"amount": "12.50"}')
    shipping = service(clock, Live(remote(quotes, 1, "/a")), calculator_types(Web()))
    await shipping.offered(preorder("tshirt"))
    quotes.says("/a", b'{"amount": "13.00"}')

    assert await prices(shipping, changed) == {"a": "13.00"}


async def test_changed_configuration_is_asked_anew(clock: Any, quotes: QuoteServer) -> None:
    quotes.says("/a", b'{"amount": "12.50"}')
    live = Live(remote(quotes, 1, "/a"))
    shipping = service(clock, live, calculator_types(Web()))
    await shipping.offered(preorder())

    live.change(remote(quotes, 1, "/a"), Country(pk=1, name="Türkiye", code="tr"))
    await shipping.offered(preorder())

    assert [
        sent["address"]["country"] and sent["address"]["country"]["code"] for _, sent in quotes.asked
    ] == [
        None,
        "tr",
    ]


# Calculators of plugins.


class NoParams(Struct, frozen=True):
    """Nothing to set."""


def plugin_calculator(price: Callable[[RuleCase], Any]) -> RuleType:
    return RuleType(role=Role.CALCULATOR, name="odd", params=NoParams, judge=lambda given, book: price)


async def never(case: RuleCase) -> Money:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


def broken(case: RuleCase) -> Money:
    raise KeyError("carrier")


@pytest.mark.parametrize(
    ("price", "level", "reason"),
    [
        pytest.param(broken, "error", "KeyError('carrier')", id="raises"),
        pytest.param(never, "warning", "no answer within 0.05 s", id="never answers"),
        pytest.param(
            lambda case: Money.of("5.00", "EUR"),
            "warning",
            "5.00 EUR for a basket in TRY",
            id="another currency",
        ),
        pytest.param(lambda case: Money.of("-5.00", "TRY"), "warning", "answered -5.00 TRY", id="negative"),
        pytest.param(lambda case: None, "error", "AttributeError", id="nothing"),
    ],
)
async def test_fault_of_a_calculator_closes_its_option_only(
    clock: Any, price: Callable[[RuleCase], Any], level: str, reason: str
) -> None:
    odd = ShippingOption(pk=9, name="Odd", slug="odd", calculator={"slug": "odd"})
    types = [*CALCULATOR_TYPES, plugin_calculator(price)]
    shipping = service(clock, Live(odd, DEMO[0]), types, deadline=0.05)

    with capture_logs() as logs:
        offered = await prices(shipping, preorder())

    assert offered == {"standard": "29.90"}
    assert [(entry["log_level"], entry["slug"]) for entry in logs] == [(level, "odd")]
    assert reason in logs[0]["reason"]
