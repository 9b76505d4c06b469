"""What the worker needs of a merchant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from vezne_core import Mail, Sms, Texts
from vezne_host.collected import Collected
from vezne_host.webhook.sender import WebhookSender

if TYPE_CHECKING:
    from vezne_host.runtime import MerchantRuntime


class Shop(Struct, frozen=True, kw_only=True):
    """A merchant, as consumers of events see him."""

    name: str
    collected: Collected
    texts: Texts
    mail: Mail
    sms: Sms
    webhooks: WebhookSender | None = None
    order_link: Callable[[str], str]
    """Returns where a shopper without a session finds an order, by its number."""

    @classmethod
    def of(cls, runtime: MerchantRuntime) -> Shop:
        """Take from a runtime what is needed."""
        services = runtime.services
        return cls(
            name=runtime.name,
            collected=runtime.collected,
            texts=services.texts,
            mail=services.mail,
            sms=services.sms,
            webhooks=runtime.webhooks,
            order_link=lambda number: services.links.path(
                f"/orders/completed/{runtime.order_links.sign(number)}/"
            ),
        )
