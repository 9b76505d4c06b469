"""Pages that take a browser to a provider: everything escaped, nothing of a provider's page in our origin."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from litestar import Response

from vezne_core import FormPost, Html, Redirect
from vezne_host.http.page import alert, forwarding, leaving


class Visitor:
    """As much of a visitor as a page asks for."""

    def __init__(self) -> None:
        self.client = SimpleNamespace(language="tr")
        self.origin = SimpleNamespace(url="https://api.shop.test")
        config = SimpleNamespace(public_url="https://shop.test/tr", origins=("https://app.shop.test",))
        self.runtime = SimpleNamespace(config=config)

    def translate(self, text: Any) -> str:
        return f"<{text}>"

    def raw(self, content: bytes, media_type: str, status: int, headers: Any) -> Response[bytes]:
        return Response(content, media_type=media_type, status_code=status, headers=headers)


def page(hand_off: Redirect | FormPost | Html) -> tuple[str, str]:
    answer = leaving(Visitor(), hand_off)  # type: ignore[arg-type]
    return answer.content.decode(), answer.headers["Content-Security-Policy"]


def form(text: str) -> tuple[str, str, dict[str, str]]:
    found = re.search(r'<form id="leave" method="(\w+)" action="([^"]*)">', text)
    assert found is not None
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
    return found[1], unescape(found[2]), {unescape(name): unescape(value) for name, value in fields}


def test_fields_arrive_at_the_bank_as_they_were_given() -> None:
    fields = {"oid": "1", 'a"b': '"><script>alert(1)</script>', "çay": "ş&amp;"}
    text, _ = page(FormPost("https://bank.test/3d?x=1&y=2", fields))

    assert form(text) == ("post", "https://bank.test/3d?x=1&y=2", fields)
    assert "<script>" not in text
    assert text.count("<script") == 1


def test_a_redirect_is_a_form_that_keeps_its_query() -> None:
    text, _ = page(Redirect("https://bank.test/pay?token=a%20b&lang=tr"))

    assert form(text) == ("get", "https://bank.test/pay", {"token": "a b", "lang": "tr"})


def test_a_redirect_is_forwarded_without_a_page() -> None:
    url = "https://bank.test/pay?token=a%20b&lang=tr#x"
    answer = forwarding(Visitor(), Redirect(url, iframe=True))  # type: ignore[arg-type]

    assert (answer.status_code, answer.headers["Location"], answer.content) == (303, url, b"")


@pytest.mark.parametrize(
    "hand_off",
    [
        FormPost("https://bank.test/3d", {"oid": "1"}),
        Html("<form></form>"),
        Redirect("https://bank.test/ödeme?a=1"),
        Redirect("https://bank.test/pay\r\nSet-Cookie: a=b"),
    ],
    ids=["form", "html", "not ASCII", "two lines"],
)
def test_what_no_header_can_carry_leaves_by_a_page(hand_off: Redirect | FormPost | Html) -> None:
    answer = forwarding(Visitor(), hand_off)  # type: ignore[arg-type]

    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert answer.content


def test_only_our_own_script_runs_and_only_the_shop_may_frame_it() -> None:
    text, policy = page(FormPost("https://bank.test/", {}))
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)

    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in text
    assert policy.endswith("frame-ancestors 'self' https://shop.test https://app.shop.test")
    assert page(FormPost("https://bank.test/", {}))[1] != policy


def test_a_providers_page_runs_apart_from_the_shop() -> None:
    text, policy = page(Html("<script>steal(document.cookie)</script>"))

    assert text == "<script>steal(document.cookie)</script>"
    assert policy.startswith("sandbox allow-forms allow-scripts")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//bank.test"])
def test_a_browser_is_sent_to_web_addresses_only(url: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        page(FormPost(url, {}))


def test_errors_are_escaped_and_their_region_is_there_without_any() -> None:
    assert alert(["<b>"]) == '<div role="alert"><p>&lt;b&gt;</p></div>'
    assert alert([]) == '<div role="alert"></div>'
