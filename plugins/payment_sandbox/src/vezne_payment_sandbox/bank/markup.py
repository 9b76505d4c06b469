"""Make the bank's pages and read what browsers post to them."""

import secrets
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response

HttpRequest = Request[Any, Any, Any]
MAX_FIELDS = 50
_STYLE = (
    "body{font-family:sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;line-height:1.5}"
    "input,button{font:inherit;padding:.5rem;margin:.25rem 0;width:100%;box-sizing:border-box}"
    "input[type=radio]{width:auto;margin-right:.5rem}fieldset{border:0;margin:0 0 1rem;padding:0}"
    "[role=alert]{border-left:.25rem solid #b00020;padding-left:1rem}"
    "dt{color:#555}dd{margin:0 0 .5rem;font-weight:bold}"
)


async def read_form(request: HttpRequest) -> dict[str, str]:
    """Read a browser form; a repeated field counts once, with its first value."""
    text = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def page(title: str, body: str, status: int = 200, script: str = "") -> Response[str]:
    """Answer with a page; what stands in `body` is escaped by the caller."""
    policy = "default-src 'none'; style-src 'unsafe-inline'" + (
        f"; script-src 'nonce-{script}'" if script else ""
    )
    return Response(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def way_back(url: str, fields: Mapping[str, str]) -> Response[str]:
    """Send the browser back to the shop: a form that posts itself."""
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
    )
    nonce = secrets.token_urlsafe(16)
    return page(
        "Back to the shop",
        f'<form id="back" method="post" action="{escape(url)}">{inputs}'
        "<button>Continue to the shop</button></form>"
        f'<script nonce="{nonce}">document.getElementById("back").submit()</script>',
        script=nonce,
    )
