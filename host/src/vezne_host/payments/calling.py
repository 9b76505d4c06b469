"""A call of a gateway under its deadline; whatever goes wrong is ``Unknown``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from vezne_core import Approved, Gateway, NotAttempted, PaymentAttempt, Result, Unknown

log = structlog.get_logger()


async def called(
    gateway: Gateway, attempt: PaymentAttempt, call: Callable[[], Awaitable[Result]], *, repeat: bool = False
) -> Result:
    """Call a gateway; where there is nothing to pay nobody is asked, since providers refuse zero.

    :param repeat: once more, with the same key, when it says that surely nothing happened.
    """
    if not attempt.amount:
        return Approved(amount=attempt.amount, transaction_id=attempt.reference)
    result = await _once(gateway, attempt, call)
    if repeat and isinstance(result, NotAttempted):
        result = await _once(gateway, attempt, call)
    return result


async def _once(gateway: Gateway, attempt: PaymentAttempt, call: Callable[[], Awaitable[Result]]) -> Result:
    try:
        async with asyncio.timeout(gateway.timeout):
            result: object = await call()
    except TimeoutError:
        return Unknown(reason="no answer in time")
    except (Exception, SystemExit) as error:  # without its text: it may hold a card
        name = type(error).__name__
        log.error(
            "gateway failed", merchant=attempt.merchant, gateway=gateway.name, attempt=attempt.id, error=name
        )
        return Unknown(reason=f"the gateway raised {name}")
    if not isinstance(result, Result):
        return Unknown(reason=f"the gateway answered {type(result).__name__}")
    return result
