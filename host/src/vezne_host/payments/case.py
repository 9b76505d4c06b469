"""One attempt on its way: what it needs to end in any of the ways it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core import CardDetails, Gateway, PaymentAttempt, PreOrder
from vezne_host.payments.draft import Draft
from vezne_host.payments.holding import Holding
from vezne_host.storage.checkouts import Loaded


class Case(Struct, frozen=True, kw_only=True):
    """An attempt with everything that its end, whichever it is, will need."""

    attempt: PaymentAttempt
    gateway: Gateway
    page: str
    """That began it."""
    draft: Draft
    frozen: bytes
    loaded: Loaded
    before: PreOrder
    """The pre-order as it was before this step."""
    accepted: PreOrder
    """When the gateway approves or challenges."""
    challenged: PreOrder
    """The same with what applies to a challenge only, before the challenge itself."""
    declined: PreOrder
    """When it declines."""
    revision: int
    """Of the pre-order's row."""
    body: Callable[[PreOrder], bytes]
    """Returns the stored form."""
    holding: Holding
    in_session: bool
    """The shopper's browser waits for the answer."""
    card: CardDetails | None = None
    resumed: bool = False

    @property
    def sum(self) -> Mapping[str, Any]:
        """Amount and currency, as the ledger takes them."""
        return sum_of(self.attempt)


def sum_of(attempt: PaymentAttempt) -> Mapping[str, Any]:
    """Return amount and currency, as the ledger takes them."""
    return {"amount": attempt.amount.amount, "currency": attempt.amount.currency}


def needs_token(row: Any) -> bool:
    """Tell whether an answer is only taken with the one-time token of its address."""
    return attempt_of(row).return_address.one_time == "required"


def attempt_of(row: Any) -> PaymentAttempt:
    """Read the attempt of a row, with what the provider calls the payment."""
    attempt = msgspec.msgpack.decode(row["attempt_body"], type=PaymentAttempt)
    return msgspec.structs.replace(attempt, transaction_id=row["transaction_id"])
