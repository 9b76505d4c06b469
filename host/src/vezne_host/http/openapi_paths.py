"""The paths beside the checkout, which every merchant has, as OpenAPI says them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from vezne_host.http.address_form import AddressForm
from vezne_host.http.baskets import LineForm, VoucherForm
from vezne_host.http.form_schema import bodily
from vezne_host.http.user_form import LoginForm, RegistrationForm
from vezne_host.present import KEYS

Json = dict[str, Any]


_FORMS: tuple[type[Struct], ...] = (AddressForm, LineForm, VoucherForm, LoginForm, RegistrationForm)
_, _FORM_SCHEMAS = msgspec.json.schema_components(
    [bodily(form) for form in _FORMS], ref_template="#/components/schemas/{name}"
)

_SENTENCES: Json = {"type": "array", "items": {"type": "string"}}
_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}
_AMOUNT: Json = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}


def _record(*required: str, **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(item: Json) -> Json:
    link = {"type": ["string", "null"]}
    return _record(
        "count", "next", "previous", "results",
        count={"type": "integer"}, next=link, previous=link, results={"type": "array", "items": item},
    )  # fmt: skip


SCHEMAS: Json = {
    **_FORM_SCHEMAS,
    "FieldErrors": {"type": "object", "additionalProperties": _SENTENCES},
    "CheckoutError": _record("errors", errors=_ref("FieldErrors")),
    "Detail": _record("detail", detail=_TEXT),
    "Refusal": {
        "type": "object",
        "properties": {"error_code": _TEXT, "non_field_errors": _SENTENCES, "detail": _TEXT},
    },
    "PreOrder": {"type": "object", "required": list(KEYS), "properties": {key: {} for key in KEYS}},
    "Basket": _record(
        "basketitem_set", "total_quantity", "total_amount", "pk",
        basketitem_set={"type": "array", "items": _OBJECT},
        total_quantity={"type": "integer"},
        total_amount=_AMOUNT,
        total_product_amount=_AMOUNT,
        total_discount_amount=_AMOUNT,
        discounts={"type": "array", "items": _OBJECT},
        unavailable_basket_products={"type": "array", "items": _OBJECT},
        voucher_code={"type": ["string", "null"]},
        pk={"type": ["integer", "null"]},
    ),
    "BasketAnswer": _record("basket", basket=_ref("Basket")),
    "Address": _record("pk", "title", "country", "city", pk={"type": "integer"}, title=_TEXT,
                       country={"type": "integer"}, city={"type": "integer"}),
    "Order": _record("id", "number", "amount", "status", id={"type": "integer"}, number=_TEXT,
                     amount=_AMOUNT, status=_record("value", "label", value=_TEXT, label=_TEXT)),
    "CompletedOrder": _record(
        "campaigns", "order", campaigns={"type": "array", "items": _OBJECT}, order=_ref("Order")
    ),
    "User": _record("pk", "email", pk={"type": "integer"}, email=_TEXT),
    "Key": _record("key", key=_TEXT),
    "CsrfToken": _record("csrf_token", csrf_token=_TEXT),
    "Addresses": _list_of(_ref("Address")),
    "Orders": _list_of(_ref("Order")),
    "Places": _list_of(_record("pk", "name", pk={"type": "integer"}, name=_TEXT)),
}  # fmt: skip

_CSRF: Json = {"name": "x-csrftoken", "in": "header", "required": True, "schema": _TEXT}


def _answers(schema: str | None, *refusals: int, status: int = 200) -> Json:
    answers: Json = {str(status): _answer(schema, "Done.")}
    for refusal in refusals:
        answers[str(refusal)] = _answer("Refusal", "Refused.")
    return answers


def _answer(schema: str | None, description: str) -> Json:
    if schema is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _query(name: str, kind: str = "string") -> Json:
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind}}


def _path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _read(
    operation: str, summary: str, schema: str, *parameters: Json, refusals: tuple[int, ...] = ()
) -> Json:
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": list(parameters),
        "responses": _answers(schema, *refusals),
    }


def _write(
    operation: str,
    summary: str,
    form: str | None,
    schema: str | None,
    *parameters: Json,
    status: int = 200,
    refusals: tuple[int, ...] = (400, 403),
) -> Json:
    described: Json = {
        "operationId": operation,
        "summary": summary,
        "parameters": [_CSRF, *parameters],
        "responses": _answers(schema, *refusals, status=status),
    }
    if form is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(form)}},
        }
    return described


_PAGE, _SIZE, _LIMIT = _query("page", "integer"), _query("page_size", "integer"), _query("limit", "integer")

PATHS: Json = {
    "/csrf_token/": {"get": _read("getCsrfToken", "Give the token that writes have to carry.", "CsrfToken")},
    "/current_user/": {
        "get": _read("getCurrentUser", "Tell who is signed in.", "User", refusals=(401,)),
    },
    "/users/login/": {
        "post": _write("login", "Sign in.", "LoginForm", "Key", refusals=(400, 403, 429)),
    },
    "/users/registration/": {
        "post": _write(
            "register", "Create an account.", "RegistrationForm", "Key", status=201, refusals=(400, 403, 429)
        ),
    },
    "/users/logout/": {"post": _write("logout", "Sign out.", None, None)},
    "/users/orders/": {
        "get": _read(
            "listOrders", "List the user's orders.", "Orders", _PAGE, _LIMIT, _query("status", "integer"),
            _query("created_date__gte"), _query("created_date__lte"), refusals=(401,),
        ),
    },
    "/users/orders/{id}/": {
        "get": _read("getOrder", "Show one of the user's orders.", "Order", _path("id"), refusals=(401, 404)),
    },
    "/baskets/basket/": {
        "get": _read("getBasket", "Show the basket.", "BasketAnswer"),
        "post": _write("addToBasket", "Put pieces of a product in.", "LineForm", "BasketAnswer"),
        "put": _write("setQuantity", "Set how many pieces there are.", "LineForm", "BasketAnswer"),
        "patch": _write("useVoucher", "Use a voucher code, or take it back.", "VoucherForm", "BasketAnswer"),
        "delete": _write("emptyBasket", "Empty the basket.", None, "BasketAnswer", refusals=(403,)),
    },
    "/address/": {
        "get": _read(
            "listAddresses", "List the user's addresses.", "Addresses", _PAGE, _SIZE, refusals=(401,)
        ),
        "post": _write("createAddress", "Store an address.", "AddressForm", "Address", status=201),
    },
    "/address/detailed/": {
        "get": _read(
            "listDetailedAddresses", "List addresses with the names of places.", "Addresses", _PAGE, _SIZE,
            refusals=(401,),
        ),
    },
    "/address/{pk}/": {
        "patch": _write(
            "changeAddress", "Change fields of an address.", None, "Address", _path("pk"),
            refusals=(400, 403, 404),
        ),
        "delete": _write(
            "deleteAddress", "Delete an address.", None, None, _path("pk"), status=204, refusals=(403, 404)
        ),
    },
    "/address/country/": {"get": _read("listCountries", "List countries.", "Places", _PAGE, _SIZE)},
    "/address/city/": {
        "get": _read("listCities", "List cities.", "Places", _PAGE, _SIZE, _query("country", "integer")),
    },
    "/address/township/": {
        "get": _read("listTownships", "List townships.", "Places", _PAGE, _SIZE, _query("city", "integer")),
    },
    "/address/district/": {
        "get": _read(
            "listDistricts", "List districts.", "Places", _PAGE, _SIZE, _query("township", "integer")
        ),
    },
    "/orders/completed/{token}/": {
        "get": _read(
            "getCompletedOrder", "Show an order to whoever has its link.", "CompletedOrder", _path("token"),
            _query("format"), refusals=(404,),
        ),
    },
    "/orders/contract/": {
        "get": {
            "operationId": "getContract",
            "summary": "Give the text of a contract.",
            "parameters": [_query("contract_name")],
            "responses": {
                "200": {"description": "The text.", "content": {"text/html": {"schema": _TEXT}}},
                "404": _answer("Detail", "There is no such contract."),
            },
        },
    },
    "/orders/redirect-three-d/": {
        "get": {
            "operationId": "redirectThreeD",
            "summary": "Take the shopper's browser to the bank.",
            "parameters": [],
            "responses": {
                "200": {
                    "description": "A form that submits itself, or a link back to the checkout.",
                    "content": {"text/html": {"schema": _TEXT}},
                },
            },
        },
    },
    "/orders/redirection/": {
        "get": {
            "operationId": "redirectToProvider",
            "summary": "Forward the shopper's browser to the payment provider.",
            "parameters": [],
            "responses": {
                "200": {
                    "description": "A form that submits itself, or the provider's own page.",
                    "content": {"text/html": {"schema": _TEXT}},
                },
                "303": {"description": "To the provider, or back to the checkout."},
            },
        },
    },
}  # fmt: skip
