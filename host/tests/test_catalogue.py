"""The configuration tables in memory: sorted, cross-checked, and refused as a whole."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import (
    Bank,
    Card,
    Catalogue,
    CheckoutSettings,
    City,
    Country,
    Installment,
    PaymentOption,
    Record,
    Refused,
    ShippingOption,
)
from vezne_core.catalogue import RECORDS
from vezne_host.catalogue import REFERENCES, Setting, Snapshot, kind, row

Rows = list[tuple[str, int, bytes | str]]

TURKEY = Country(pk=1, name="Türkiye", code="tr")


def option(pk: int, sort_order: int = 0) -> ShippingOption:
    return ShippingOption(
        pk=pk, name=f"Option {pk}", slug=f"o-{pk}", calculator={"slug": "free"}, sort_order=sort_order
    )


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()


def facts(rows: Rows) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        Snapshot.from_rows(1, rows)
    return {(problem.place.removeprefix("configuration "), problem.fact) for problem in caught.value.problems}


def test_records_come_back_as_they_were_kept() -> None:
    kept: list[Record] = [
        TURKEY,
        option(5),
        PaymentOption(
            pk=3,
            name="Pay on delivery",
            slug="pod",
            payment_type="pay_on_delivery",
            rules=({"slug": "order-amount-rule", "max": "5000.00"},),
            translations={"tr": {"name": "Kapıda ödeme"}},
        ),
        Bank(pk=1, name="Bank", slug="bank"),
        Card(pk=7, name="Card", slug="card", bank=1),
        Installment(pk=2, card=7, installment_count=6, rate=Decimal("4.50")),
    ]
    snapshot = Snapshot.from_rows(12, map(row, kept))
    catalogue: Catalogue = snapshot

    assert catalogue.revision == 12
    assert [record for type in snapshot.types for record in catalogue.all(type)] == kept
    assert catalogue.get(Installment, 2) == kept[5]


def test_a_database_may_answer_json_as_text() -> None:
    snapshot = Snapshot.from_rows(1, [("country", 1, '{"pk": 1, "name": "Türkiye", "code": "tr"}')])

    assert snapshot.get(Country, 1) == TURKEY


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-3, 3)), unique_by=lambda pair: pair[0]))
def test_records_are_sorted_by_sort_order_then_pk(pairs: list[tuple[int, int]]) -> None:
    snapshot = Snapshot.from_rows(1, [row(option(pk, order)) for pk, order in pairs])

    found = [(record.sort_order, record.pk) for record in snapshot.all(ShippingOption)]
    assert found == sorted((order, pk) for pk, order in pairs)


def test_records_without_an_order_are_sorted_by_pk() -> None:
    rows = [row(Country(pk=pk, name=str(pk), code="xx")) for pk in (3, 1, 2)]

    assert [country.pk for country in Snapshot.from_rows(1, rows).all(Country)] == [1, 2, 3]


def test_what_is_not_there_is_none() -> None:
    snapshot = Snapshot(1)

    assert snapshot.all(Country) == ()
    assert snapshot.get(Country, 1) is None
    assert Snapshot(1, [TURKEY]).get(Country, None) is None


def test_every_record_type_of_core_has_a_kind_of_its_own() -> None:
    assert [kind(type) for type in RECORDS] == [
        "country", "city", "township", "district", "delivery_option", "shipping_option", "payment_option",
        "bank", "bank_account", "card", "bin", "installment", "offer", "contract", "extra_field_schema",
    ]  # fmt: skip


def test_a_plugin_may_bring_a_record_type() -> None:
    class RetailStore(Record, frozen=True, kw_only=True):
        name: str

    store = RetailStore(pk=4, name="Kadıköy Store")
    rows = [row(store)]

    assert Snapshot.from_rows(1, rows, (*RECORDS, RetailStore)).all(RetailStore) == (store,)


def test_rows_that_no_enabled_plugin_knows_stay_unread() -> None:
    snapshot = Snapshot.from_rows(1, [row(TURKEY), ("retail_store", 1, b"not even JSON")])

    assert snapshot.unread == {"retail_store"}
    assert list(snapshot.types) == [Country]


def test_everything_wrong_with_the_rows_is_told_at_once() -> None:
    rows: Rows = [
        ("country", 1, b"{"),
        ("country", 2, body(pk=2, name="Germany", code="de", kode="de", is_active="yes")),
        ("country", 3, body(pk=4, name="France", code="fr")),
        ("city", 34, body(pk=34, name="İstanbul", country=1)),
        ("city", 35, body(pk=35, name="İzmir", country=9)),
        ("installment", 1, body(pk=1, card=1, installment_count="six", rate="dear")),
        ("bank_account", 1, body(pk=1, bank=5, holder_name="x", iban="TR", currency="TRY")),
    ]
    told = facts(rows)

    assert {(place, fact) for place, fact in told if place != "country 1"} == {
        ("country 2.kode", "is unknown"),
        ("country 2.is_active", "is a text, must be true or false"),
        ("country 3.pk", "is 4 in the body"),
        ("city 35.country", "there is no country 9"),
        ("installment 1.installment_count", "is a text, must be a whole number"),
        ("installment 1.rate", "invalid decimal string"),
        ("bank_account 1.bank", "there is no bank 5"),
    }
    assert any(place == "country 1" and fact.startswith("is not JSON") for place, fact in told)


SAMPLES: dict[str, dict[str, Any]] = {
    "city": {"name": "x", "country": 1},
    "township": {"name": "x", "city": 1},
    "district": {"name": "x", "city": 1, "township": 1},
    "bank_account": {"bank": 1, "holder_name": "x", "iban": "x", "currency": "TRY"},
    "card": {"name": "x", "slug": "x", "bank": 1},
    "bin": {"number": "1", "card": 1},
    "installment": {"card": 1, "installment_count": 1},
    "country": {"name": "x", "code": "xx"},
    "bank": {"name": "x", "slug": "x"},
}


@pytest.mark.parametrize(
    ("type", "field", "target"), REFERENCES, ids=[f"{kind(t)}-{field}" for t, field, _ in REFERENCES]
)
def test_a_record_that_points_nowhere_is_named(type: type[Record], field: str, target: type[Record]) -> None:
    rows: Rows = [(name, 1, body(pk=1, **values)) for name, values in SAMPLES.items()]
    Snapshot.from_rows(1, rows)
    pointing = (kind(type), 77, body(pk=77, **(SAMPLES[kind(type)] | {field: 99})))

    assert (f"{kind(type)} 77.{field}", f"there is no {kind(target)} 99") in facts([*rows, pointing])


def test_a_district_lies_in_the_city_of_its_township() -> None:
    rows: Rows = [(name, 1, body(pk=1, **values)) for name, values in SAMPLES.items()]
    rows += [row(City(pk=2, name="y", country=1)), ("district", 2, body(pk=2, name="z", city=2, township=1))]

    assert facts(rows) == {("district 2.city", "is 2, but its township lies in city 1")}


def test_two_bins_with_one_number_are_refused() -> None:
    rows: Rows = [(name, 1, body(pk=1, **values)) for name, values in SAMPLES.items()]

    assert facts([*rows, ("bin", 2, body(pk=2, number="1", card=1))]) == {
        ("bin 2.number", "1 is also that of bin 1")
    }


def test_a_translation_of_what_is_no_text_is_refused() -> None:
    country = msgspec.structs.replace(TURKEY, translations={"tr": {"nmae": "Türkiye", "name": "Türkiye"}})

    assert facts([row(country)]) == {("country 1.translations.tr.nmae", "is no text of this record")}


# Settings in rows.


def setting(pk: int, name: str, value: Any) -> tuple[str, int, bytes]:
    return row(Setting(pk=pk, name=name, value=value))


def test_rows_override_the_settings_of_plugins_toml() -> None:
    written = CheckoutSettings(CAN_GUEST_PURCHASE=True, DEFAULT_COUNTRY_CODE="tr", AUTOSELECT_SHIPPING=True)
    rows = [
        setting(1, "CAN_GUEST_PURCHASE", False),
        setting(2, "IDENTITY_NUMBER_REQUIRED_AMOUNT", "5000.10"),
        setting(3, "THREE_D_SECURE_RULES", [{"klass": "rules.amount_limit", "defaults": {"limit": "10"}}]),
        setting(4, "DEFAULT_COUNTRY_CODE", None),
    ]
    now = Snapshot.from_rows(1, rows).settings(written)

    assert not now.CAN_GUEST_PURCHASE
    assert Decimal("5000.10") == now.IDENTITY_NUMBER_REQUIRED_AMOUNT
    assert now.THREE_D_SECURE_RULES[0].name == "amount_limit"
    assert now.DEFAULT_COUNTRY_CODE is None
    assert now.AUTOSELECT_SHIPPING
    assert Snapshot(1).settings(written) is written


def test_settings_are_no_records() -> None:
    assert list(Snapshot.from_rows(1, [setting(1, "CAN_GUEST_PURCHASE", False)]).types) == []


def test_every_wrong_setting_is_told() -> None:
    rows: Rows = [
        setting(1, "CAN_GUEST_PURCHASES", False),
        setting(2, "USER_PHONE_REGEX", "x"),
        setting(3, "AUTOSELECT_SHIPPING", "yes"),
        setting(4, "GIFT_BOX_CONFIGURATIONS", {"is_active": True, "skew": "x"}),
        setting(5, "CAN_GUEST_PURCHASE", False),
        setting(6, "CAN_GUEST_PURCHASE", True),
    ]
    assert facts(rows) == {
        ("setting 1 CAN_GUEST_PURCHASES", "is no setting that can be changed at run time"),
        ("setting 2 USER_PHONE_REGEX", "is no setting that can be changed at run time"),
        ("setting 3 AUTOSELECT_SHIPPING", "is a text, must be true or false"),
        ("setting 4 GIFT_BOX_CONFIGURATIONS.skew", "is unknown"),
        ("setting 6 CAN_GUEST_PURCHASE", "is set twice"),
    }
