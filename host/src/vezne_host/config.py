"""What stands in ``plugins.toml``: the host's own settings and every merchant's.

Problems are collected, not raised one by one: those of the file and the host
refuse the start, those of a merchant refuse that merchant.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from vezne_core import CheckoutSettings, Problem, Refused, Secret, Settings
from vezne_host.decoder import Check, Wrong, decode
from vezne_host.field import (
    DISTINCT,
    CurrencyCode,
    Endpoint,
    HostName,
    LanguageCode,
    Network,
    Origin,
    Place,
    PluginName,
    TimeZone,
    WebAddress,
    WebhookKey,
)

S = TypeVar("S", bound=Struct)

OVERRIDES: Mapping[str, str] = {
    "VEZNE_DATABASE_URL": "database_url",
    "VEZNE_REDIS_URL": "redis_url",
    "VEZNE_HOST": "host",
    "VEZNE_PORT": "port",
    "VEZNE_WORKERS": "workers",
}
"""Environment variables that win over ``[host]``."""

WebhookEvent = Literal["order.placed", "order.moved", "payment.refunded"]
"""What a webhook can tell of."""

_MERCHANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def _one_id_each(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    if len({key.id for key in keys}) < len(keys):
        raise Wrong("gives two keys one id", "give each its own")
    return keys


class Key(Settings, frozen=True, kw_only=True):
    """A key that cookies, tokens and kept cards are made with."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Goes with what the key made, so that old things can be read after a change of keys."""
    key: Annotated[Secret, Meta(min_length=32)]


class Lifetimes(Settings, frozen=True, kw_only=True):
    """How long things are kept; measured by the time of the database."""

    challenged_minutes: Annotated[int, Meta(ge=1)] = 30
    """An attempt whose shopper is at the bank, with its reservations."""
    card_minutes: Annotated[int, Meta(ge=1, le=60)] = 15
    """Encrypted card data between two pages."""
    preorder_days: Annotated[int, Meta(ge=1)] = 30
    """A pre-order after its last request."""
    waiting_order_days: Annotated[int, Meta(ge=1)] = 7
    """The reservations of an order that waits for its payment."""
    order_link_days: Annotated[int, Meta(ge=1)] = 30
    """The signed link to a completed order."""


class Limits(Settings, frozen=True, kw_only=True):
    """How often something that can be guessed may be tried."""

    card_minutes: Annotated[int, Meta(ge=1)] = 10
    """The window in which card payments are counted."""
    card_per_session: Annotated[int, Meta(ge=1)] = 10
    card_per_address: Annotated[int, Meta(ge=1)] = 50
    """Of one network address; many shoppers may share it."""


