"""Postal addresses, and their nested form in the HTTP contract."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from vezne_core.catalogue import Catalogue, City, Country, District, Township
from vezne_core.slots import Value


class Address(Value, frozen=True, kw_only=True):
    """An address with its places by key; ``pk`` is None for a store or a pickup point."""

    pk: int | None = None
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    email: str | None = None
    country: int
    city: int
    township: int
    district: int | None = None
    line: str = ""
    postcode: str | None = None
    notes: str | None = None
    company_name: str | None = None
    tax_office: str | None = None
    tax_no: str | None = None
    e_bill_taxpayer: bool | None = None
    is_corporate: bool | None = None
    primary: bool | None = None
    identity_number: str | None = None
    extra_field: dict[str, Any] | None = None


class CountryView(Struct, frozen=True):
    """Country inside an address."""

    pk: int
    name: str
    code: str


class CityView(Struct, frozen=True):
    """City inside an address."""

    pk: int
    name: str
    country: int


class TownshipView(Struct, frozen=True):
    """Township inside an address."""

    pk: int
    name: str
    city: int


class DistrictView(Struct, frozen=True):
    """District inside an address."""

    pk: int
    name: str
    city: int
    township: int


class AddressView(Struct, frozen=True, kw_only=True):
    """The nested form (contract: objects, Address)."""

    pk: int | None
    email: str | None
    phone_number: str
    first_name: str
    last_name: str
    country: CountryView | None
    city: CityView | None
    line: str
    title: str
    township: TownshipView | None
    district: DistrictView | None
    postcode: str | None
    notes: str | None
    company_name: str | None
    tax_office: str | None
    tax_no: str | None
    e_bill_taxpayer: bool | None
    is_corporate: bool | UnsetType | None
    primary: bool | None
    identity_number: str | None
    extra_field: dict[str, Any] | None


def country_view(country: Country | None, language: str) -> CountryView | None:
    """Show a country."""
    return CountryView(country.pk, country.text("name", language), country.code) if country else None


def city_view(city: City | None, language: str) -> CityView | None:
    """Show a city."""
    return CityView(city.pk, city.text("name", language), city.country) if city else None


def township_view(township: Township | None, language: str) -> TownshipView | None:
    """Show a township."""
    return TownshipView(township.pk, township.text("name", language), township.city) if township else None


def district_view(district: District | None, language: str) -> DistrictView | None:
    """Show a district."""
    if district is None:
        return None
    return DistrictView(district.pk, district.text("name", language), district.city, district.township)


def address_view(address: Address, catalogue: Catalogue, language: str) -> AddressView:
    """Show an address in its nested form, with the names of its places."""
    return AddressView(
        pk=address.pk,
        email=address.email,
        phone_number=address.phone_number,
        first_name=address.first_name,
        last_name=address.last_name,
        country=country_view(catalogue.get(Country, address.country), language),
        city=city_view(catalogue.get(City, address.city), language),
        line=address.line,
        title=address.title,
        township=township_view(catalogue.get(Township, address.township), language),
        district=district_view(catalogue.get(District, address.district), language),
        postcode=address.postcode,
        notes=address.notes,
        company_name=address.company_name,
        tax_office=address.tax_office,
        tax_no=address.tax_no,
        e_bill_taxpayer=address.e_bill_taxpayer,
        is_corporate=UNSET if address.pk is None else bool(address.is_corporate),
        primary=address.primary,
        identity_number=address.identity_number,
        extra_field=address.extra_field,
    )
