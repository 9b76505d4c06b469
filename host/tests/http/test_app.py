"""The application in itself: which merchant, what every answer carries, and how errors look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from vezne_core import Problem, Refused, Unavailable
from vezne_host.collected import PluginFailed
from vezne_host.config import HostSettings, Merchant, load
from vezne_host.http.app import create_app
from vezne_host.http.cookies import SessionCookies, Ticket
from vezne_host.password import Passwords
from vezne_host.storage.lane import Away
from vezne_host.texts import GettextTexts

pytestmark = pytest.mark.anyio

CONFIG = """
[host]
keys = [{ id = "k", key = "0123456789abcdef0123456789abcdef" }]
trusted_proxies = ["10.0.0.0/8"]

[merchants.shop]
hosts = ["shop.test"]
public_url = "https://shop.test"
origins = ["https://app.shop.test"]
plugins = []

[merchants.plain]
hosts = ["plain.test"]
plugins = []

[merchants.closed]
hosts = ["closed.test"]
plugins = []
"""

PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Catalogue:
    """A catalogue that fails as it is told; a list of countries is what asks it."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def all(self, type: Any) -> tuple[Any, ...]:
        card = "4111111111111111"  # a local variable that no log may show
        if self.error is not None:
            raise self.error
        return (card,)[:0]


class Shop:
    """As much of a merchant's runtime as a list of countries needs."""

    def __init__(self, merchant: Merchant) -> None:
        self.name = merchant.name
        self.config = merchant
        self.texts = GettextTexts.of(["vezne_host"])
        self.catalogue = Catalogue()


class House:
    """An application with an open shop, one by plain http, and one that could not start."""

    def __init__(self, folder: Path) -> None:
        file = folder / "plugins.toml"
        file.write_text(CONFIG)
        configuration = load(file)
        self.settings: HostSettings = configuration.host
        self.shop = Shop(configuration.merchants["shop"])
        merchants: dict[str, Any] = {
            "shop.test": self.shop,
            "plain.test": Shop(configuration.merchants["plain"]),
            "closed.test": Refused([Problem("merchants.closed", "secret-detail")]),
        }
        self.clock = SetClock()
        self.app = create_app(merchants, self.settings, passwords=PASSWORDS, clock=self.clock)
        keys = [(key.id, key.key) for key in self.settings.keys]
        self._cookies = SessionCookies(keys, timedelta(days=30))

    def sealed(self, anchor: str) -> str:
        """Return a session's cookie as it was set at first."""
        return self._cookies.seal("shop", Ticket("public-id", int(self.clock.time.timestamp()), anchor))

    def opened(self, cookie: str) -> tuple[str, str]:
        """Return public id and anchor of a Set-Cookie header."""
        value = cookie.partition("=")[2].partition(";")[0]
        ticket = self._cookies.open("shop", [value], self.clock.time)
        assert ticket is not None
        return ticket.public_id, ticket.anchor

    @asynccontextmanager
    async def client(
        self, host: str = "shop.test", peer: str = "192.0.2.1"
    ) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, client=(peer, 4000))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            yield client


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# Which merchant.


@pytest.mark.parametrize("host", ["shop.test", "SHOP.test", "shop.test:8443", "shop.test."])
async def test_the_host_chooses_the_merchant(house: House, host: str) -> None:
    async with house.client() as client:
        answer = await client.get("/address/country/", headers={"host": host})

    assert (answer.status_code, answer.json()["count"]) == (200, 0)


@pytest.mark.parametrize("host", ["other.test", "shop.test@evil.test", "shop.test evil", "", "127.0.0.1"])
@pytest.mark.parametrize(
    "path", ["/address/country/", "/orders/checkout/", "/baskets/basket/", "/csrf_token/"]
)
async def test_another_host_has_no_shop(house: House, host: str, path: str) -> None:
    async with house.client() as client:
        answer = await client.get(path, headers={"host": host, "x-requested-with": "XMLHttpRequest"})

    assert answer.status_code in (400, 404)
    assert "set-cookie" not in answer.headers


async def test_errors_of_the_checkout_are_errors_and_elsewhere_details(house: House) -> None:
    async with house.client("other.test") as client:
        checkout, other = await client.get("/orders/checkout/"), await client.get("/address/country/")

    assert checkout.json() == {"errors": {"non_field_errors": ["There is no shop here."]}}
    assert other.json() == {"detail": "There is no shop here."}


async def test_a_merchant_that_could_not_start_is_closed_while_others_serve(house: House) -> None:
    async with house.client("closed.test") as client:
        answer = await client.get("/orders/checkout/")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "secret-detail" not in answer.text


