"""``/schema/openapi.json``: exactly the pages and paths that the merchant of the Host header has.

One path carries every page, so the document is made from the pages themselves:
their forms, contexts, headers, and what an empty submit is answered with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec
import structlog
from litestar import Request, Response, get
from litestar.enums import MediaType
from msgspec import Struct

from vezne_core import Answer, Page, decode
from vezne_host.http.form_schema import bodily, header_fields
from vezne_host.http.openapi_paths import PATHS, SCHEMAS
from vezne_host.http.visitor import visitor_of

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
_MONEY = {"type": "string", "pattern": r"^\d+(\.\d+)?$", "examples": ["62.99"]}
_AJAX = {
    "name": "x-requested-with",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "const": "XMLHttpRequest"},
}


class Schemas:
    """The documents of a process, made when they are first asked for."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[MerchantRuntime, bytes] = WeakKeyDictionary()

    def of(self, runtime: MerchantRuntime) -> bytes:
        """Return the document of a merchant as JSON."""
        made = self._made.get(runtime)
        if made is None:
            made = self._made[runtime] = msgspec.json.encode(document(runtime.name, _pages(runtime)))
        return made


@get("/schema/openapi.json")
async def schema(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describe the API of this merchant."""
    visitor = visitor_of(request.scope)
    schemas: Schemas = request.app.state["schemas"]
    return visitor.raw(schemas.of(visitor.runtime), MediaType.JSON)


def document(merchant: str, pages: Iterable[Page[Any]]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a merchant with these pages."""
    described = [_described(page) for page in sorted(pages, key=lambda page: page.name)]
    components: dict[str, Any] = dict(SCHEMAS)
    for each in described:
        components |= each.components
    components["CheckoutAnswer"] = _envelope(described)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": f"Vezne: {merchant}", "version": "1.0"},
        "paths": {"/orders/checkout/": _checkout(described), **PATHS},
        "components": {"schemas": components},
    }


class _Described(Struct, frozen=True):
    page: Page[Any]
    form: dict[str, Any]
    context: dict[str, Any]
    headers: tuple[str, ...]
    errors: dict[str, list[str]]
    components: dict[str, Any]

    @property
    def name(self) -> str:
        return self.page.name

    @property
    def summary(self) -> str:
        return (self.page.__doc__ or "").strip().partition("\n")[0]


def _pages(runtime: MerchantRuntime) -> list[Page[Any]]:
    return list(dict.fromkeys(runtime.flow.pages.values()))


def _described(page: Page[Any]) -> _Described:
    _, errors = decode(page.form, {}, answer=Answer())
    told = {field: [str(text) for text in texts] for field, texts in errors.items()}
    try:
        form, context, components = _schemas(page)
    except (TypeError, NameError, RuntimeError) as error:  # a type that JSON schema has no word for
        log.warning("page not described", page=page.name, error=str(error))
        form, context, components = {"type": "object"}, {"type": "object"}, {}
    return _Described(page, form, context, header_fields(page.form), told, components)


def _schemas(page: Page[Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the schemas of a page's form and context, and of what they are made of, under its name."""
    (form, context), components = msgspec.json.schema_components(
        [bodily(page.form), page.context_type],
        ref_template=f"#/components/schemas/{page.name}.{{name}}",
    )
    named = {f"{page.name}.{name}": part for name, part in components.items()}
    if f"{page.name}.Money" in named:
        named[f"{page.name}.Money"] = _MONEY
    return form, context, named


def _checkout(described: list[_Described]) -> dict[str, Any]:
    page = {"name": "page", "in": "query", "schema": {"type": "string", "enum": _names(described)}}
    headers = sorted({header for each in described for header in each.headers})
    answers = {
        "200": _content("CheckoutAnswer", "Where the checkout stands; errors of the form are in `errors`."),
        "400": _content("CheckoutError", "The request cannot be read, or names no page."),
        "404": _content("CheckoutError", "There is no such page."),
        "503": _content("CheckoutError", "Try again in a moment."),
    }
    submitted = {"anyOf": [each.form | {"title": each.name} for each in described if not _is_empty(each)]}
    return {
        "get": {
            "operationId": "getCheckout",
            "summary": "Tell where the checkout stands, or open a page of it.",
            "parameters": [page | {"required": False}, _AJAX],
            "responses": answers,
        },
        "post": {
            "operationId": "submitCheckoutPage",
            "summary": "Submit one page.",
            "parameters": [
                page | {"required": True},
                _AJAX,
                *(
                    {"name": header, "in": "header", "required": False, "schema": {"type": "string"}}
                    for header in headers
                ),
            ],
            "requestBody": {
                "description": "The form of the page that is named; unknown fields are ignored.",
                "required": False,
                "content": {kind: {"schema": submitted} for kind in FORMS},
            },
            "responses": {
                **answers,
                "403": _content("CheckoutError", "The header x-requested-with is missing."),
            },
            "x-pages": {each.name: _entry(each) for each in described},
        },
    }


def _entry(each: _Described) -> dict[str, Any]:
    page = each.page
    return {
        "summary": each.summary,
        "form": each.form,
        "context": each.context,
        "headers": list(each.headers),
        "aliases": list(page.aliases),
        "independent": page.independent,
        "answered_from_outside": page.returns,
        "post_order": page.post_order,
        "errors_example": each.errors or None,
    }


def _envelope(described: list[_Described]) -> dict[str, Any]:
    entries = [
        {
            "type": "object",
            "title": each.name,
            "required": ["page_context", "page_name", "page_slug"],
            "properties": {
                "page_context": {"anyOf": [each.context, {"type": "object", "maxProperties": 0}]},
                "page_name": {"const": each.name},
                "page_slug": {"const": each.page.slug},
            },
        }
        for each in described
    ]
    return {
        "type": "object",
        "required": ["context_list", "errors", "template_name"],
        "properties": {
            "context_list": {"type": "array", "items": {"anyOf": entries}},
            "pre_order": {"$ref": "#/components/schemas/PreOrder"},
            "errors": {"anyOf": [{"$ref": "#/components/schemas/FieldErrors"}, {"type": "null"}]},
            "template_name": {"type": "string"},
            "redirect_url": {"type": "string"},
        },
        "examples": [
            {"context_list": [], "errors": each.errors, "template_name": "orders/checkout.html"}
            for each in described
            if each.errors
        ][:3],
    }


def _names(described: Iterable[_Described]) -> list[str]:
    return [name for each in described for name in (each.name, *each.page.aliases)]


def _is_empty(each: _Described) -> bool:
    reference = each.form.get("$ref", "").rpartition("/")[2]
    schema: Mapping[str, Any] = each.components.get(reference, each.form)
    return not schema.get("properties")


def _content(schema: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


HANDLERS = [schema]
