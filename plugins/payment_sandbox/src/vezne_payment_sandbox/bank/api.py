"""Serve the merchant API: admit, act once, and answer, or fail to answer, as ordered."""

import logging
import time
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vezne_payment_sandbox.bank.connection import hang_up, hold
from vezne_payment_sandbox.bank.desk import Bank
from vezne_payment_sandbox.bank.faults import Fault, falsified, pause
from vezne_payment_sandbox.bank.journal import without_secrets
from vezne_payment_sandbox.bank.protocol import (
    KEYED,
    MESSAGES,
    Authorize,
    Capture,
    CardQuestion,
    Complete,
    ForgetCard,
    Message,
    OpenSession,
    Operation,
    Query,
    Refund,
    Refusal,
    Void,
    decode,
)
from vezne_payment_sandbox.bank.replies import Call, NotProcessed, Reply, Said, Silence
from vezne_payment_sandbox.bank.signing import body_digest, is_fresh, same, signature

log = logging.getLogger("vezne_payment_sandbox.bank")
MAX_KEY_LENGTH = 100
GARBAGE = b'{"result": "approv\xff\xfe<html>'
NOT_PROCESSED = msgspec.json.encode({"processed": False})

HttpRequest = Request[Any, Any, Any]


@post("/api/{operation:str}", status_code=200)
async def merchant_api(
    request: HttpRequest, operation: FromPath[str], bank: NamedDependency[Bank]
) -> Response[bytes]:
    """Answer one signed message of a merchant's server."""
    known = next((name for name in MESSAGES if name == operation), None)
    if known is None:
        return refused(Refusal(404, "unknown_operation", "The bank has no such operation."))
    terminal, key = request.headers.get("X-Bank-Terminal", ""), request.headers.get("Idempotency-Key", "")
    seen = bank.journal.open(
        known, terminal if terminal in bank.terminals else None, key[:MAX_KEY_LENGTH] or None
    )
    try:
        body = await request.body()
        call, message = _admit(bank, request, known, terminal, key, body)
        seen.body = without_secrets(msgspec.to_builtins(message))
        order_number = _order_number(bank, terminal, message)
        fault = bank.faults.take(known, order_number)
        answer = await _serve(bank, request, call, message, fault)
    except Refusal as refusal:
        answer = refused(refusal)
    seen.status = answer.status_code if answer is not None else None
    log.info("%s %s → %s", known, terminal if seen.terminal else "?", seen.status)
    return answer if answer is not None else Response(b"", status_code=502)


def refused(refusal: Refusal) -> Response[bytes]:
    """Say why the bank did not act."""
    error = {"code": refusal.code, "text": refusal.text, "field": refusal.field}
    return _json(msgspec.json.encode({"error": error}), refusal.status)


def _admit(
    bank: Bank, request: HttpRequest, operation: Operation, terminal: str, key: str, body: bytes
) -> tuple[Call, Message]:
    headers = request.headers
    secret = bank.terminals.get(terminal)
    timestamp = headers.get("X-Bank-Timestamp", "")
    expected = signature(secret or "", timestamp, operation, key, body)
    if not same(expected, headers.get("X-Bank-Signature", "")) or secret is None:
        raise Refusal(401, "bad_signature", "Unknown terminal or wrong signature.")
    if not is_fresh(timestamp, time.time()):
        raise Refusal(401, "stale", "The timestamp is too far from the bank's clock.")
    if operation in KEYED and not (0 < len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        raise Refusal(400, "key_missing", "Send an Idempotency-Key of 1 to 100 printable ASCII characters.")
    if bank.ledger.failed:
        raise Refusal(503, "ledger_failed", "The ledger cannot be written; the bank is closed.")
    return Call(terminal, operation, key, body_digest(secret, body)), decode(operation, body)


def _order_number(bank: Bank, terminal: str, message: Message) -> str | None:
    match message:
        case Authorize() | OpenSession() | Query(order_number=str()):
            return message.order_number
        case Query(reference=str(reference)):
            payment = bank.accounts.by_reference.get((terminal, reference))
            return payment.order_number if payment is not None else None
        case Complete(payment_id=transaction_id) | Capture(transaction_id=transaction_id):
            return bank.accounts.order_number_of(terminal, transaction_id)
        case Void(transaction_id=transaction_id) | Refund(transaction_id=transaction_id):
            return bank.accounts.order_number_of(terminal, transaction_id)
        case Query(transaction_id=str(transaction_id)):
            return bank.accounts.order_number_of(terminal, transaction_id)
        case _:
            return None


async def _serve(
    bank: Bank, request: HttpRequest, call: Call, message: Message, fault: Fault | None
) -> Response[bytes] | None:
    if fault is not None and fault.when == "before":
        if fault.kind != "delay":
            return await _spoil(bank, request, fault, b"{}")
        await pause(fault.seconds, bank.closing)
        fault = None
    base_url = bank.public_url or str(request.base_url).rstrip("/")
    reply: Reply
    if call.operation in KEYED:
        reply = await bank.replies.once(call, lambda: _act(bank, call, message, base_url))
    else:
        reply = _look(bank, call, message)
    match reply:
        case NotProcessed():
            return _json(NOT_PROCESSED, 500)
        case Silence() | Said(lost=True):
            await hold(request.receive, bank.hold_seconds, bank.closing)
            await hang_up(request.receive)
            return None
        case Said(body=body):
            return await _spoil(bank, request, fault, body) if fault is not None else _json(body)


async def _act(bank: Bank, call: Call, message: Message, base_url: str) -> Reply:
    match message:
        case Authorize():
            return await bank.accounts.authorize(call, message, base_url)
        case OpenSession():
            return bank.sessions.open(call, message, base_url)
        case Complete():
            return await bank.accounts.complete(call, message)
        case Capture():
            return await bank.accounts.capture(call, message)
        case Void():
            return await bank.accounts.void(call, message)
        case Refund():
            return await bank.accounts.refund(call, message)
    raise AssertionError(call.operation)


def _look(bank: Bank, call: Call, message: Message) -> Said:
    terminal = call.terminal
    match message:
        case Query():
            return Said(msgspec.json.encode(bank.accounts.query(terminal, message)))
        case CardQuestion() if call.operation == "rewards":
            return Said(msgspec.json.encode(bank.accounts.rewards(terminal, message)))
        case CardQuestion():
            return Said(msgspec.json.encode(bank.accounts.campaigns(terminal, message)))
        case ForgetCard():
            return Said(msgspec.json.encode(bank.accounts.forget_card(terminal, message)))
    raise AssertionError(type(message))


async def _spoil(bank: Bank, request: HttpRequest, fault: Fault, body: bytes) -> Response[bytes] | None:
    match fault.kind:
        case "delay":
            await pause(fault.seconds, bank.closing)
            return _json(body)
        case "wrong_amount" | "wrong_currency":
            return _json(falsified(body, fault))
        case "garbage":
            return _json(GARBAGE)
        case "error":
            return _json(b'{"error": {"code": "internal", "text": "Internal error.", "field": null}}', 500)
        case "hang":
            await hold(request.receive, bank.hold_seconds, bank.closing)
            await hang_up(request.receive)
            return None
        case "reset":
            await hang_up(request.receive)
            return None


def _json(body: bytes, status: int = 200) -> Response[bytes]:
    return Response(
        body, status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )
