"""Types of configuration fields: each says what it takes, and what to write instead."""

from __future__ import annotations

import binascii
import ipaddress
import re
from base64 import b64decode
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from iso4217 import Currency

from vezne_core import Secret
from vezne_host.decoder import Check, Wrong

SPINE = "spine"
"""Name of the host's own plugin: always on, never listed."""

WEBHOOK_KEY = "whsec_"
"""What a key of webhooks begins with (Standard Webhooks, Secret serialization)."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PLUGIN = re.compile(r"[a-z][a-z0-9_]*")


def _host(text: str) -> str:
    if _HOST.fullmatch(text.lower()):
        return text.lower()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Wrong(
            f"{text!r} is not a host name", 'write the name alone, like "shop.example", no scheme, no port'
        ) from None


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = (
            text.isprintable()
            and " " not in text
            and parts.scheme in ("http", "https")
            and bool(_host(parts.hostname or ""))
            and parts.port != 0
            and not (parts.query or parts.fragment or "@" in parts.netloc)
        )
    except (ValueError, Wrong):
        sound = False
    if not sound:
        raise Wrong(f"{text!r} is not a web address", 'write it like "https://shop.example", without a query')
    return text.rstrip("/")


def _endpoint(text: str) -> str:
    address = _address(text)
    return text if urlsplit(address).path == urlsplit(text).path else f"{address}/"


def _webhook_key(key: Secret) -> Secret:
    try:
        length = len(b64decode(key.reveal().removeprefix(WEBHOOK_KEY), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not key.reveal().startswith(WEBHOOK_KEY) or not 24 <= length <= 64:
        raise Wrong(
            f"is not {WEBHOOK_KEY} and 24 to 64 bytes in base64",
            f'make one: echo "{WEBHOOK_KEY}$(openssl rand -base64 32)"',
        )
    return key


def _origin(text: str) -> str:
    address = _address(text)
    if urlsplit(address).path:
        raise Wrong(f"{text!r} is not an origin", 'write it like "https://shop.example", without a path')
    return address


def _currency(text: str) -> str:
    try:
        return Currency(text).code
    except ValueError:
        raise Wrong(f"{text!r} is not a currency", 'write its ISO 4217 code, like "TRY"') from None


def _language(text: str) -> str:
    try:
        Locale.parse(text, sep="-")
    except (ValueError, UnknownLocaleError):
        raise Wrong(f"{text!r} is not a language", 'write its code, like "tr" or "pt-br"') from None
    return text.lower()


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, LookupError, OSError):
        raise Wrong(f"{text!r} is not a time zone", 'write its IANA name, like "Europe/Istanbul"') from None
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise Wrong(str(error), 'write an address or a network, like "10.0.0.0/8"') from None


def _place(text: str) -> str:
    parts = urlsplit(f"//{text}")
    try:
        sound = parts.netloc == text and bool(_host(parts.hostname or "")) and bool(parts.port)
    except (ValueError, Wrong):
        sound = False
    if not sound or "@" in text:
        raise Wrong(f"{text!r} is no host with a port", 'write it like "127.0.0.1:8001"')
    return text.lower()


def _plugin(text: str) -> str:
    if text == SPINE:
        raise Wrong("the spine is always on", "take it out of the list")
    if not _PLUGIN.fullmatch(text):
        raise Wrong(f"{text!r} is not the name of a plugin", 'write it like "shipping_home"')
    return text


def _distinct(items: tuple[Any, ...]) -> tuple[Any, ...]:
    for item in items:
        if items.count(item) > 1:
            raise Wrong(f"names {item} twice", "name it once")
    return items


HostName = Annotated[str, Check(_host)]
Place = Annotated[str, Check(_place)]
WebAddress = Annotated[str, Check(_address)]
Origin = Annotated[str, Check(_origin)]
Endpoint = Annotated[str, Check(_endpoint)]
WebhookKey = Annotated[Secret, Check(_webhook_key)]
CurrencyCode = Annotated[str, Check(_currency)]
LanguageCode = Annotated[str, Check(_language)]
TimeZone = Annotated[str, Check(_timezone)]
Network = Annotated[str, Check(_network)]
PluginName = Annotated[str, Check(_plugin)]
DISTINCT = Check(_distinct)
"""No item of the list stands in it twice."""