async def test_a_forwarded_host_is_believed_from_a_trusted_proxy_only(house: House) -> None:
    headers = {"x-forwarded-host": "shop.test"}
    async with house.client("proxy.internal", peer="10.1.2.3") as client:
        assert (await client.get("/address/country/", headers=headers)).status_code == 200
    async with house.client("proxy.internal", peer="192.0.2.1") as client:
        assert (await client.get("/address/country/", headers=headers)).status_code == 404


# What every answer carries.


async def test_every_answer_tells_browsers_what_not_to_do(house: House) -> None:
    async with house.client() as client:
        answers = [await client.get(path) for path in ("/address/country/", "/nothing/", "/csrf_token/")]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_cookies_are_marked_secure_where_the_shop_is_seen_by_https(house: House) -> None:
    async with house.client() as client:
        secure = (await client.get("/csrf_token/")).headers["set-cookie"]
    async with house.client("plain.test") as client:
        plain = (await client.get("/csrf_token/")).headers["set-cookie"]

    assert "secure" in secure.lower().split("; ")
    assert "secure" not in plain.lower().split("; ")
    assert "samesite=lax" in secure.lower()
    assert "strict-transport-security" not in plain


async def test_only_the_merchants_own_origins_may_read(house: House) -> None:
    async with house.client() as client:
        own = await client.get("/address/country/", headers={"origin": "https://app.shop.test"})
        other = await client.get("/address/country/", headers={"origin": "https://evil.test"})
        null = await client.get("/address/country/", headers={"origin": "null"})

    assert own.headers["access-control-allow-origin"] == "https://app.shop.test"
    assert own.headers["access-control-allow-credentials"] == "true"
    assert own.headers["vary"] == "Origin"
    for answer in (other, null):
        assert "access-control-allow-origin" not in answer.headers


async def test_only_the_merchants_own_origins_may_ask_for_more(house: House) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-requested-with"}
    async with house.client() as client:
        own = await client.options("/orders/checkout/", headers={"origin": "https://app.shop.test", **asked})
        other = await client.options("/orders/checkout/", headers={"origin": "https://evil.test", **asked})

    assert own.status_code == 204
    assert "x-requested-with" in own.headers["access-control-allow-headers"]
    assert not [name for name in other.headers if name.startswith("access-control")]


# The session's cookie.


async def test_a_cookie_is_renewed_in_the_second_half_of_its_life_and_not_before(house: House) -> None:
    async with house.client() as client:
        client.cookies.set("osessionid", house.sealed("anchor"))
        assert "set-cookie" not in (await client.get("/address/country/")).headers
        house.clock.time += timedelta(days=16)
        renewed = (await client.get("/address/country/")).headers["set-cookie"]

    assert renewed.startswith("osessionid=")
    assert "httponly" in renewed.lower()
    assert house.opened(renewed) == ("public-id", "anchor")


async def test_a_cookie_at_the_end_of_its_life_is_nobodys(house: House) -> None:
    async with house.client() as client:
        client.cookies.set("osessionid", house.sealed("anchor"))
        house.clock.time += timedelta(days=31)

        assert "set-cookie" not in (await client.get("/address/country/")).headers


async def test_the_token_of_a_session_stays_the_same(house: House) -> None:
    async with house.client() as client:
        client.cookies.set("osessionid", house.sealed("anchor"))
        first, second = [(await client.get("/csrf_token/")).json() for _ in range(2)]

    assert first == second
    assert first["csrf_token"].startswith("anchor.")


async def test_a_session_without_a_token_gets_one_of_its_own(house: House) -> None:
    async with house.client() as client:
        client.cookies.set("osessionid", house.sealed(""))
        answer = await client.get("/csrf_token/")

    session, token = answer.headers.get_list("set-cookie")
    assert session.startswith("osessionid=")
    public_id, anchor = house.opened(session)
    assert public_id == "public-id"
    assert answer.json()["csrf_token"].startswith(f"{anchor}.")
    assert token.startswith(f"csrftoken={anchor}.")


async def test_a_visitor_keeps_the_token_that_he_has(house: House) -> None:
    async with house.client() as client:
        first = (await client.get("/csrf_token/")).json()["csrf_token"]
        client.cookies.set("csrftoken", first)
        again = await client.get("/csrf_token/")

    assert again.json()["csrf_token"] == first
    assert "set-cookie" not in again.headers


# How errors look.


async def test_what_is_not_there_is_told_in_json(house: House) -> None:
    async with house.client() as client:
        missing, method = await client.get("/nothing/"), await client.delete("/address/country/")

    assert (missing.status_code, missing.json()) == (404, {"detail": "Not found."})
    assert (method.status_code, method.json()) == (405, {"detail": 'Method "DELETE" is not allowed.'})
    assert "GET" in method.headers["allow"]


async def test_errors_speak_the_language_of_the_request(house: House) -> None:
    async with house.client() as client:
        answer = await client.get("/nothing/", headers={"accept-language": "tr-TR,tr;q=0.9"})

    assert answer.json() == {"detail": "Bulunamadı."}


