"""An address as a shopper writes it, checked all at once, and as it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from vezne_core import (
    REQUIRED,
    Address,
    Catalogue,
    CheckoutSettings,
    City,
    Country,
    District,
    Message,
    Text,
    Township,
    address_view,
    canonical,
    decode,
)
from vezne_core.slots import digest
from vezne_host.phone import e164, national
from vezne_host.present import wire
from vezne_host.spine.index import BAD_EMAIL, BAD_PHONE, EMAIL

UNKNOWN = 'Invalid pk "{pk}" - object does not exist.'
TOO_SHORT = "Ensure this field has at least {n} characters."

Name = Annotated[str, Meta(min_length=1, max_length=60)]
Short = Annotated[str, Meta(max_length=255)]


class AddressForm(Struct, frozen=True, kw_only=True):
    """The fields of ``POST`` and ``PATCH /address/`` (contract: objects, Address, flat form)."""

    title: Name
    first_name: Name
    last_name: Name
    phone_number: Annotated[str, Meta(max_length=32)]
    country: int | None = None
    country_code: Annotated[str, Meta(max_length=2)] | None = None
    """In place of the country's pk."""
    city: int
    township: int
    district: int | None = None
    line: Annotated[str, Meta(min_length=1, max_length=500)]
    email: Annotated[str, Meta(max_length=254)] | None = None
    postcode: Annotated[str, Meta(max_length=20)] | None = None
    notes: Short | None = None
    company_name: Short | None = None
    tax_office: Short | None = None
    tax_no: Annotated[str, Meta(max_length=20)] | None = None
    e_bill_taxpayer: bool | None = None
    is_corporate: bool | None = None
    type: Annotated[str, Meta(max_length=20)] | None = None
    """personal or corporate, as the published client says it."""
    primary: bool | None = None
    identity_number: Annotated[str, Meta(max_length=20)] | None = None


def read_address(
    sent: Mapping[str, Any],
    catalogue: Catalogue,
    checkout: CheckoutSettings,
    *,
    before: Address | None = None,
) -> tuple[Address | None, dict[str, list[Text]]]:
    """Read an address.

    :param before: what a partial change is made to.
    :return: the address and no errors, or None and a sentence for every wrong field.
    """
    fields = _fields(before) | dict(sent) if before else dict(sent)
    if before and "country_code" in sent and "country" not in sent:
        fields.pop("country")
    form, errors = decode(AddressForm, fields)
    if form is None:
        # what can be judged in spite of the wrong fields is judged as well
        sound = {name: value for name, value in fields.items() if name not in errors}
        partial, _ = decode(_Partial, sound)
        if partial is not None:
            errors = _wrong(partial, catalogue, checkout) | errors
        return None, errors
    errors = _wrong(form, catalogue, checkout)
    if errors:
        return None, errors
    country = _country(form, catalogue, checkout)
    assert country is not None, "_wrong has found it"
    return (
        Address(
            pk=before.pk if before else None,
            title=form.title,
            first_name=form.first_name,
            last_name=form.last_name,
            phone_number=_phone(form.phone_number, country, checkout) or "",
            email=form.email,
            country=country.pk,
            city=form.city,
            township=form.township,
            district=form.district,
            line=form.line,
            postcode=form.postcode,
            notes=form.notes,
            company_name=form.company_name,
            tax_office=form.tax_office,
            tax_no=form.tax_no,
            e_bill_taxpayer=form.e_bill_taxpayer,
            is_corporate=form.type == "corporate" if form.is_corporate is None else form.is_corporate,
            primary=bool(form.primary),
            identity_number=form.identity_number,
            extra_field=before.extra_field if before else None,
        ),
        {},
    )


class _Partial(Struct, frozen=True):
    """The fields that are judged by more than their shape."""

    phone_number: str | None = None
    country: int | None = None
    country_code: str | None = None
    city: int | None = None
    township: int | None = None
    district: int | None = None
    email: str | None = None


