"""Row 40: card numbers, security codes and one-time passwords are nowhere afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

import httpx
import pytest
from redis import Redis

from vezne_host.testing.house import Site
from vezne_host.testing.journey import CARD, Shopper
from vezne_host.testing.laws import asking

APPROVES = "5421190000000009"
NO_FUNDS = "5421190000000017"
DECLINED_AFTER_3D = "5421190000000033"
CHARGES_WITHOUT_ANSWER = "5421190000000041"
NEVER_ARRIVES = "5421190000000058"
BAD_LUHN = "5421190000000004"
REFUSED_FIRST = "5421190000000066"
NUMBERS = (
    APPROVES, NO_FUNDS, DECLINED_AFTER_3D, CHARGES_WITHOUT_ANSWER, NEVER_ARRIVES, BAD_LUHN, REFUSED_FIRST,
)  # fmt: skip
CVV = "8642"
"""Long enough not to stand somewhere by chance; refused for its length, which is an answer too."""
OTP = "987654321012"
HOLDER = "Canary Kanarya"


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    fresh_database: Callable[[], AbstractContextManager[str]],
    session_redis_url: str,
) -> Iterator[Site]:
    config = (pytestconfig.rootpath / "plugins.toml").read_text().replace("timeout = 3.0", "timeout = 0.7")
    with Redis.from_url(session_redis_url) as client:
        client.flushdb()
    with fresh_database() as url:
        site = Site(tmp_path_factory.mktemp("secrets"), config, url, session_redis_url)
        with site.bank(), site.worker():
            yield site


def everything(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield every place where something is kept, with what is there."""
    with asking(site.database_url) as ask:
        tables = ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in [row["tablename"] for row in tables]:
            for row in ask(f'SELECT * FROM "{table}"'):
                for value in row.values():
                    kept = value if isinstance(value, bytes) else str(value).encode()
                    yield f"table {table}", kept
    with Redis.from_url(site.redis_url) as client:
        for key in client.scan_iter():
            yield f"cache {key!r}", key
            for read in (client.get, client.hgetall, lambda k: client.lrange(k, 0, -1)):
                with suppress(Exception):
                    yield f"cache {key!r}", repr(read(key)).encode()
            with suppress(Exception):
                yield f"cache {key!r}", repr(client.zrange(key, 0, -1)).encode()
    for file in site.folder.rglob("*"):
        if file.is_file():
            yield f"file {file.relative_to(site.folder)}", file.read_bytes()


def found(site: Site, secrets: tuple[str, ...]) -> set[str]:
    """Return the places where one of these stands, as it is or in groups of four."""
    forms = [
        re.compile(rb"(?<![0-9a-f-])" + form.encode() + rb"(?![0-9a-f-])")  # not by chance in an id
        for secret in secrets
        for form in {secret, " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
    ]
    return {place for place, kept in everything(site) for form in forms if form.search(kept)}


def pays(shopper: Shopper, number: str, **more: object) -> str:
    shopper.pays_by_card(number, card_holder=HOLDER, **more)
    return str(shopper.answer)


def test_nothing_of_a_card_is_kept_anywhere(site: Site) -> None:
    answers: list[str] = []
    with site.shop(workers=2):
        for number, secure, otp in (
            (APPROVES, 0, ""), (NO_FUNDS, 0, ""), (APPROVES, 1, "123456"), (DECLINED_AFTER_3D, 1, "123456"),
            (APPROVES, 1, OTP), (CHARGES_WITHOUT_ANSWER, 0, ""), (NEVER_ARRIVES, 0, ""),
            (REFUSED_FIRST, 0, ""), (BAD_LUHN, 0, ""),
        ):  # fmt: skip
            with closing(Shopper(site.house.shop, host="demo.localhost")) as shopper:
                shopper.comes_to_card()
                answers.append(pays(shopper, number, card_cvv=CVV))
                answers.append(pays(shopper, number, use_three_d=secure))
                if otp:
                    answers.append(shopper.authenticates(otp).text)
                    answers.append(str(shopper.get()))
        garbage = Path(__file__).name
        with closing(Shopper(site.house.shop, host="demo.localhost")) as shopper:
            shopper.comes_to_card()
            fields = {**CARD, "card_number": APPROVES, "card_cvv": CVV, "card_month": garbage}
            for body in ({"data": fields}, {"json": fields}, {"json": {"card_number": [fields]}}):
                answer = httpx.post(
                    f"{site.house.shop}/orders/checkout/?page=CreditCardConfirmationPage&card_number=1",
                    headers={"Host": "demo.localhost", "X-Requested-With": "XMLHttpRequest"},
                    cookies=dict(shopper.client.cookies), **body,
                )  # fmt: skip
                answers.append(answer.text)
    for secret in (*NUMBERS, CVV, OTP):
        assert not any(secret in answer for answer in answers)
    assert found(site, (APPROVES[:6],)), "the first digits may be kept, so looking does find something"
    assert found(site, (*NUMBERS, CVV, OTP)) == set()


@pytest.mark.parametrize("point", ["after_claim", "after_charge", "after_place"])
def test_nothing_is_kept_when_the_server_dies_with_a_card_in_its_hands(site: Site, point: str) -> None:
    with site.shop(environment={"VEZNE_FAILPOINT": point}) as server:
        with closing(Shopper(site.house.shop, host="demo.localhost")) as shopper:
            shopper.comes_to_card()
            with suppress(httpx.HTTPError):
                pays(shopper, APPROVES)
        server.wait(20)
    assert found(site, (APPROVES,)) == set()
