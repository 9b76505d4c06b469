"""Countries, cities, townships and districts, from the catalogue in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from litestar import Request, Response, get

from vezne_core import City, Country, District, Township
from vezne_core.catalogue import Record
from vezne_host.http.paging import listed, number, paging, parameters
from vezne_host.http.visitor import Visitor, visitor_of

_MOST = 1000


@get("/address/country")
async def countries(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the countries that addresses may lie in."""
    visitor = visitor_of(request.scope)
    records = visitor.runtime.catalogue.all(Country)
    return _answer(visitor, "/address/country/", (each for each in records if each.is_active), _country)


@get("/address/city")
async def cities(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List cities, the important ones first; ``country`` narrows them down."""
    visitor = visitor_of(request.scope)
    sent = parameters(visitor)
    country = number(sent, "country")
    found = [
        each
        for each in visitor.runtime.catalogue.all(City)
        if each.is_active and country in (None, each.country)
    ]
    if "retailstore__isnull" in sent and sent["retailstore__isnull"].lower() in ("false", "0"):
        found = []  # retail stores come with the plugin that delivers to them
    found.sort(key=lambda each: (-each.priority, each.name))
    return _answer(visitor, "/address/city/", found, _city)


@get("/address/township")
async def townships(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List townships; ``city`` narrows them down."""
    visitor = visitor_of(request.scope)
    city = number(parameters(visitor), "city")
    found = [
        each
        for each in visitor.runtime.catalogue.all(Township)
        if each.is_active and city in (None, each.city)
    ]
    found.sort(key=lambda each: each.name)
    return _answer(visitor, "/address/township/", found, _township)


@get("/address/district")
async def districts(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List districts; ``township`` and ``city`` narrow them down."""
    visitor = visitor_of(request.scope)
    sent = parameters(visitor)
    township, city = number(sent, "township"), number(sent, "city")
    found = [
        each
        for each in visitor.runtime.catalogue.all(District)
        if each.is_active and township in (None, each.township) and city in (None, each.city)
    ]
    found.sort(key=lambda each: each.name)
    return _answer(visitor, "/address/district/", found, _district)


def _answer(
    visitor: Visitor, path: str, records: Iterable[Any], show: Callable[[Any, str], Mapping[str, Any]]
) -> Response[bytes]:
    sent = parameters(visitor)
    place = paging(sent, default=_MOST, most=_MOST)
    found = list(records)
    language = visitor.client.language
    shown = [show(each, language) for each in found[place.offset : place.offset + place.size]]
    return visitor.json(listed(visitor, sent, place, path, len(found), shown))


def _named(record: Record, language: str) -> dict[str, Any]:
    return {"pk": record.pk, "name": record.text("name", language)}


def _country(record: Country, language: str) -> dict[str, Any]:
    return _named(record, language) | {
        "code": record.code,
        "is_active": record.is_active,
        "translations": record.translations or None,
    }


def _city(record: City, language: str) -> dict[str, Any]:
    return _named(record, language) | {
        "country": record.country,
        "is_active": record.is_active,
        "postcode": record.postcode,
        "priority": record.priority,
        "translations": record.translations or None,
    }


def _township(record: Township, language: str) -> dict[str, Any]:
    return _named(record, language) | {
        "city": record.city,
        "is_active": record.is_active,
        "postcode": record.postcode,
    }


def _district(record: District, language: str) -> dict[str, Any]:
    return _named(record, language) | {
        "city": record.city,
        "township": record.township,
        "is_active": record.is_active,
        "postcode": record.postcode,
    }


HANDLERS = [countries, cities, townships, districts]