async def test_our_own_mistake_tells_a_reference_and_nothing_else(house: House) -> None:
    house.shop.catalogue.error = ValueError("the database password is hunter2")
    with capture_logs() as logs:
        async with house.client() as client:
            answer = await client.get("/address/country/", headers={"cookie": "osessionid=cookie-value"})

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    [entry] = logs
    assert entry["reference"] in answer.json()["detail"]
    assert (entry["merchant"], entry["path"]) == ("shop", "/address/country")
    assert entry["error"] == "ValueError: the database password is hunter2"
    assert "in all" in entry["stack"]
    assert "4111111111111111" not in str(entry).replace('card = "4111111111111111"', "")
    assert "cookie-value" not in str(entry)


async def test_what_the_database_quotes_of_a_row_is_not_logged(house: House) -> None:
    error = asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
    error.detail = "Key (email)=(ada@example.com) already exists."
    house.shop.catalogue.error = error
    with capture_logs() as logs:
        async with house.client() as client:
            await client.get("/address/country/")

    assert "ada@example.com" not in str(logs)
    assert "duplicate key value" in logs[0]["error"]


async def test_a_plugin_that_fails_is_named_in_the_log(house: House) -> None:
    house.shop.catalogue.error = PluginFailed("payment_odd", "vezne_add_blockers", "raised")
    with capture_logs() as logs:
        async with house.client() as client:
            answer = await client.get("/address/country/")

    assert answer.status_code == 500
    assert (logs[0]["plugin"], logs[0]["hook"]) == ("payment_odd", "vezne_add_blockers")
    assert "payment_odd" not in answer.text


async def test_a_plugin_cannot_end_the_process(house: House) -> None:
    house.shop.catalogue.error = SystemExit(1)
    async with house.client() as client:
        answer = await client.get("/address/country/")

    assert answer.status_code == 500


@pytest.mark.parametrize("error", [Away("gone"), Unavailable("slow")])
async def test_a_database_that_is_away_can_be_asked_again(house: House, error: Exception) -> None:
    house.shop.catalogue.error = error
    async with house.client() as client:
        answer = await client.get("/address/country/")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


# What is sent.


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"email=" + b"a" * 70_000, {"content-type": "application/x-www-form-urlencoded"}, 413),
        (b"x" * 100, {"content-type": "application/json", "content-encoding": "gzip"}, 415),
        (b"<a/>", {"content-type": "text/xml"}, 415),
        (b"a=%ff", {"content-type": "application/x-www-form-urlencoded"}, 400),
        (b"[1]", {"content-type": "application/json"}, 400),
        (b"&".join(b"a=1" for _ in range(201)), {"content-type": "application/x-www-form-urlencoded"}, 400),
    ],
    ids=["too large", "compressed", "no form", "not UTF-8", "no object", "too many fields"],
)
async def test_what_cannot_be_read_is_refused_in_json(
    house: House, content: bytes, headers: dict[str, str], status: int
) -> None:
    async with house.client() as client:
        answer = await client.post("/users/login/", content=content, headers=headers)

    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]


async def test_a_body_without_length_is_cut_off_too(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 1024

    async with house.client() as client:
        answer = await client.post(
            "/users/login/", content=endless(), headers={"content-type": "application/x-www-form-urlencoded"}
        )

    assert answer.status_code == 413


async def test_a_query_string_that_is_not_utf8_is_refused(house: House) -> None:
    async with house.client() as client:
        answer = await client.get("/address/city/?country=%ff")

    assert answer.status_code == 400


# Health and counters.


async def test_the_process_lives_at_any_host(house: House) -> None:
    async with house.client("10.0.0.1") as client:
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        assert (await client.head("/health/live")).status_code == 200


async def test_a_process_without_its_servers_is_not_ready(house: House) -> None:
    async with house.client() as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (
        503, {"status": "away", "database": "away", "redis": "away"},
    )  # fmt: skip


async def test_counters_are_told_to_who_asks_directly(house: House) -> None:
    async with house.client(peer="127.0.0.1") as client:
        await client.get("/address/country/")
        told = await client.get("/metrics")

    assert (
        'vezne_http_requests_total{merchant="shop",method="GET",page="",route="/address/country",status="200"}'
        " 1.0"
    ) in told.text


@pytest.mark.parametrize(
    ("peer", "headers"),
    [("192.0.2.1", {}), ("127.0.0.1", {"x-forwarded-for": "192.0.2.1"})],
    ids=["from outside", "through a proxy"],
)
async def test_counters_are_told_to_nobody_else(house: House, peer: str, headers: dict[str, str]) -> None:
    async with house.client(peer=peer) as client:
        assert (await client.get("/metrics", headers=headers)).status_code == 404
