"""What availability rules and calculators look at: one basket on its way to one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from vezne_core.address import Address
from vezne_core.catalogue import Catalogue
from vezne_core.money import Money
from vezne_core.preorder import PreOrder
from vezne_core.standard import BASKET, CLIENT, CONFIG, DESTINATION, LINE_PRICES, SHOPPER
from vezne_core.world import Basket, Client, Shopper


class RuleCase(Struct, frozen=True, kw_only=True):
    """The case that a rule of a shipping or payment option, or a calculator, judges."""

    basket: Basket
    lines_total: Money
    """Price of the lines before discounts, remote prices counted."""
    line_prices: Mapping[int, Money] = {}
    """Remote prices of a piece, by basket line."""
    destination: Address | None = None
    shopper: Shopper
    client: Client = Client()
    now: datetime
    """In the merchant's time zone, so that hours, weekdays and dates are the merchant's."""
    catalogue: Catalogue
    due: Money | None = None
    """What is to be paid; known to the rules of payment options only."""

    @property
    def currency(self) -> str:
        """Code of the basket's currency, upper case."""
        return self.lines_total.currency


def rule_case(
    preorder: PreOrder, catalogue: Catalogue, now: datetime, *, due: Money | None = None
) -> RuleCase:
    """Return the case of a pre-order.

    :param now: with any zone; the case holds it in the merchant's (CONFIG).
    """
    basket = preorder.require(BASKET)
    prices = preorder.get(LINE_PRICES) or {}
    destination = preorder.get(DESTINATION)
    return RuleCase(
        basket=basket,
        lines_total=basket.total_at(prices),
        line_prices=prices,
        destination=destination.address if destination else None,
        shopper=preorder.require(SHOPPER),
        client=preorder.get(CLIENT) or Client(),
        now=now.astimezone(ZoneInfo(preorder.require(CONFIG).timezone)),
        catalogue=catalogue,
        due=due,
    )
