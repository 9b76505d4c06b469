"""How an attempt ends. Browser return, notice and reconciler all end here.

Each end is one statement that names the states it leaves, so of two who come
at once one has an effect and the other learns of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import structlog

from vezne_core import (
    CARD,
    CLIENT,
    CONTACT,
    Approved,
    Challenge,
    Challenged,
    Declined,
    Deferred,
    Errors,
    Money,
    NotAttempted,
    OrderMoved,
    OrderPlaced,
    PaymentAttempt,
    Pending,
    PlacedOrder,
    Result,
    Undecided,
    Unknown,
)
from vezne_core.outcome import GENERAL
from vezne_host.audience import audience
from vezne_host.payments.case import Case, sum_of
from vezne_host.payments.draft import as_paid, payment_body
from vezne_host.payments.failpoint import failpoint
from vezne_host.payments.holding import Holding
from vezne_host.payments.verdict import Lost, Placed, Refused, Stepped, Verdict, Waiting
from vezne_host.storage import attempts as sql
from vezne_host.storage import post_orders
from vezne_host.storage.checkouts import AttemptRow, Told, columns, new_public_id
from vezne_host.storage.lane import Away, Lane, untangled

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime

log = structlog.get_logger()

NOT_PAID = "The payment was not accepted. Please try again or choose another way to pay."

WAITS, PAID = 300, 400
"""Order status: payment waiting, approved."""


class Settler:
    """Writes down how gateways answered, and does what follows."""

    def __init__(self, runtime: MerchantRuntime, lane: Lane) -> None:
        self._runtime = runtime
        self._merchant = runtime.name
        self._lane = lane

    def placed(self, pk: int, number: str, key: str) -> PlacedOrder:
        """Return the order that stands, as the last page tells of it."""
        return PlacedOrder(id=pk, number=number, key=key, token=self._runtime.order_links.sign(number))

    async def settle(self, case: Case, result: Result, *, leaves: Sequence[str]) -> Verdict:
        """Write down how a gateway answered and do what follows from it."""
        log.info(
            "payment answered", merchant=self._merchant, gateway=case.attempt.gateway,
            attempt=case.attempt.id, result=type(result).__name__, code=getattr(result, "code", None),
        )  # fmt: skip
        match result:
            case Approved():
                wrong = mismatch(case.attempt, result)
                if wrong:
                    return await self._doubt(case, wrong, flag=wrong)
                case = msgspec.structs.replace(case, draft=as_paid(case.draft, result))
                verdict = await self._place(case, PAID, "approved", result.transaction_id, leaves)
                await self._store_card(case, result)
            case Pending():
                verdict = await self._place(case, WAITS, "pending", result.transaction_id, leaves)
            case Challenged():
                return await self._challenge(case, result)
            case Undecided():
                await self._lane.ask(sql.AGAIN, merchant=self._merchant, attempt=case.attempt.id)
                return Refused(_errors(result.errors), case.before, case.loaded)
            case Declined() | NotAttempted():
                return await self._decline(case, result, leaves)
            case Unknown():
                return await self._doubt(case, result.reason)
        await self._forget_card(case)
        return verdict

    async def _place(
        self, case: Case, status: int, result: str, transaction_id: str | None, leaves: Sequence[str]
    ) -> Verdict:
        failpoint("before_place")
        order, renew = case.draft, new_public_id() if case.in_session else None
        values = self._order_values(case, status, result, transaction_id, leaves, renew)

        async def place() -> Any:
            if case.loaded.post_order is not None:
                more = {"order": case.loaded.post_order, "charged": order.charged.amount}
                return await self._lane.ask(
                    post_orders.PAY, **(values | more | {"body": payment_body(order.body)})
                )
            if not case.holding:
                return await self._lane.ask(sql.PLACE, **values)
            async with self._lane.transaction() as driver:
                row = await sql.PLACE.run(driver, **values)
                if row is not None:
                    await case.holding.consume(driver)
                return row

        row = await again(place)
        failpoint("after_place")
        if row is not None:
            self._runtime.nudge()
            key = row["key"] if case.loaded.post_order is not None else order.key
            return Placed(self.placed(row["pk"], order.number, key), renew)
        known = await self._lane.ask(sql.LOAD_ATTEMPT, merchant=self._merchant, attempt=case.attempt.id)
        if known is not None and known["order_pk"] is not None:
            # by somebody else, who left the session to its next request
            return Placed(self.placed(known["order_pk"], known["number"], known["key"]), None)
        return Lost()

    async def _challenge(self, case: Case, result: Challenged) -> Verdict:
        page = self._runtime.flow.pages[case.page]
        if page.challenge is None:
            return await self._doubt(
                case, f"{case.page} cannot be challenged", flag="challenged unexpectedly"
            )
        expires = case.attempt.expires
        if result.expires_in is not None:
            expires = min(expires, case.loaded.now + result.expires_in)
        attempt = msgspec.structs.replace(case.attempt, state=dict(result.state), expires=expires)
        challenge = Challenge(hand_off=result.hand_off, show=dict(result.show), expires=expires)
        graph = self._runtime.graph
        preorder, _ = case.challenged.apply(graph, (page.challenge.fill(challenge),))
        frozen = case.frozen
        row = await self._lane.ask(
            sql.CHALLENGE, merchant=self._merchant, attempt=attempt.id,
            attempt_body=msgspec.msgpack.encode(attempt), snapshot=frozen, transaction_id=None,
            expires=expires, body=case.body(preorder), **case.sum,
        )  # fmt: skip
        if case.card is not None and (isinstance(result.hand_off, Deferred) or case.gateway.card_at_resume):
            await self._runtime.services.vault.keep(case.draft.preorder, case.card)
        if row is None or not row["moved"] or row["revision"] is None:
            return Lost()
        live = AttemptRow(UUID(attempt.id), "challenged", case.page, case.draft.number)
        loaded = msgspec.structs.replace(
            case.loaded, preorder=preorder, attempt=live, state="open", tries=case.loaded.tries + 1
        )
        return Stepped(preorder.at(row["revision"]), loaded)

    async def _decline(self, case: Case, result: Declined | NotAttempted, leaves: Sequence[str]) -> Verdict:
        errors = result.errors if isinstance(result, Declined) else {}
        code = result.code if isinstance(result, Declined) else f"not attempted: {result.reason}"
        revision = await self.end(
            case.attempt, case.holding, state="declined", leaves=list(leaves), note=code,
            revision=case.revision, body=case.body(case.declined),
        )  # fmt: skip
        await self._forget_card(case)
        number = case.card.number if case.card else None
        await self._runtime.cards.declined(case.accepted, number)
        if revision is None:
            return Lost()
        loaded = msgspec.structs.replace(
            case.loaded, preorder=case.declined, attempt=None, state="open", tries=case.loaded.tries + 1
        )
        return Refused(_errors(errors), case.declined.at(revision), loaded)

    async def end(
        self, attempt: PaymentAttempt, holding: Holding, *, state: str, leaves: list[str],
        note: str | None, revision: int, body: bytes,
    ) -> int | None:  # fmt: skip
        """End an attempt without an order; return the pre-order's revision, None if it had moved on."""
        values = {
            "merchant": self._merchant, "attempt": attempt.id, "state": state, "leaves": leaves,
            "note": note, "flag": None, "revision": revision, "body": body, **sum_of(attempt),
        }  # fmt: skip

        async def end() -> Any:
            if not holding:
                return await self._lane.ask(sql.END, **values)
            async with self._lane.transaction() as driver:
                row = await sql.END.run(driver, **values)
                if row is not None and row["moved"]:
                    await holding.release(driver)
                return row

        row = await again(end)
        return None if row is None or not row["moved"] else row["revision"]

    async def _doubt(self, case: Case, reason: str, flag: str | None = None) -> Verdict:
        log.warning(
            "payment unknown", merchant=self._merchant, gateway=case.attempt.gateway,
            attempt=case.attempt.id, reason=reason,
        )  # fmt: skip
        await self._lane.ask(
            sql.DOUBT, merchant=self._merchant, attempt=case.attempt.id, note=reason, flag=flag,
            order_number=case.draft.number, **case.sum,
        )  # fmt: skip
        await self._forget_card(case)
        return Waiting()

    async def _store_card(self, case: Case, result: Approved) -> None:
        if result.stored_card is None or case.draft.user is None or case.attempt.save_card is None:
            return
        stored = msgspec.structs.replace(result.stored_card, name=case.attempt.save_card)
        try:
            info = case.accepted.get(CARD)
            await self._runtime.wallet.add(
                case.draft.user, case.attempt.gateway, stored, stored.name, info.card if info else None
            )
        except Exception as error:  # the order stands; a card that was not kept is no reason to say otherwise
            log.error("card not stored", merchant=self._merchant, error=type(error).__name__)

    async def _forget_card(self, case: Case) -> None:
        if case.resumed:
            await self._runtime.services.vault.drop(case.draft.preorder)

    def _order_values(
        self, case: Case, status: int, result: str, transaction_id: str | None, leaves: Sequence[str],
        renew: str | None,
    ) -> dict[str, Any]:  # fmt: skip
        order = case.draft
        tenders = [*order.tenders]
        paid = status == PAID
        main = [("payment", order.charged.amount, transaction_id, paid)] if order.charged else []
        rows = [(t.reservation, t.amount, None, True) for t in tenders] + main
        return {
            "merchant": self._merchant,
            "attempt": case.attempt.id,
            "leaves": list(leaves),
            "transaction_id": transaction_id,
            "result": result,
            "number": order.number,
            "user": order.user,
            "email": order.email,
            "status": status,
            "amount": order.amount.amount,
            "currency": order.amount.currency,
            "charged": order.charged.amount,
            "interest": order.interest.amount,
            "key": order.key,
            "body": order.body,
            "item_products": [item.product for item in order.items],
            "item_skus": [item.sku for item in order.items],
            "item_prices": [item.price for item in order.items],
            "item_bodies": [item.body for item in order.items],
            "discount_offers": [d.offer for d in order.discounts],
            "discount_types": [d.offer_type for d in order.discounts],
            "discount_names": [d.name for d in order.discounts],
            "discount_codes": [d.code for d in order.discounts],
            "discount_amounts": [d.amount for d in order.discounts],
            "tender_kinds": [row[0] for row in rows],
            "tender_amounts": [row[1] for row in rows],
            "tender_ids": [row[2] for row in rows],
            "tender_done": [row[3] for row in rows],
            "three_d": case.attempt.three_d,
            "basket": order.basket,
            "line_pks": [pk for pk, _ in order.lines],
            "line_quantities": [quantity for _, quantity in order.lines],
            **columns(self._events(case, status)),
            "public_id": renew,
        }

    def _events(self, case: Case, status: int) -> list[Told]:
        order, contact, client = case.draft, case.accepted.get(CONTACT), case.accepted.get(CLIENT)
        language = client.language if client else order.language
        if case.loaded.post_order is not None:
            if status != PAID:
                return []
            moved = OrderMoved(
                id=case.attempt.id, merchant=self._merchant, at=case.loaded.now, number=order.number,
                before=WAITS, status=status, amount=order.amount, email=order.email, language=language,
            )  # fmt: skip
            return audience(self._runtime, moved, "mail")
        placed = OrderPlaced(
            id=case.attempt.id, merchant=self._merchant, at=case.loaded.now, preorder=order.preorder,
            order=0, number=order.number, amount=order.amount, email=order.email, language=language,
        )  # fmt: skip
        return audience(self._runtime, placed, "mail", *(["sms"] if contact and contact.phone else []))


def mismatch(attempt: PaymentAttempt, result: Approved) -> str | None:
    """Compare what a provider took, less interest of its own, with what was asked; say what is wrong."""
    asked, taken = attempt.amount, result.amount
    extra = result.interest or Money.zero(asked.currency)
    if extra.currency == asked.currency and extra.amount >= 0 and taken == asked + extra:
        return None
    told = f"asked {asked.wire} {asked.currency}, approved {taken.wire} {taken.currency}"
    return f"{told} with {extra.wire} {extra.currency} of interest" if extra else told


def _errors(errors: Errors) -> Errors:
    return errors or {GENERAL: [NOT_PAID]}


async def again(step: Callable[[], Awaitable[Any]]) -> Any:
    """Run a step that recognises its own first run, once more when the connection was lost."""
    try:
        return await untangled(step)
    except Away:
        return await untangled(step)
