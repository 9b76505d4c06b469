"""The API's description is valid OpenAPI, made of the pages themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
import schemathesis
from msgspec import Meta, Struct

from vezne_core import Answer, Extra, Junction, Money, NoForm, Page, Secret, message
from vezne_host.http.openapi import document


class CardForm(Struct, frozen=True):
    """A card."""

    number: Annotated[Secret, message("No.", pattern=r"^[0-9]{16}$")]
    limit: Annotated[Decimal, Meta(ge=0)] | None = None
    store: str = msgspec.field(name="X-STORE-ID", default="")
    answer: Answer = Answer()
    rest: Extra = {}


class CardContext(Struct, frozen=True):
    """What it costs."""

    total: Money
    installments: list[dict[str, Any]]


class CardPage(Page[CardForm]):
    """Pay by card."""

    junction = Junction.PAYMENT
    aliases = ("OldCardPage",)
    form = CardForm
    context_type = CardContext


class PlainPage(Page[NoForm]):
    """Say nothing."""

    independent = True


class Odd:
    """A type that JSON schema has no word for."""


class OddContext(Struct, frozen=True):
    """Something odd."""

    odd: Odd


class OddPage(Page[NoForm]):
    """Be odd."""

    context_type = OddContext


DOCUMENT = document("acme", [PlainPage(), CardPage(), OddPage()])
POST = DOCUMENT["paths"]["/orders/checkout/"]["post"]


def test_the_document_is_valid_openapi() -> None:
    assert schemathesis.openapi.from_dict(DOCUMENT).specification.version == "3.1.0"
    for name, part in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(part)
        assert name


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for each in part.values() for found in references(each)]
        return [found for each in part for found in references(each)] if isinstance(part, list) else []

    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) <= known


def test_pages_and_aliases_are_the_values_of_page() -> None:
    page = next(each for each in POST["parameters"] if each["name"] == "page")

    assert page["schema"]["enum"] == ["CardPage", "OldCardPage", "OddPage", "PlainPage"]


def test_a_form_shows_what_a_body_can_fill() -> None:
    form = DOCUMENT["components"]["schemas"]["CardPage.CardForm"]

    assert set(form["properties"]) == {"number", "limit"}
    assert form["required"] == ["number"]
    assert form["properties"]["number"]["format"] == "password"
    assert form["properties"]["number"]["pattern"] == "^[0-9]{16}$"


def test_a_header_of_a_form_is_a_header() -> None:
    assert {"name": "X-STORE-ID", "in": "header"}.items() <= POST["parameters"][-1].items()
    assert POST["x-pages"]["CardPage"]["headers"] == ["X-STORE-ID"]


def test_amounts_travel_as_text() -> None:
    assert DOCUMENT["components"]["schemas"]["CardPage.Money"]["type"] == "string"


def test_a_page_tells_what_an_empty_submit_is_answered_with() -> None:
    assert POST["x-pages"]["CardPage"]["errors_example"] == {"number": ["This field is required."]}
    assert POST["x-pages"]["CardPage"]["summary"] == "Pay by card."
    assert POST["x-pages"]["PlainPage"]["errors_example"] is None


def test_a_page_that_cannot_be_described_does_not_stand_in_the_way() -> None:
    assert POST["x-pages"]["OddPage"]["context"] == {"type": "object"}


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ({"context_list": [], "errors": None, "template_name": "orders/checkout.html"}, True),
        ({"context_list": [], "errors": {"a": ["b"]}, "template_name": "x", "redirect_url": "/"}, True),
        (
            {
                "context_list": [
                    {"page_context": {"total": "1.00", "installments": []}, "page_name": "CardPage",
                     "page_slug": "cardpage"}
                ],
                "errors": None,
                "template_name": "x",
            },
            True,
        ),
        (
            {
                "context_list": [{"page_context": {}, "page_name": "Other", "page_slug": "other"}],
                "errors": None,
                "template_name": "x",
            },
            False,
        ),
        ({"context_list": [], "errors": [], "template_name": "x"}, False),
    ],
)  # fmt: skip
def test_the_envelope_is_described(answer: dict[str, Any], valid: bool) -> None:
    schema = {"$ref": "#/components/schemas/CheckoutAnswer", "components": DOCUMENT["components"]}

    assert jsonschema.Draft202012Validator(schema).is_valid(answer) is valid
