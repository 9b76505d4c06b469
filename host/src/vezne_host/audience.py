"""Who is told of an event after the commit: one row of the outbox each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from vezne_core import Event
from vezne_host.collected import EVENTS
from vezne_host.storage.checkouts import Told
from vezne_host.storage.outbox import encode, topic
from vezne_host.webhook.message import WEBHOOK

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime


def audience(runtime: MerchantRuntime, event: Event, *ours: str) -> list[Told]:
    """Return the rows that tell of an event: to ours, to plugins that listen, to webhooks that want it.

    :param ours: consumers of the host, such as ``mail``.
    """
    consumers = [*ours]
    if type(event) in EVENTS:
        consumers += runtime.collected.listeners(type(event))
    if runtime.webhooks.wants(type(event)):
        consumers.append(WEBHOOK)
    payload = encode(event)
    return [Told(uuid4(), topic(type(event)), consumer, payload) for consumer in consumers]
