"""An order line by line: what each basket line was discounted by, and what a provider is told."""

from __future__ import annotations

from collections.abc import Mapping

from vezne_core.money import Money
from vezne_core.payments import PaidLine
from vezne_core.preorder import PreOrder
from vezne_core.promotions import Due, Totals, Unpaid, line_totals, totals
from vezne_core.standard import BASKET, DUE, LINE_PRICES, UNPAID


def line_discounts(preorder: PreOrder) -> dict[int, Money]:
    """Return by how much each basket line is reduced, its share of basket discounts included.

    By key of the line; not below zero. They add up to ``totals().discount``.
    """
    basket, left = preorder.get(BASKET), _left(preorder)
    if basket is None or left is None:
        return {}
    prices = line_totals(basket, preorder.get(LINE_PRICES))
    return {line: price - left.goods[line] for line, price in prices.items()}


def paid_lines(preorder: PreOrder) -> tuple[PaidLine, ...]:
    """Return what the main payment is for: goods after discounts, items, shipping and fees.

    Tenders are spread over all of them, so that the lines add up exactly to
    the unpaid amount. Lines that cost nothing are left out, as most providers
    refuse them.
    """
    sums, left = totals(preorder), _left(preorder)
    if sums is None or left is None:
        return ()
    lines = [*_goods(preorder, left.goods), *_charges(sums)]
    parts = sums.unpaid.split([line.total.amount for line in lines])
    return tuple(
        PaidLine(name=line.name, sku=line.sku, quantity=line.quantity, total=part, category=line.category)
        for line, part in zip(lines, parts, strict=True)
        if part
    )


def _left(preorder: PreOrder) -> Due | Unpaid | None:
    return preorder.get(UNPAID) or preorder.get(DUE)


def _goods(preorder: PreOrder, left: Mapping[int, Money]) -> list[PaidLine]:
    return [
        PaidLine(
            name=line.product.name,
            sku=line.product.sku,
            quantity=line.quantity,
            total=left[line.pk],
            category=line.product.category,
        )
        for line in preorder.require(BASKET).lines
    ]


def _charges(sums: Totals) -> list[PaidLine]:
    charges = [each for each in sums.adjustments if each.kind in ("item", "fee")]
    return [
        *(
            PaidLine(name=each.label, sku=each.sku or each.source, quantity=1, total=each.amount)
            for each in charges
        ),
        PaidLine(name="Shipping", sku="shipping", quantity=1, total=sums.shipping),
    ]
