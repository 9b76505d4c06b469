"""Gives money of placed orders back: each action once, however often it is asked for.

An action is stored, with what it is to give back, before the gateway is called;
from then on that much is spoken for. An action of which it is not known whether
it was done is repeated with its own id, by whoever asks again and by the
reconciler. How actions are done is in ``giving_back.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from vezne_core import Capability, Money
from vezne_host.orders.locked import LockedOrder, balance_of, locked
from vezne_host.orders.status import UNPAID
from vezne_host.payments.balance import ASKED, Balance, Part, TooMuch
from vezne_host.payments.failpoint import failpoint
from vezne_host.payments.giving_back import GivingBack, book
from vezne_host.payments.refund_answer import OTHER_ID, Action, Answer, Given, NotGiven, Wish
from vezne_host.payments.settler import again
from vezne_host.storage import moves
from vezne_host.storage import refunds as sql
from vezne_host.storage.lane import Lane

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
"""What the id of an action looks like: providers take it as their idempotency key."""

LEASE = timedelta(seconds=150)
"""How long one try may take: longer than two calls of a gateway, which have 60 s each at most."""

OWN_ID = "use an id of its own for every refund"


class Refunds:
    """Gives back the money of one merchant's orders."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane
        self._giving = GivingBack(runtime, lane)

    async def give_back(self, wish: Wish) -> Answer:
        """Give money of an order back; asked again with the same id, say how that stands."""
        if not ID.fullmatch(wish.action):
            fact = f"{wish.action[:80]!r} is no id of an action"
            return NotGiven(why="bad_id", fact=fact, remedy="use 1 to 64 of A-Z a-z 0-9 . _ : -")
        owner = token_hex(8)
        begun: Action | Answer = await again(lambda: self._begin(wish, owner))
        if not isinstance(begun, Action):
            return begun
        failpoint("after_refund_asked")
        return await self._giving.tried(begun)

    async def repeat(self, claimed: Any) -> Answer:
        """Try an action again, from a row of :data:`sql.CLAIM_DUE`."""
        return await self._giving.tried(Action.of(claimed))

    async def _begin(self, wish: Wish, owner: str) -> Action | Answer:
        """Store an action; return it where it is to be tried now, else how it stands."""
        async with self._lane.transaction() as driver:
            order = await locked(driver, self._merchant, wish.number)
            if order is None:
                return NotGiven(why="no_order", fact=f"there is no order {wish.number}")
            balance = await balance_of(driver, order, self._runtime.reservations)
            row = await sql.ACTION.run(driver, merchant=self._merchant, action=wish.action)
            if row is not None:
                return await self._known(driver, wish, Action.of(row), order, balance, owner)
            plan = self._plan(wish, order, balance)
            if isinstance(plan, NotGiven):
                return plan
            method = await self._method(driver, wish, plan, balance)
            if isinstance(method, NotGiven):
                return method
            return await self._store(driver, wish, order, plan, method, owner)

    async def _known(
        self, driver: Any, wish: Wish, action: Action, order: LockedOrder, balance: Balance, owner: str
    ) -> Action | Answer:
        """Answer for an action that was asked before."""
        if not action.fits(wish):
            return NotGiven(why="used", fact=f"{action.id} has been used for something else", remedy=OWN_ID)
        if action.state == "done":
            kept = Money.of(balance.kept, order.amount.currency)
            return Given(
                action=action.id, number=order.number, amount=action.amount, kept=kept, status=order.status
            )
        if action.state == "refused":
            return NotGiven(why="declined", fact=action.note or "it was declined", remedy=OTHER_ID)
        row = await sql.CLAIM.run(driver, merchant=self._merchant, action=action.id, owner=owner, lease=LEASE)
        return Action.of(row) if row is not None else action.open("somebody is at it")

    def _plan(self, wish: Wish, order: LockedOrder, balance: Balance) -> Sequence[Part] | NotGiven:
        """Say which parts of the order go back."""
        number, currency = order.number, order.amount.currency
        if order.status in UNPAID:
            return NotGiven(
                why="unpaid", fact=f"order {number} has not been paid",
                remedy=f"cancel it: vezne order move {number} 100",
            )  # fmt: skip
        left = Money.of(sum((part.amount for part in balance.left), Decimal(0)), currency)
        if not left:
            return NotGiven(why="nothing", fact=f"nothing of order {number} is left to give back")
        if wish.amount is not None and Money.of(wish.amount, currency).amount != wish.amount:
            return NotGiven(why="too_much", fact=f"{wish.amount:f} is no amount of {currency}")
        if wish.kind == "void" and left.amount != balance.taken:
            fact = f"something of order {number} has been given back already"
            return NotGiven(why="impossible", fact=fact, remedy="refund what is left")
        try:
            plan = balance.plan(wish.amount)
        except TooMuch:
            fact = f"{left.wire} {currency} of order {number} can be given back"
            return NotGiven(why="too_much", fact=fact, remedy="ask for that, or for less")
        names = {each.name for each in self._runtime.reservations}
        if strange := sorted({part.tender for part in plan if part.tender} - names):
            fact = f"no enabled plugin takes {', '.join(strange)} back"
            return NotGiven(why="impossible", fact=fact, remedy="enable the plugin that took it")
        return plan

    async def _method(
        self, driver: Any, wish: Wish, plan: Sequence[Part], balance: Balance
    ) -> str | NotGiven:
        """Say what the gateway is asked first: to undo what is not settled yet, where it can."""
        main = next((part for part in plan if part.tender is None), None)
        if main is None or wish.by_hand:
            return "none"
        row = await sql.ATTEMPT.run(driver, merchant=self._merchant, attempt=main.attempt)
        name = row["gateway"] if row is not None else "of its payment"
        gateway = self._runtime.gateways.get(name)
        if gateway is None:
            fact = f"the gateway {name} is not registered any more"
            return NotGiven(why="impossible", fact=fact, remedy="enable its plugin")
        whole = main.amount == balance.taken_of(main.key)
        if whole and Capability.VOID in gateway.capabilities:
            return "void"
        if wish.kind == "refund" and Capability.REFUND in gateway.capabilities:
            return "refund"
        fact = f"the gateway {name} cannot {wish.kind} {'it' if whole else 'a part'}"
        return NotGiven(why="impossible", fact=fact, remedy="send the money yourself, and note it --by-hand")

    async def _store(
        self, driver: Any, wish: Wish, order: LockedOrder, plan: Sequence[Part], method: str, owner: str
    ) -> Action | NotGiven:
        main = next((part.attempt for part in plan if part.tender is None), None)
        amount = Money.of(sum((part.amount for part in plan), Decimal(0)), order.amount.currency)
        row = await sql.BEGIN.run(
            driver, merchant=self._merchant, action=wish.action, number=order.number, attempt=main,
            kind=wish.kind, wanted=wish.amount, by_hand=wish.by_hand, amount=amount.amount,
            currency=amount.currency, method=method, actor=wish.actor, owner=owner, lease=LEASE,
        )  # fmt: skip
        if row is None:
            return NotGiven(why="used", fact=f"{wish.action} has been used for another order", remedy=OWN_ID)
        await book(driver, order, wish.action, ASKED, {part.key: part.amount for part in plan})
        by = " by hand" if wish.by_hand else ""
        await moves.WRITE_DOWN.run(
            driver, merchant=self._merchant, actor=wish.actor, action=wish.kind, number=order.number,
            text=f"{wish.action}: {amount.wire} {amount.currency}{by}",
        )  # fmt: skip
        return Action.of(row)
