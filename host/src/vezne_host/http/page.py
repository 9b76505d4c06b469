"""The few HTML pages of the host: short, without scripts of others, never cached."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from secrets import token_bytes
from urllib.parse import parse_qsl, urlsplit

from litestar import Response
from litestar.enums import MediaType

from vezne_core import FormPost, Html, Redirect
from vezne_host.http.visitor import Visitor

_HEADER_URL = re.compile(r"https?://[!-~]+", re.ASCII)
"""An address that can stand in a header as it is."""
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
    "[role=alert]{border-left:.25rem solid #b00020;padding-left:1rem}"
)


def shown(visitor: Visitor, title: str, body: str, *, head: str = "", status: int = 200) -> Response[bytes]:
    """Answer with a page; ``body`` and ``head`` are HTML, everything in them escaped by the caller."""
    nonce = _nonce()
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; {_NO_FRAME}"
    content = _document(visitor, title, f'<style nonce="{nonce}">{_STYLE}</style>{head}', body)
    return _answer(visitor, content, policy, status)


def alert(sentences: Iterable[str]) -> str:
    """Return a region that tells errors; it is there when the page loads, empty or not."""
    items = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f'<div role="alert">{items}</div>'


def nothing_to_do(visitor: Visitor, back: str) -> Response[bytes]:
    """Answer that there is nobody to send the shopper to (contract: overview, 3-D Secure)."""
    link = f'<a href="{escape(back)}">{escape(visitor.translate("Back to the checkout"))}</a>'
    head = f'<link rel="canonical" href="{escape(back)}">'
    return shown(visitor, visitor.translate("Checkout"), f"<p>{link}</p>", head=head)


def leaving(visitor: Visitor, hand_off: Redirect | FormPost | Html) -> Response[bytes]:
    """Answer with what takes the shopper's browser to the provider."""
    if isinstance(hand_off, Html):
        # The provider's page runs apart from our origin: neither cookies nor storage of the shop.
        policy = f"sandbox allow-forms allow-scripts allow-top-navigation allow-popups; {_framed(visitor)}"
        return _answer(visitor, hand_off.content, policy, 200)
    if isinstance(hand_off, FormPost):
        return _form(visitor, "post", hand_off.url, hand_off.fields.items())
    parts = urlsplit(hand_off.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return _form(visitor, "get", parts._replace(query="").geturl(), query)


def forwarding(visitor: Visitor, hand_off: Redirect | FormPost | Html) -> Response[bytes]:
    """Answer with what forwards the shopper's browser to the provider, without a page where that will do."""
    if isinstance(hand_off, Redirect) and _HEADER_URL.fullmatch(hand_off.url):
        return visitor.raw(b"", MediaType.TEXT, 303, {"Location": hand_off.url})
    return leaving(visitor, hand_off)


def _form(visitor: Visitor, method: str, url: str, fields: Iterable[tuple[str, str]]) -> Response[bytes]:
    nonce, target = _nonce(), urlsplit(url)
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields
    )
    label = escape(visitor.translate("Continue"))
    body = (
        f'<form id="leave" method="{method}" action="{escape(url)}">{inputs}'
        f'<button type="submit">{label}</button></form>'
        f"<script nonce=\"{nonce}\">document.getElementById('leave').submit()</script>"
    )
    # no form-action: the bank may redirect the post to hosts that nobody can know here
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; {_framed(visitor)}"
    if target.scheme not in ("https", "http"):
        raise ValueError("a hand-off leads to a web address")
    return _answer(visitor, _document(visitor, visitor.translate("Checkout"), "", body), policy, 200)


_NO_FRAME = "frame-ancestors 'none'; base-uri 'none'"


def _framed(visitor: Visitor) -> str:
    """Let the shop's own pages show the step at the bank in a frame."""
    config = visitor.runtime.config
    shop = urlsplit(config.public_url or visitor.origin.url)
    return " ".join(["frame-ancestors 'self'", f"{shop.scheme}://{shop.netloc}", *config.origins])


def _document(visitor: Visitor, title: str, head: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="{escape(visitor.client.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>{head}</head><body>{body}</body></html>"
    )


def _answer(visitor: Visitor, content: str, policy: str, status: int) -> Response[bytes]:
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return visitor.raw(content.encode(), MediaType.HTML, status, headers)


def _nonce() -> str:
    return b64encode(token_bytes(16)).decode()