class HostSettings(Settings, frozen=True, kw_only=True):
    """``[host]``: what concerns the process, not one shop."""

    keys: Annotated[tuple[Key, ...], Meta(min_length=1), Check(_one_id_each)]
    """The first one makes; all of them are accepted."""
    database_url: Secret | None = None
    """PostgreSQL; None is the embedded server."""
    redis_url: Secret | None = None
    """Redis or Valkey; None is the embedded server."""
    host: str = "127.0.0.1"
    """Address to listen at."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    trusted_proxies: Annotated[tuple[Network, ...], DISTINCT] = ()
    """Networks whose ``X-Forwarded-*`` headers are believed."""
    allow_inside: Annotated[tuple[Place, ...], DISTINCT] = ()
    """Hosts with port in the own network that plugins may call, without TLS too."""
    body_limit: Annotated[int, Meta(ge=1024)] = 65536
    """Bytes that a request may carry."""
    lifetimes: Lifetimes = Lifetimes()
    limits: Limits = Limits()


def _one_place_each(webhooks: tuple[Webhook, ...]) -> tuple[Webhook, ...]:
    if len({each.url for each in webhooks}) < len(webhooks):
        raise Wrong("names one url twice", "put all its events into one table")
    return webhooks


class Webhook(Settings, frozen=True, kw_only=True):
    """``[[merchants.<name>.webhooks]]``: a server that is told what happens."""

    url: Endpoint
    events: Annotated[tuple[WebhookEvent, ...], Meta(min_length=1), DISTINCT] = (
        "order.placed", "order.moved", "payment.refunded",
    )  # fmt: skip
    keys: Annotated[tuple[WebhookKey, ...], Meta(min_length=1)]
    """All of them sign, so that the receiver may change from one to the next."""


class _MerchantTable(Settings, frozen=True, kw_only=True):
    hosts: Annotated[tuple[HostName, ...], Meta(min_length=1), DISTINCT]
    """Values of the Host header, without port."""
    plugins: Annotated[tuple[PluginName, ...], DISTINCT]
    """Enabled plugins; their order is the order of pages inside a junction."""
    public_url: WebAddress | None = None
    """Where the shop is seen from outside; None is the origin of the request."""
    currencies: Annotated[tuple[CurrencyCode, ...], Meta(min_length=1), DISTINCT] = ("TRY",)
    """The first is the default."""
    languages: Annotated[tuple[LanguageCode, ...], Meta(min_length=1), DISTINCT] = ("en", "tr")
    """The first is the default, and the language of the names in the configuration tables."""
    timezone: TimeZone = "Europe/Istanbul"
    origins: Annotated[tuple[Origin, ...], DISTINCT] = ()
    """Further web origins that may call the API."""
    checkout: CheckoutSettings = CheckoutSettings()
    webhooks: Annotated[tuple[Webhook, ...], Check(_one_place_each)] = ()
    settings: dict[str, dict[str, Any]] = {}
    """Tables of the plugins, as written; :func:`decode_settings` reads them."""


class Merchant(_MerchantTable, frozen=True, kw_only=True):
    """``[merchants.<name>]``: one shop."""

    name: str
    place: str
    """What the places of this merchant's problems begin with."""

    def __repr__(self) -> str:
        return f"Merchant({self.name!r})"  # secrets of plugins stand in the tables as written