def _wrong(
    form: AddressForm | _Partial, catalogue: Catalogue, checkout: CheckoutSettings
) -> dict[str, list[Text]]:
    """Find what is well formed and yet not right: places that do not exist or do not nest."""
    errors: dict[str, list[Text]] = {}
    country = _country(form, catalogue, checkout)
    if country is None and form.country is not None:
        errors["country"] = [Message(UNKNOWN, {"pk": form.country})]
    elif country is None:
        errors["country"] = [REQUIRED]
    city = catalogue.get(City, form.city)
    if form.city is not None and not (
        city and city.is_active and (country is None or city.country == country.pk)
    ):
        errors["city"] = [Message(UNKNOWN, {"pk": form.city})]
    township = catalogue.get(Township, form.township)
    if form.township is not None and not (
        township and township.is_active and form.city in (None, township.city)
    ):
        errors["township"] = [Message(UNKNOWN, {"pk": form.township})]
    district = catalogue.get(District, form.district)
    if form.district is not None and not (
        district and district.is_active and form.township in (None, district.township)
    ):
        errors["district"] = [Message(UNKNOWN, {"pk": form.district})]
    elif form.district is None and checkout.ADDRESS_DISTRICT_REQUIRED:
        errors["district"] = [REQUIRED]
    if form.email is not None and not EMAIL.fullmatch(form.email):
        errors["email"] = [BAD_EMAIL]
    if form.phone_number is not None:
        least = checkout.ADDRESS_PHONE_MIN_LENGTH
        if sum(char.isdigit() for char in form.phone_number) < least:
            errors["phone_number"] = [Message(TOO_SHORT, {"n": least})]
        elif _phone(form.phone_number, country, checkout) is None:
            errors["phone_number"] = [BAD_PHONE]
    return errors


def _phone(text: str, country: Country | None, checkout: CheckoutSettings) -> str | None:
    """Read a number: as the shop's own mask has it, else as one of the address's country."""
    own = e164(text, checkout.DEFAULT_COUNTRY_CODE)
    shown = national(own, checkout.USER_PHONE_FORMAT)
    if shown and re.fullmatch(checkout.USER_PHONE_REGEX, shown, re.ASCII):
        return own
    return e164(text, country.code if country else checkout.DEFAULT_COUNTRY_CODE)


def _country(
    form: AddressForm | _Partial, catalogue: Catalogue, checkout: CheckoutSettings
) -> Country | None:
    if form.country is not None:
        country = catalogue.get(Country, form.country)
        return country if country and country.is_active else None
    code = (form.country_code or checkout.DEFAULT_COUNTRY_CODE or "").lower()
    return next(
        (each for each in catalogue.all(Country) if each.is_active and each.code.lower() == code), None
    )


def _fields(address: Address) -> dict[str, Any]:
    """Return an address as it would have been sent."""
    return {name: getattr(address, name) for name in AddressForm.__struct_fields__ if hasattr(address, name)}


def flat(address: Address, user: int | None, mask: str) -> dict[str, Any]:
    """Show an address with its places by key (contract: objects, Address, flat form)."""
    return {
        "pk": address.pk,
        "email": address.email,
        "phone_number": national(address.phone_number, mask),
        "first_name": address.first_name,
        "last_name": address.last_name,
        "country": address.country,
        "city": address.city,
        "line": address.line,
        "title": address.title,
        "township": address.township,
        "district": address.district,
        "postcode": address.postcode,
        "notes": address.notes,
        "company_name": address.company_name,
        "tax_office": address.tax_office,
        "tax_no": address.tax_no,
        "e_bill_taxpayer": address.e_bill_taxpayer,
        "hash_data": _hash(address),
        "address_type": "customer",
        "retail_store": None,
        "remote_id": None,
        "is_corporate": bool(address.is_corporate),
        "primary": bool(address.primary),
        "identity_number": address.identity_number,
        "extra_field": address.extra_field,
        "user": user,
    }


def nested(address: Address, catalogue: Catalogue, language: str, mask: str) -> dict[str, Any]:
    """Show an address with the names of its places."""
    shown: dict[str, Any] = wire(address_view(address, catalogue, language))
    return shown | {"phone_number": national(address.phone_number, mask)}


def _hash(address: Address) -> str:
    """Return what two addresses have in common when they say the same."""
    fields = _fields(address)
    return digest(canonical({name: fields[name] for name in sorted(fields) if name != "primary"})).hex()
