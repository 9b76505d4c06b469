"""Spoil the next answers on demand."""

import asyncio
from typing import Annotated, Literal

import msgspec

from vezne_payment_sandbox.bank.protocol import Amount, Currency, Operation, Word

Kind = Literal["delay", "wrong_amount", "wrong_currency", "garbage", "error", "reset", "hang"]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule: what goes wrong, with which operation, how often, and before or after the bank acted."""

    kind: Kind
    operation: Operation | Literal["any"] = "any"
    calls: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    when: Literal["before", "after"] = "after"
    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 1.0
    amount: Amount = "1.00"
    currency: Currency = "EUR"
    order_number: Word | None = None


class Faults:
    """The rules that wait for their calls; the oldest that matches is used."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, operation: Operation, order_number: str | None) -> Fault | None:
        """Use one call of the first rule that covers this request."""
        for fault in self.waiting:
            if fault.operation in ("any", operation) and fault.order_number in (None, order_number):
                fault.calls -= 1
                if fault.calls == 0:
                    self.waiting.remove(fault)
                return fault
        return None


def falsified(body: bytes, fault: Fault) -> bytes:
    """Change the amount or the currency of an answer, wherever it stands in it."""
    answer = msgspec.json.decode(body)
    for part in (answer, *answer.get("payments", ())):
        name = fault.kind.removeprefix("wrong_")
        if name in part:
            part[name] = getattr(fault, name)
    return msgspec.json.encode(answer)


async def pause(seconds: float, closing: asyncio.Event) -> None:
    """Wait, but not beyond the closing of the bank."""
    try:
        await asyncio.wait_for(closing.wait(), seconds)
    except TimeoutError:
        return
