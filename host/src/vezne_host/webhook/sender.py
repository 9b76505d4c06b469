"""Sends events to the servers of a merchant, each until it has taken the event."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from vezne_core import Clock, Event, Http, Unavailable
from vezne_host.config import Webhook
from vezne_host.storage.webhooks import WebhookLog
from vezne_host.webhook.message import NAMES, message
from vezne_host.webhook.signature import signature

SECONDS = 15.0
"""How long a server may take (Standard Webhooks: 15 to 30 s); less than the deadline of a consumer."""


class NotTaken(Exception):
    """A server did not take an event; the text is for operators."""


class WebhookSender:
    """The webhooks of one merchant.

    :param http: its rules hold: TLS, no inside addresses, no redirects.
    """

    def __init__(self, webhooks: Sequence[Webhook], http: Http, clock: Clock, log: WebhookLog) -> None:
        self._webhooks = webhooks
        self._http = http
        self._clock = clock
        self._log = log

    def wants(self, event: type[Event]) -> bool:
        """Tell whether somebody is to hear of such events."""
        return any(NAMES.get(event) in webhook.events for webhook in self._webhooks)

    async def send(self, event: Event) -> None:
        """Send an event to everybody who wants it and has not taken it before.

        :raises NotTaken: somebody did not answer with a 2xx; send it again later.
        """
        name = NAMES.get(type(event))
        taken = await self._log.taken(event.id)
        waiting = [each for each in self._webhooks if name in each.events and each.url not in taken]
        if not waiting:
            return
        body = message(event)
        errors = await asyncio.gather(*(self._send(webhook, event, body) for webhook in waiting))
        if wrong := [error for error in errors if error]:
            raise NotTaken("; ".join(wrong))

    async def _send(self, webhook: Webhook, event: Event, body: bytes) -> str | None:
        """Send to one server and note how it answered; return what went wrong."""
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.keys, event.id, timestamp, body),
        }
        status: int | None = None
        error: str | None = None
        try:
            answer = await self._http.request(
                "POST", webhook.url, headers=headers, content=body, timeout=SECONDS
            )
        except Unavailable as away:
            error = str(away)
        else:
            status = answer.status
            error = None if 200 <= status < 300 else f"{webhook.url} answered {status}"
        await self._log.note(event.id, webhook.url, status, error)
        return error
