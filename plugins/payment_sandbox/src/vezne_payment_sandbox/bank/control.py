"""Let tests command the bank. Unsigned: whoever reaches this port may do all of it."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from vezne_payment_sandbox.bank.api import refused
from vezne_payment_sandbox.bank.cards import is_card_number, masked
from vezne_payment_sandbox.bank.desk import Bank
from vezne_payment_sandbox.bank.faults import Fault
from vezne_payment_sandbox.bank.journal import Seen
from vezne_payment_sandbox.bank.ledger import Row
from vezne_payment_sandbox.bank.notices import Mode, Posted, Rule
from vezne_payment_sandbox.bank.protocol import Refusal, Word, invalid

HttpRequest = Request[Any, Any, Any]


class NoticeRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /control/notice-mode`: without order and card, the mode holds for all."""

    mode: Mode
    order_number: Word | None = None
    card_number: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{12,19}\Z")] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 1.0


class Done(msgspec.Struct, frozen=True):
    """A command was carried out."""

    done: bool = True


@get("/ledger")
async def read_ledger(
    bank: NamedDependency[Bank],
    order_number: FromQuery[str | None] = None,
    terminal: FromQuery[str | None] = None,
) -> list[Row]:
    """Give the ledger, of one order or of all."""
    rows = bank.ledger.rows(order_number)
    return [row for row in rows if terminal in (None, row.terminal)]


@post("/control/reset", status_code=200)
async def reset(bank: NamedDependency[Bank]) -> Done:
    """Forget everything, also the ledger and its file."""
    await bank.reset()
    return Done()


@post("/control/settle", status_code=200)
async def settle(bank: NamedDependency[Bank]) -> Done:
    """Close the day: captured payments can no longer be voided."""
    bank.accounts.settle()
    return Done()


@post("/control/faults", status_code=200)
async def add_fault(request: HttpRequest, bank: NamedDependency[Bank]) -> Response[Any]:
    """Spoil the next calls of an operation."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.DecodeError as error:
        return _unreadable(error)
    bank.faults.waiting.append(fault)
    return Response(bank.faults.waiting)


@get("/control/faults")
async def list_faults(bank: NamedDependency[Bank]) -> list[Fault]:
    """Give the faults that wait for their calls."""
    return bank.faults.waiting


@delete("/control/faults", status_code=200)
async def drop_faults(bank: NamedDependency[Bank]) -> Done:
    """Drop every fault that waits."""
    bank.faults.waiting.clear()
    return Done()


@post("/control/notice-mode", status_code=200)
async def set_notice_mode(request: HttpRequest, bank: NamedDependency[Bank]) -> Response[Any]:
    """Say when and how merchants are told of approvals; the newest rule that covers a payment counts."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=NoticeRule)
    except msgspec.DecodeError as error:
        return _unreadable(error)
    if wanted.card_number is not None and not is_card_number(wanted.card_number):
        return refused(Refusal(400, "invalid", "The card number fails its check digit.", "card_number"))
    bank.notices.rules.append(
        Rule(
            mode=wanted.mode,
            order_number=wanted.order_number,
            masked_card=masked(wanted.card_number) if wanted.card_number else None,
            seconds=wanted.seconds,
        )
    )
    return Response(Done())


@get("/control/notices")
async def list_notices(bank: NamedDependency[Bank]) -> list[Posted]:
    """Give every delivery of a notice."""
    return bank.notices.posted


@get("/control/requests")
async def list_requests(bank: NamedDependency[Bank], operation: FromQuery[str | None] = None) -> list[Seen]:
    """Give the received requests, oldest first, without their secrets."""
    return [seen for seen in bank.journal.seen if operation in (None, seen.operation)]


def _unreadable(error: msgspec.DecodeError) -> Response[Any]:
    if isinstance(error, msgspec.ValidationError):
        return refused(invalid(error))
    return refused(Refusal(400, "malformed", "The body is not JSON."))
