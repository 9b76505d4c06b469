"""Forwarded headers are believed from trusted networks only, and never further than these reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_host.http.proxies import Origin, Proxies, host_of

proxies = Proxies(["10.0.0.0/8", "fd00::/8"])


def origin(peer: str = "10.0.0.1", **headers: str) -> Origin:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return proxies.origin(peer, "http", {"host": "shop.example"} | names)


def test_nobody_is_believed_by_default() -> None:
    found = Proxies(()).origin(
        "10.0.0.1",
        "http",
        {"host": "a.example", "x-forwarded-host": "b.example", "x-forwarded-for": "1.1.1.1"},
    )

    assert (found.ip, found.host, found.scheme) == ("10.0.0.1", "a.example", "http")


def test_a_stranger_cannot_speak_for_others() -> None:
    found = origin(
        "192.0.2.1", x_forwarded_for="1.1.1.1", x_forwarded_host="b.example", x_forwarded_proto="https"
    )

    assert (found.ip, found.host, found.scheme) == ("192.0.2.1", "shop.example", "http")


def test_a_proxy_tells_host_scheme_and_client() -> None:
    found = origin(
        x_forwarded_for="203.0.113.7", x_forwarded_host="Shop.Example:8443", x_forwarded_proto="https"
    )

    assert (found.ip, found.host, found.url) == ("203.0.113.7", "shop.example", "https://Shop.Example:8443")


@pytest.mark.parametrize(
    ("stated", "ip"),
    [
        ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("203.0.113.7:5000", "203.0.113.7"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, unknown", "10.0.0.1"),
        ("1.1.1.1, garbage, 10.0.0.9", "10.0.0.9"),
        ("", "10.0.0.1"),
    ],
)
def test_the_client_stands_next_to_the_last_trusted_proxy(stated: str, ip: str) -> None:
    assert origin(x_forwarded_for=stated).ip == ip


@pytest.mark.parametrize(
    "authority",
    [
        "shop.example@evil.example",
        "shop.example:80/../x",
        "shop.example other.example",
        "shop.example:80:90",
        "shop example",
        "http://shop.example",
        "shop.example:",
        "",
    ],
)
def test_what_is_no_host_is_no_host(authority: str) -> None:
    assert origin("192.0.2.1", host=authority).host == ""
    assert origin(x_forwarded_host=authority).host == ("" if authority else "shop.example")
    assert origin(host=authority).host == ""


def test_of_several_proxies_the_nearest_tells_the_host() -> None:
    assert origin(x_forwarded_host="far.example, near.example").host == "near.example"


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("Shop.Example", "shop.example"),
        ("shop.example:8000", "shop.example"),
        ("shop.example.", "shop.example"),
        ("[::1]:8000", "::1"),
        ("127.0.0.1:8000", "127.0.0.1"),
    ],
)
def test_a_host_has_no_port_and_no_case(authority: str, host: str) -> None:
    assert host_of(authority) == host


@given(st.text(max_size=100), st.text(max_size=100), st.text(max_size=30), st.text(max_size=20))
def test_any_headers_are_read(forwarded: str, host: str, proto: str, peer: str) -> None:
    for each in ("10.0.0.1", "192.0.2.1", peer):
        found = origin(each, x_forwarded_for=forwarded, x_forwarded_host=host, x_forwarded_proto=proto)
        assert found.scheme in ("http", "https")
