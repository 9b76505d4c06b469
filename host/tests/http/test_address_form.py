"""Addresses: every wrong field is told at once, places exist and nest, phones become E.164."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import Address, CheckoutSettings
from vezne_host.demo.shop import demo_shop
from vezne_host.http.address_form import flat, nested, read_address
from vezne_host.testing.journey import BERLIN, HOME

CATALOGUE = demo_shop("demo").snapshot()
CHECKOUT = CheckoutSettings(DEFAULT_COUNTRY_CODE="tr")
MASK = CHECKOUT.USER_PHONE_FORMAT


def read(sent: dict[str, Any], checkout: CheckoutSettings = CHECKOUT, **more: Any) -> Address:
    address, errors = read_address(sent, CATALOGUE, checkout, **more)
    assert address is not None, errors
    return address


def errors_of(
    sent: dict[str, Any], checkout: CheckoutSettings = CHECKOUT, **more: Any
) -> dict[str, list[str]]:
    address, errors = read_address(sent, CATALOGUE, checkout, **more)
    assert address is None
    return {field: [str(text) for text in texts] for field, texts in errors.items()}


def test_a_sound_address_is_read() -> None:
    address = read(dict(HOME))

    assert (address.title, address.city, address.district) == ("Home", 34, 340101)
    assert address.phone_number == "+905551234567"
    assert address.is_corporate is False


def test_every_wrong_field_is_told_at_once() -> None:
    sent = dict(HOME) | {
        "title": "", "first_name": "x" * 61, "phone_number": "12", "city": 6, "township": "Kadıköy",
        "district": 999, "email": "nobody",
    }  # fmt: skip
    del sent["line"]

    assert errors_of(sent) == {
        "title": ["This field may not be blank."],
        "first_name": ["Ensure this field has no more than 60 characters."],
        "line": ["This field is required."],
        "township": ["A valid integer is required."],
        "phone_number": ["Ensure this field has at least 11 characters."],
        "district": ['Invalid pk "999" - object does not exist.'],
        "email": ["Enter a valid email address."],
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": 3}, "country"),
        ({"city": 100}, "city"),
        ({"city": 6}, "township"),
        ({"township": 3402}, "district"),
        ({"district": 60101}, "district"),
        ({"city": 35}, "city"),
    ],
)
def test_places_exist_and_lie_in_one_another(change: dict[str, int], field: str) -> None:
    assert field in errors_of(dict(HOME) | change)


def test_nothing_sent_asks_for_every_required_field() -> None:
    assert set(errors_of({}, CheckoutSettings())) == {
        "title", "first_name", "last_name", "phone_number", "country", "city", "township", "line",
    }  # fmt: skip


def test_the_country_may_be_told_by_its_code_or_be_the_default() -> None:
    without = {name: value for name, value in HOME.items() if name != "country"}

    assert read(without | {"country_code": "TR"}).country == 1
    assert read(without).country == 1
    assert errors_of(without | {"country_code": "xx"})["country"] == ["This field is required."]


def test_a_district_is_needed_where_the_merchant_says_so() -> None:
    without = {name: value for name, value in HOME.items() if name != "district"}

    assert read(without).district is None
    strict = CheckoutSettings(ADDRESS_DISTRICT_REQUIRED=True)
    assert errors_of(without, strict) == {"district": ["This field is required."]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("05551234567", "+905551234567"),
        ("0 (555) 123 45 67", "+905551234567"),
        ("+90 555 123 45 67", "+905551234567"),
        ("+49 30 1234567", "+49301234567"),
    ],
)
def test_a_phone_number_is_kept_as_e164(typed: str, kept: str) -> None:
    assert read(dict(BERLIN) | {"phone_number": typed}).phone_number == kept


def test_a_number_of_the_addresses_own_country_is_understood() -> None:
    assert read(dict(BERLIN) | {"phone_number": "030 123456789"}).phone_number == "+4930123456789"


@pytest.mark.parametrize("typed", ["٠٥٥٥١٢٣٤٥٦٧", "0555123456a", "not a number", "0555 123 45 67 x12"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    assert "phone_number" in errors_of(dict(HOME) | {"phone_number": typed})


@pytest.mark.parametrize(
    ("sent", "corporate"),
    [
        ({"type": "corporate"}, True),
        ({"type": "personal"}, False),
        ({"is_corporate": "true"}, True),
        ({"is_corporate": "false", "type": "corporate"}, False),
    ],
)
def test_a_company_is_told_either_way(sent: dict[str, str], corporate: bool) -> None:
    assert read(dict(HOME) | sent).is_corporate is corporate


def test_a_partial_change_keeps_the_rest() -> None:
    before = read(dict(HOME) | {"notes": "ring twice"})
    after = read({"line": "Moda Caddesi 2"}, before=before)

    assert (after.line, after.notes, after.phone_number) == ("Moda Caddesi 2", "ring twice", "+905551234567")
    assert read({"notes": None}, before=after).notes is None
    assert errors_of({"city": 6}, before=before).keys() == {"township"}
    assert errors_of({"title": None}, before=before) == {"title": ["This field may not be null."]}


def test_a_partial_change_may_move_to_another_country() -> None:
    before = read(dict(HOME))
    moved = {"country_code": "de", "city": 100, "township": 10001, "district": 1000101}

    assert read(moved, before=before).country == 2


def test_what_only_we_write_is_not_taken_from_a_request() -> None:
    address = read(dict(HOME) | {"pk": 77, "user": 5, "extra_field": {"x": 1}, "hash_data": "x"})

    assert (address.pk, address.extra_field) == (None, None)


def test_the_flat_form_has_every_key_of_the_contract() -> None:
    shown = flat(read(dict(HOME)), 7, MASK)

    assert shown["phone_number"] == "05551234567"
    assert (shown["country"], shown["user"], shown["address_type"]) == (1, 7, "customer")
    assert set(shown) == {
        "pk", "email", "phone_number", "first_name", "last_name", "country", "city", "line", "title",
        "township", "district", "postcode", "notes", "company_name", "tax_office", "tax_no",
        "e_bill_taxpayer", "hash_data", "address_type", "retail_store", "remote_id", "is_corporate",
        "primary", "identity_number", "extra_field", "user",
    }  # fmt: skip


def test_the_nested_form_names_the_places() -> None:
    shown = nested(read(dict(HOME)), CATALOGUE, "en", MASK)

    assert shown["city"] == {"pk": 34, "name": "İstanbul", "country": 1}
    assert shown["district"]["township"] == 3401
    assert shown["phone_number"] == "05551234567"


def test_two_addresses_that_say_the_same_have_one_hash() -> None:
    one, two = read(dict(HOME)), read(dict(HOME) | {"primary": True})

    assert flat(one, 1, MASK)["hash_data"] == flat(two, 2, MASK)["hash_data"]
    assert flat(one, 1, MASK)["hash_data"] != flat(read(dict(HOME) | {"line": "x"}), 1, MASK)["hash_data"]


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.just(34), st.just("3401"),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*HOME, "primary", "type", "tax_no", "country_code"]), anything))
def test_whatever_is_sent_is_read_or_refused(change: dict[str, Any]) -> None:
    address, errors = read_address(dict(HOME) | change, CATALOGUE, CHECKOUT)

    assert (address is None) == bool(errors)
