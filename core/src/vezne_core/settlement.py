"""Goods, shipping and what is owed, while adjustments are set against them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from vezne_core.adjustment import Adjustment, Kind
from vezne_core.money import Money

_RANK: Mapping[Kind, int] = {"item": 0, "fee": 0, "line": 1, "basket": 1, "shipping": 1, "tender": 2}
"""Charges first, then discounts, then tenders."""


class Settlement:
    """What is left of every price while adjustments are taken, each from what the earlier ones left.

    An adjustment that finds too little is cut to what is there, so that the
    taken ones always add up exactly to what they changed.
    """

    def __init__(self, goods: Mapping[int, Money], shipping: Money, owed: Money | None = None) -> None:
        """Begin.

        :param goods: what each basket line costs.
        :param owed: what is to be paid, where tenders have already covered a part.
        """
        self.goods = dict(goods)
        self.shipping = shipping
        self.owed = Money.sum(self.goods.values(), shipping.currency) + shipping if owed is None else owed
        self.taken: list[Adjustment] = []

    def take_all(self, adjustments: Iterable[Adjustment]) -> None:
        """Take charges, then discounts, then tenders, each in the order given."""
        for adjustment in sorted(adjustments, key=lambda each: _RANK[each.kind]):
            self.take(adjustment)

    def take(self, adjustment: Adjustment) -> Adjustment | None:
        """Set one adjustment against what is left and return it as it counts.

        None when there is nothing left that a discount or tender could be set against.
        """
        if adjustment.kind in ("item", "fee"):
            self.owed += adjustment.amount
            self.taken.append(adjustment)
            return adjustment
        if adjustment.kind == "tender":
            cut = min(adjustment.amount, self.owed)
            counted = replace(adjustment, amount=cut)
        else:
            cut = self._reduce(adjustment)
            counted = replace(adjustment, amount=-cut, share=None)
        if not cut:
            return None
        self.owed -= cut
        self.taken.append(counted)
        return counted

    def _reduce(self, discount: Adjustment) -> Money:
        """Take a discount from goods or shipping and return how much that was."""
        if discount.kind == "shipping":
            wanted = self.shipping.percent(discount.share) if discount.share else -discount.amount
            cut = min(wanted, self.shipping, self.owed)
            self.shipping -= cut
            return cut
        lines = [line for line in self.goods if discount.kind == "basket" or line == discount.line]
        left = [self.goods[line] for line in lines]
        cut = min(-discount.amount, Money.sum(left, self.owed.currency), self.owed)
        for line, part in zip(lines, cut.split([price.amount for price in left]), strict=True):
            self.goods[line] -= part
        return cut
