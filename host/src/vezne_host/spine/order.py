"""What may be told with an order, and the page that stands at its end."""

from __future__ import annotations

from typing import Annotated, Any

import jsonschema
from msgspec import Meta, Struct

from vezne_core import (
    BASKET,
    EXTRA_FIELD,
    NOTE,
    ORDER,
    Catalogue,
    ExtraFieldSchema,
    Junction,
    NoForm,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
)

NOT_ALLOWED = "This value is not allowed here."


class OrderNoteForm(Struct, frozen=True):
    """A note for the shop; empty or missing clears it."""

    notes: Annotated[str, Meta(max_length=320)] | None = None


class OrderNoteContext(Struct, frozen=True):
    """The note so far."""

    notes: str | None


class OrderNotePage(Page[OrderNoteForm]):
    """Leave us a note with your order."""

    independent = True
    form = OrderNoteForm
    context_type = OrderNoteContext
    needs = (BASKET,)
    fills = (NOTE,)
    resets = (NOTE,)

    async def context(self, preorder: PreOrder) -> OrderNoteContext:
        return OrderNoteContext(preorder.get(NOTE))

    async def process(self, preorder: PreOrder, form: OrderNoteForm) -> Outcome:
        return Proceed(NOTE.fill(form.notes)) if form.notes else Proceed()


class OrderSelectionForm(Struct, frozen=True):
    """The order's extra field, as the merchant's schema has it."""

    extra_field: Any


class OrderSelectionContext(Struct, frozen=True):
    """The schema that the extra field has to fit."""

    schema: dict[str, Any] | None


class OrderSelectionPage(Page[OrderSelectionForm]):
    """Answer what the shop asks about your order."""

    independent = True
    form = OrderSelectionForm
    context_type = OrderSelectionContext
    fills = (EXTRA_FIELD,)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def context(self, preorder: PreOrder) -> OrderSelectionContext:
        return OrderSelectionContext(self._schema())

    async def process(self, preorder: PreOrder, form: OrderSelectionForm) -> Outcome:
        value, schema = form.extra_field, self._schema()
        if not isinstance(value, dict):
            return Reject({"extra_field": [NOT_ALLOWED]})
        if schema is not None and not jsonschema.Draft202012Validator(schema).is_valid(value):
            return Reject({"extra_field": [NOT_ALLOWED]})
        return Proceed(EXTRA_FIELD.fill(value))

    def _schema(self) -> dict[str, Any] | None:
        records = self._catalogue.all(ExtraFieldSchema)
        return records[0].schema if records else None


class ThankYouContext(Struct, frozen=True):
    """Where the completed order is shown."""

    redirect_url: str
    order_id: int
    new_user: bool
    token: str
    campaigns: list[Any]


class ThankYouPage(Page[NoForm]):
    """Thank you for your order."""

    junction = Junction.DONE
    context_type = ThankYouContext
    needs = (ORDER,)
    post_order = True

    def applies(self, preorder: PreOrder) -> bool:
        return preorder.has(ORDER)

    def done(self, preorder: PreOrder) -> bool:
        return True

    async def context(self, preorder: PreOrder) -> ThankYouContext:
        order = preorder.require(ORDER)
        return ThankYouContext(
            redirect_url=f"/orders/completed/{order.token}/",
            order_id=order.id,
            new_user=order.new_user,
            token=order.key,
            campaigns=[],
        )

    async def process(self, preorder: PreOrder, form: NoForm) -> Outcome:
        return Proceed()


class EmptyPage(Page[NoForm]):
    """Where a step that stands by itself leads."""

    independent = True
    post_order = True

    def done(self, preorder: PreOrder) -> bool:
        return False

    async def preset(self, preorder: PreOrder) -> NoForm:
        return NoForm()

    async def process(self, preorder: PreOrder, form: NoForm) -> Outcome:
        return Proceed()