class Configuration(Struct, frozen=True):
    """A file that was read: the host, the merchants that may start, and why the others may not."""

    host: HostSettings
    merchants: Mapping[str, Merchant]
    refused: Mapping[str, tuple[Problem, ...]] = {}

    @property
    def plugins(self) -> tuple[str, ...]:
        """Every enabled plugin once."""
        return tuple(dict.fromkeys(name for shop in self.merchants.values() for name in shop.plugins))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the merchants."""
        return tuple(problem for problems in self.refused.values() for problem in problems)

    @property
    def by_host(self) -> Mapping[str, Merchant]:
        """The merchants by the hosts they answer at."""
        return {host: shop for shop in self.merchants.values() for host in shop.hosts}


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Configuration:
    """Read ``plugins.toml``.

    :raises Refused: the file cannot be read or its ``[host]`` is wrong; carries
        the problems of the merchants too.
    """
    file = path.name
    table = _table(path)
    host, problems = _host_settings(table.get("host", {}), f"{file} host", environ)
    for key in table.keys() - {"host", "merchants"}:
        problems.append(Problem(f"{file} {key}", "is unknown", "known: host, merchants"))
    tables = table.get("merchants", {})
    if not isinstance(tables, dict) or not tables:
        problems.append(Problem(f"{file} merchants", "names no merchant", "add a table [merchants.<name>]"))
        tables = {}
    merchants: dict[str, Merchant] = {}
    refused: dict[str, list[Problem]] = {}
    for name, raw in tables.items():
        merchant, wrong = _merchant(name, raw, f"{file} merchants.{name}", environ)
        if merchant is not None:
            merchants[name] = merchant
        if wrong:
            refused[name] = wrong
    for name, problem in _shared_hosts(tables, f"{file} merchants"):
        refused.setdefault(name, []).append(problem)
        merchants.pop(name, None)
    for name, problem in _open_webhooks(list(merchants.values()), host):
        refused.setdefault(name, []).append(problem)
        merchants.pop(name, None)
    if host is None or problems:
        raise Refused([*problems, *(each for several in refused.values() for each in several)])
    return Configuration(host, merchants, {name: tuple(several) for name, several in refused.items()})


def decode_settings(
    kind: type[S], table: Any, place: str, environ: Mapping[str, str] = os.environ
) -> tuple[S | None, list[Problem]]:
    """Read a plugin's table into its settings.

    :return: the settings and no problems, or None and all of them.
    """
    try:
        return decode(kind, table, place, environ)
    except (NameError, TypeError) as error:
        return None, [
            Problem(place, f"{kind.__qualname__} cannot be read: {error}", "ask the plugin's author")
        ]


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=_finite)
    except OSError as error:
        raise Refused(
            [Problem(str(path), error.strerror or "cannot be read", "name it with --config")]
        ) from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are
        raise Refused([Problem(path.name, str(error), "write it in TOML and UTF-8")]) from None


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"{text} is no amount")
    return number


def _host_settings(
    raw: Any, place: str, environ: Mapping[str, str]
) -> tuple[HostSettings | None, list[Problem]]:
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    fields = {info.name: info.type for info in msgspec.structs.fields(HostSettings)}
    for variable, field in OVERRIDES.items():
        if environ.get(variable):
            value, wrong = decode(
                fields[field], environ[variable], f"environment {variable}", environ, strict=False
            )
            problems += wrong
            given[field] = value
    if isinstance(raw, dict):
        raw = {key: value for key, value in raw.items() if key not in given}
    host, wrong = decode(HostSettings, raw, place, environ)
    problems += wrong
    if host is None or problems:
        return None, problems
    return msgspec.structs.replace(host, **given), []


def _merchant(
    name: str, raw: Any, place: str, environ: Mapping[str, str]
) -> tuple[Merchant | None, list[Problem]]:
    table, problems = decode(_MerchantTable, raw, place, environ)
    if not _MERCHANT.fullmatch(name):
        problems.append(Problem(place, "is not a name for a merchant", "use a-z, 0-9, _ and -"))
    if isinstance(raw, dict):
        problems += _unused(raw, place)
        problems += _unreadable(raw.get("checkout"), f"{place}.checkout")
    if table is None or problems:
        return None, problems
    return Merchant(name=name, place=place, **msgspec.structs.asdict(table)), []


def _unused(raw: Mapping[str, Any], place: str) -> Iterator[Problem]:
    """Find settings of plugins that are not enabled: often a misspelt name."""
    plugins, settings = raw.get("plugins"), raw.get("settings")
    if isinstance(plugins, list) and isinstance(settings, dict):
        for name in settings.keys() - set(map(str, plugins)):
            yield Problem(
                f"{place}.settings.{name}",
                f"{name} is not enabled",
                f"add it to {place}.plugins, or take it out",
            )


def _unreadable(checkout: Any, place: str) -> Iterator[Problem]:
    pattern = checkout.get("USER_PHONE_REGEX") if isinstance(checkout, dict) else None
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Problem(f"{place}.USER_PHONE_REGEX", f"is not a regular expression: {error}")


def _shared_hosts(tables: Mapping[str, Any], place: str) -> Iterator[tuple[str, Problem]]:
    """Find hosts of several merchants; each of these is refused, also one that is wrong otherwise."""
    owners: dict[str, list[str]] = {}
    for name, raw in tables.items():
        hosts = raw.get("hosts") if isinstance(raw, dict) else None
        known = hosts if isinstance(hosts, list) else []
        for host in {item.lower() for item in known if isinstance(item, str)}:
            owners.setdefault(host, []).append(name)
    for host, names in owners.items():
        for name in names if len(names) > 1 else ():
            fact = f"{host} is also a host of {', '.join(other for other in names if other != name)}"
            yield name, Problem(f"{place}.{name}.hosts", fact, "leave it to one of them")


def _open_webhooks(merchants: Iterable[Merchant], host: HostSettings | None) -> Iterator[tuple[str, Problem]]:
    """Find webhooks that would be sent in the clear."""
    inside = host.allow_inside if host else ()
    for merchant in merchants:
        for at, webhook in enumerate(merchant.webhooks):
            parts = urlsplit(webhook.url)
            if parts.scheme != "https" and f"{parts.hostname}:{parts.port or 80}" not in inside:
                place = f"{merchant.place}.webhooks[{at}].url"
                yield merchant.name, Problem(place, f"{webhook.url} would be called without TLS", "use https")
