"""The calculator that asks a service of the merchant's what shipping costs.

It posts ``{"basket", "address", "currency"}`` as JSON and expects 200 with
``{"amount": "12.50"}``. The address holds places and postal code only: no
name, no phone, no street leaves for a price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from vezne_core.address import (
    Address,
    CityView,
    CountryView,
    DistrictView,
    TownshipView,
    city_view,
    country_view,
    district_view,
    township_view,
)  # fmt: skip
from vezne_core.calculators import CALCULATOR_TYPES
from vezne_core.catalogue import Catalogue, City, Country, District, Township
from vezne_core.errors import Unavailable
from vezne_core.money import Money, parse_amount
from vezne_core.rule_case import RuleCase
from vezne_core.rule_kind import Params
from vezne_core.rules import Judge, Role, RuleBook, RuleType
from vezne_core.services import Http, Response

_DEFAULT = ""
"""No language: names as the merchant wrote them, whoever is shopping."""


class _Remote(Params, frozen=True, kw_only=True):
    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
    timeout: Annotated[float, Meta(gt=0, le=10)] = 3.0
    """Seconds."""
    headers: dict[str, str] = {}


class _Line(Struct, frozen=True):
    pk: int
    product: int
    sku: str
    quantity: int
    unit_price: str
    weight: Decimal


class _Basket(Struct, frozen=True):
    pk: int
    total: str
    quantity: int
    weight: Decimal
    lines: list[_Line]


class _Place(Struct, frozen=True):
    country: CountryView | None
    city: CityView | None
    township: TownshipView | None
    district: DistrictView | None
    postcode: str | None


class _Question(Struct, frozen=True):
    basket: _Basket
    address: _Place | None
    currency: str


class _Told(Struct, frozen=True):
    amount: str
    currency: str | None = None


def _place(address: Address, catalogue: Catalogue) -> _Place:
    return _Place(
        country=country_view(catalogue.get(Country, address.country), _DEFAULT),
        city=city_view(catalogue.get(City, address.city), _DEFAULT),
        township=township_view(catalogue.get(Township, address.township), _DEFAULT),
        district=district_view(catalogue.get(District, address.district), _DEFAULT),
        postcode=address.postcode,
    )


def question(case: RuleCase) -> bytes:
    """Return what the service is asked."""
    basket = case.basket
    lines = [
        _Line(
            pk=line.pk,
            product=line.product.pk,
            sku=line.product.sku,
            quantity=line.quantity,
            unit_price=case.line_prices.get(line.pk, line.unit_price).wire,
            weight=line.product.weight,
        )
        for line in basket.lines
    ]
    address = case.destination
    return msgspec.json.encode(
        _Question(
            basket=_Basket(
                pk=basket.pk,
                total=case.lines_total.wire,
                quantity=basket.quantity,
                weight=basket.weight,
                lines=lines,
            ),
            address=_place(address, case.catalogue) if address else None,
            currency=case.currency,
        )
    )


def told(response: Response, currency: str) -> Money:
    """Read what the service answered.

    :raises Unavailable: anything but a plain amount in the currency that was asked for.
    """
    if response.status != 200:
        raise Unavailable(f"answered with status {response.status}")
    try:
        answer = msgspec.json.decode(response.content, type=_Told)
        amount = parse_amount(answer.amount)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unavailable(f"answered no amount: {error}") from None
    if answer.currency is not None and answer.currency.upper() != currency:
        raise Unavailable(f"answered in {answer.currency[:3]} instead of {currency}")
    return Money.of(amount, currency)


def calculator_types(http: Http) -> tuple[RuleType, ...]:
    """Return all calculators of core, those that ask nobody and the remote one.

    :param http: the merchant's way out.
    """

    def judge(given: _Remote, book: RuleBook) -> Judge:
        headers = {"accept": "application/json", "content-type": "application/json"} | {
            name.lower(): value for name, value in given.headers.items()
        }

        async def ask(case: RuleCase) -> Money:
            response = await http.request(
                "POST", given.url, headers=headers, content=question(case), timeout=given.timeout
            )
            return told(response, case.currency)

        return ask

    return (*CALCULATOR_TYPES, RuleType(role=Role.CALCULATOR, name="remote", params=_Remote, judge=judge))
