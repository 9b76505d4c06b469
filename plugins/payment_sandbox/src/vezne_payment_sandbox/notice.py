"""What the bank posts to the shop by itself (manual, Notices)."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from vezne_core import Answer, BadNotice, Notice, Secret
from vezne_payment_sandbox.signing import is_fresh, same, signature


class _Told(Struct, frozen=True):
    event_id: str
    reference: str
    transaction_id: str


def read(answer: Answer, terminal: str, secret: Secret, now: datetime) -> Notice | BadNotice:
    """Verify a notice: its signature over the bytes before anything else, then its age.

    It proves no amount: one that was late, or is repeated, may have been
    overtaken by a void, so that the bank is asked how the payment stands now.
    """
    headers = answer.headers
    stamp, event = headers.get("x-bank-timestamp", ""), headers.get("x-bank-event", "")
    made = signature(secret, stamp, "notice", event, answer.body)
    if not same(made, headers.get("x-bank-signature", "")):
        return BadNotice("wrong signature")
    if headers.get("x-bank-terminal") != terminal:
        return BadNotice("another terminal")
    if not is_fresh(stamp, now):
        return BadNotice("too old, or ahead of time")
    try:
        told = msgspec.json.decode(answer.body, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BadNotice("not readable")
    if not event or told.event_id != event:
        return BadNotice("another event")
    return Notice(
        event_id=event, reference=told.reference, transaction_id=told.transaction_id, proves_amount=False
    )
