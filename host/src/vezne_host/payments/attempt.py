"""Makes the attempt that a gateway sees, from the pre-order that is paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
from msgspec import Struct

from vezne_core import (
    BILLING_ADDRESS,
    CLIENT,
    CONTACT,
    DESTINATION,
    INSTALLMENT,
    PAYMENT_OPTION,
    SELECTED_CAMPAIGN,
    SELECTED_REWARDS,
    SHOPPER,
    BrowserFields,
    Buyer,
    Client,
    Links,
    Page,
    Pay,
    PaymentAttempt,
    PreOrder,
    ReturnAddress,
    paid_lines,
    without_secrets,
)
from vezne_host.payments.draft import Draft

TOKEN = "return_token"  # noqa: S105 - the name of a parameter
"""Query parameter of a return address."""

NUMBER = "n"
"""Query parameter of a return address: order number and try, signed (contract: isolated pre-order)."""

OUTCOME = "success"
"""Query parameter that every return address has."""

CHECKOUT = "/orders/checkout/"


def hashed(token: str) -> bytes:
    """Return what the row keeps of a return token."""
    return sha256(token.encode()).digest()


class Made(Struct, frozen=True):
    """An attempt, and the one-time token that its stored form leaves out."""

    stored: PaymentAttempt
    token: str

    def told(self, links: Links, page: str, sign: Callable[[str], str]) -> PaymentAttempt:
        """Return the attempt as the gateway is told, with its addresses of return."""
        address, query = self.stored.return_address, {"page": page}
        if address.one_time != "none":
            query[TOKEN] = self.token
        if address.number:
            query[NUMBER] = sign(self.stored.reference)
        return msgspec.structs.replace(
            self.stored,
            success_url=return_url(links, query, success=True),
            failure_url=return_url(links, query, success=False),
        )


def return_url(links: Links, query: Mapping[str, str], *, success: bool) -> str:
    """Return the address that the shopper's browser comes back to."""
    flags = {"three_d_secure": "true", OUTCOME: "true" if success else "false"}
    return links.path(f"{CHECKOUT}?{urlencode({**flags, **query})}")


def make(
    preorder: PreOrder,
    draft: Draft,
    *,
    gateway: str,
    tries: int,
    outcome: Pay,
    form: Struct | None,
    links: Links,
    expires: datetime,
) -> Made:
    """Make a fresh attempt: its own key, and a reference of order number and try."""
    shopper, contact = preorder.require(SHOPPER), preorder.require(CONTACT)
    destination, billing = preorder.get(DESTINATION), preorder.get(BILLING_ADDRESS)
    installment = preorder.get(INSTALLMENT)
    client = preorder.require(CLIENT)
    known = billing or (destination.address if destination else None)
    rewards = preorder.get(SELECTED_REWARDS)
    stored = PaymentAttempt(
        id=str(uuid4()),
        merchant=preorder.merchant,
        key=str(uuid4()),
        reference=f"{draft.number}{(tries + 1) % 10_000:02d}",
        order_number=draft.number,
        amount=draft.charged,
        interest=draft.interest,
        installments=installment.count if installment else 1,
        three_d=outcome.three_d,
        save_card=outcome.save_card,
        lines=paid_lines(preorder),
        buyer=Buyer(
            email=contact.email,
            first_name=shopper.first_name or (known.first_name if known else ""),
            last_name=shopper.last_name or (known.last_name if known else ""),
            phone=contact.phone,
            user=shopper.user,
            identity_number=known.identity_number if known else None,
        ),
        shipping_address=destination.address if destination else None,
        billing_address=billing,
        client=client,
        browser=_browser(form, client),
        option=preorder.require(PAYMENT_OPTION).pk,
        gateway=gateway,
        input=without_secrets(form) if form is not None else {},
        success_url="",
        failure_url="",
        return_address=outcome.return_address or ReturnAddress(),
        notice_url=links.path(f"/orders/hooks/{gateway}/"),
        transfer_code=outcome.transfer_code,
        campaign=preorder.get(SELECTED_CAMPAIGN),
        reward=rewards or {},
        expires=expires,
    )
    return Made(stored, token_urlsafe(32))


def _browser(form: Struct | None, client: Client) -> BrowserFields | None:
    """Pick the ``browser_*`` fields of a form, where its page has them; headers are as received."""
    if form is None:
        return None
    found: dict[str, Any] = {}
    for field in form.__struct_fields__:
        name = field.removeprefix("browser_")
        if name in BrowserFields.__struct_fields__ and (name != field or name == "client_time"):
            found[name] = getattr(form, field)
    if not found:
        return None
    return BrowserFields(**found | {"header": client.accept, "user_agent": client.user_agent})


def return_page(pages: tuple[Page[Any], ...], page: Page[Any]) -> str:
    """Return the page of a chain that answers from outside after this one."""
    later = pages[pages.index(page) + 1 :]
    return next((other.name for other in later if other.returns), page.name)
