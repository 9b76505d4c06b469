"""The remote calculator: what leaves for the service, and which answers are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from vezne_core import (
    Address,
    Basket,
    BasketLine,
    City,
    Country,
    District,
    Money,
    Product,
    Refused,
    Response,
    Role,
    RuleBook,
    RuleCase,
    Shopper,
    Township,
    Unavailable,
    calculator_types,
)  # fmt: skip

pytestmark = pytest.mark.anyio
NOW = datetime(2024, 6, 3, tzinfo=UTC)


class Places:
    """A catalogue of one address's places."""

    revision = 1
    records = (
        Country(pk=1, name="Türkiye", code="tr"),
        City(pk=34, name="İstanbul", country=1),
        Township(pk=3401, name="Kadıköy", city=34, translations={"de": {"name": "Chalkedon"}}),
        District(pk=340101, name="Caferağa", city=34, township=3401),
    )

    def all(self, type: Any) -> tuple[Any, ...]:
        return tuple(record for record in self.records if isinstance(record, type))

    def get(self, type: Any, pk: int | None) -> Any:
        return next((record for record in self.all(type) if record.pk == pk), None)


class Service:
    """A quote service that answers as told and keeps what it was asked."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, dict[str, str], Any, float]] = []

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
        self.asked.append((method, url, dict(headers or {}), msgspec.json.decode(content), timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answering(content: bytes, status: int = 200) -> Service:
    return Service(Response(status, {"content-type": "application/json"}, content))


def case(destination: Address | None = None, currency: str = "TRY") -> RuleCase:
    product = Product(
        pk=7, sku="VZ-GOLD", name="Gold", price=Money.of("100.00", currency), tax_rate=Decimal(20),
        weight=Decimal("0.01"),
    )  # fmt: skip
    line = BasketLine(pk=5, product=product, quantity=2, unit_price=product.price)
    basket = Basket(pk=3, currency=currency, lines=(line,), created=NOW, modified=NOW)
    prices = {5: Money.of("1234.50", currency)}
    return RuleCase(
        basket=basket,
        lines_total=basket.total_at(prices),
        line_prices=prices,
        destination=destination,
        shopper=Shopper(user=1, email="ada@example.com"),
        now=NOW,
        catalogue=Places(),
    )


CAFERAGA = Address(
    pk=1, first_name="Ada", last_name="Lovelace", phone_number="+905551112233", email="ada@example.com",
    country=1, city=34, township=3401, district=340101, line="Moda Cad. 1", postcode="34710",
    identity_number="10000000146", title="Home", notes="ring twice",
)  # fmt: skip
CONFIG = {"slug": "remote", "url": "https://quotes.example/v1", "timeout": "2.5"}


async def quote(service: Service, given: RuleCase, **config: Any) -> Money:
    judge = RuleBook(calculator_types(service)).judge(Role.CALCULATOR, CONFIG | config)
    amount = await judge(given)
    assert isinstance(amount, Money)
    return amount


async def test_service_is_asked_with_basket_place_and_currency() -> None:
    service = answering(b'{"amount": "12.50"}')

    amount = await quote(service, case(CAFERAGA), headers={"Authorization": "Token abc"})

    assert amount == Money.of("12.50", "TRY")
    [(method, url, headers, sent, timeout)] = service.asked
    assert (method, url, timeout) == ("POST", "https://quotes.example/v1", 2.5)
    assert headers == {
        "accept": "application/json",
        "content-type": "application/json",
        "authorization": "Token abc",
    }
    assert sent == {
        "basket": {
            "pk": 3,
            "total": "2469.00",
            "quantity": 2,
            "weight": "0.02",
            "lines": [
                {
                    "pk": 5, "product": 7, "sku": "VZ-GOLD", "quantity": 2, "unit_price": "1234.50",
                    "weight": "0.01",
                }
            ],
        },
        "address": {
            "country": {"pk": 1, "name": "Türkiye", "code": "tr"},
            "city": {"pk": 34, "name": "İstanbul", "country": 1},
            "township": {"pk": 3401, "name": "Kadıköy", "city": 34},
            "district": {"pk": 340101, "name": "Caferağa", "city": 34, "township": 3401},
            "postcode": "34710",
        },
        "currency": "TRY",
    }  # fmt: skip


async def test_nobody_is_named_to_the_service() -> None:
    service = answering(b'{"amount": "1"}')

    await quote(service, case(CAFERAGA))

    sent = str(service.asked[0][3])
    private = ("Ada", "Lovelace", "+905551112233", "ada@example.com", "Moda", "10000000146", "ring", "Home")
    assert [text for text in private if text in sent] == []


async def test_basket_without_an_address_is_asked_for_as_such() -> None:
    service = answering(b'{"amount": "1"}')

    await quote(service, case(None))

    assert service.asked[0][3]["address"] is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'{"amount": "0"}', "0.00", id="free"),
        pytest.param(b'{"amount": "12.345"}', "12.35", id="rounded half up"),
        pytest.param(b'{"amount": "12.50", "currency": "try"}', "12.50", id="currency repeated"),
        pytest.param(b'{"amount": "12.50", "carrier": {"name": "X"}}', "12.50", id="more than was asked for"),
    ],
)
async def test_plain_amount_is_believed(content: bytes, expected: str) -> None:
    assert await quote(answering(content), case(CAFERAGA)) == Money.of(expected, "TRY")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b'{"amount": "12.50"}', 503, id="server error"),
        pytest.param(b'{"amount": "12.50"}', 302, id="redirect"),
        pytest.param(b"<html>", 200, id="no JSON"),
        pytest.param(b"", 200, id="nothing"),
        pytest.param(b"[]", 200, id="a list"),
        pytest.param(b"{}", 200, id="no amount"),
        pytest.param(b'{"amount": null}', 200, id="null"),
        pytest.param(b'{"amount": 12.5}', 200, id="a binary fraction"),
        pytest.param(b'{"amount": "-1.00"}', 200, id="negative"),
        pytest.param(b'{"amount": "12,50"}', 200, id="comma"),
        pytest.param(b'{"amount": "1e3"}', 200, id="exponent"),
        pytest.param(b'{"amount": "NaN"}', 200, id="not a number"),
        pytest.param('{"amount": "١٢"}'.encode(), 200, id="digits of another script"),
        pytest.param(b'{"amount": "\xff"}', 200, id="broken text"),
        pytest.param(b'{"amount": "12.50", "currency": "EUR"}', 200, id="another currency"),
    ],
)
async def test_any_other_answer_is_no_price(content: bytes, status: int) -> None:
    with pytest.raises(Unavailable):
        await quote(answering(content, status), case(CAFERAGA))


async def test_silence_is_no_price() -> None:
    with pytest.raises(Unavailable, match="no answer within"):
        await quote(Service(Unavailable("no answer within 2.5 s")), case(CAFERAGA))


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"url": "ftp://quotes.example"}, id="no web address"),
        pytest.param({"url": "https://quotes.example/a b"}, id="blank in the address"),
        pytest.param({"timeout": 0}, id="no time"),
        pytest.param({"timeout": 60}, id="longer than a shopper waits"),
        pytest.param({"token": "abc"}, id="misspelt"),
    ],
)
def test_wrong_service_is_refused_when_it_is_made_ready(config: dict[str, Any]) -> None:
    book = RuleBook(calculator_types(answering(b"{}")))

    with pytest.raises(Refused) as refused:
        book.judge(Role.CALCULATOR, CONFIG | config)

    assert "quotes.example" not in str(refused.value)
