"""plugins.toml: what is read, and every problem with its place, fact and remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta

from vezne_core import Problem, Refused, Secret, Settings
from vezne_host.config import Configuration, HostSettings, decode_settings, load

KEYS = 'keys = [{ id = "k1", key = "0123456789abcdef0123456789abcdef" }]'
HOST = f"[host]\n{KEYS}\n"
SHOP = '[merchants.acme]\nhosts = ["acme.example"]\nplugins = ["shipping_home"]\n'
ROOT = Path(__file__).parents[2]

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "plugins.toml"
        path.write_text(text, "utf-8")
        return path

    return written


def facts(problems: tuple[Problem, ...]) -> set[tuple[str, str]]:
    return {(problem.place.removeprefix("plugins.toml "), problem.fact) for problem in problems}


def refused(path: Path, environ: dict[str, str] | None = None) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        load(path, environ or {})
    return facts(caught.value.problems)


def test_the_demo_starts_without_any_environment() -> None:
    configuration = load(ROOT / "plugins.toml", {})

    assert configuration.problems == ()
    assert set(configuration.by_host) == {"localhost", "127.0.0.1", "demo.localhost", "lean.localhost"}
    demo, lean = configuration.merchants["demo"], configuration.merchants["lean"]
    assert demo.checkout.GIFT_BOX_CONFIGURATIONS.sku == "VZ-GIFTBOX"
    assert demo.checkout.THREE_D_SECURE_ENABLED
    assert lean.plugins == ("shipping_home", "shipping_standard", "payment_funds_transfer")
    assert lean.checkout.AUTOSELECT_SHIPPING


def test_a_merchant_is_read_whole(write: Write) -> None:
    text = f"""{HOST}
[merchants.acme]
hosts = ["Checkout.Acme.example", "127.0.0.1", "::1"]
public_url = "https://acme.example/shop/"
plugins = ["shipping_home", "payment_demopay"]
currencies = ["EUR", "KWD"]
languages = ["tr", "pt-BR"]
timezone = "Europe/Berlin"
origins = ["https://www.acme.example", "http://localhost:3000"]

[merchants.acme.checkout]
CAN_GUEST_PURCHASE = false
IDENTITY_NUMBER_REQUIRED_AMOUNT = 5000.10

[merchants.acme.settings.payment_demopay]
terminal = "100200"
"""
    configuration = load(write(text), {})

    acme = configuration.merchants["acme"]
    assert configuration.problems == ()
    assert acme.hosts == ("checkout.acme.example", "127.0.0.1", "::1")
    assert configuration.by_host["::1"] is acme
    assert acme.public_url == "https://acme.example/shop"
    assert (acme.languages, acme.currencies, acme.timezone) == (
        ("tr", "pt-br"), ("EUR", "KWD"), "Europe/Berlin"
    )  # fmt: skip
    assert acme.origins == ("https://www.acme.example", "http://localhost:3000")
    assert not acme.checkout.CAN_GUEST_PURCHASE
    assert str(acme.checkout.IDENTITY_NUMBER_REQUIRED_AMOUNT) == "5000.10"
    assert acme.settings == {"payment_demopay": {"terminal": "100200"}}
    assert (acme.name, acme.place) == ("acme", "plugins.toml merchants.acme")


def test_what_is_not_said_has_a_default(write: Write) -> None:
    acme = load(write(HOST + SHOP), {}).merchants["acme"]

    assert (acme.currencies, acme.languages, acme.timezone) == (("TRY",), ("en", "tr"), "Europe/Istanbul")
    assert acme.public_url is None


def test_the_union_of_enabled_plugins_keeps_their_order(write: Write) -> None:
    other = '[merchants.other]\nhosts = ["other.example"]\nplugins = ["offers", "shipping_home"]\n'

    assert load(write(HOST + SHOP + other), {}).plugins == ("shipping_home", "offers")


def test_secrets_of_plugins_do_not_show() -> None:
    assert "sandbox-secret" not in repr(load(ROOT / "plugins.toml", {}))


# Problems of the file and the host.


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"nowhere\.toml: No such file or directory; name it with --config"):
        load(tmp_path / "nowhere.toml", {})


def test_bad_toml_is_reported_with_its_line(write: Write) -> None:
    assert refused(write('[host]\nkeys = [\n"a" "b"]\n')) == {
        ("plugins.toml", "Unclosed array (at line 3, column 5)")
    }


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_infinity_is_no_number(write: Write, number: str) -> None:
    assert refused(write(f"{HOST}{SHOP}checkout.IDENTITY_NUMBER_REQUIRED_AMOUNT = {number}")) == {
        ("plugins.toml", f"{number} is no amount")
    }


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plugins.toml"
    path.write_bytes(b'[merchants."\xff"]')

    [(place, fact)] = refused(path)
    assert place == "plugins.toml"
    assert fact.startswith("'utf-8' codec can't decode")


def test_host_and_file_problems_come_with_those_of_the_merchants(write: Write) -> None:
    text = """
surprise = 1
[host]
keys = [{ id = "Bad Id", key = "short" }, { id = "k", key = { env = "VAULT_KEY" } }]
port = 70000
trusted_proxies = ["10.0.0.1/8", "10.0.0.0/8"]
allow_inside = ["127.0.0.1:8001", "[::1]:8001", "bank", "bank:0"]
body_limit = "64k"
[host.lifetimes]
card_minutes = 90
[merchants.acme]
plugins = []
"""
    assert refused(write(text)) == {
        ("surprise", "is unknown"),
        ("host.keys[0].id", "must be a text matching regex '^[a-z0-9][a-z0-9-]{0,31}$'"),
        ("host.keys[0].key", "is too short, must have at least 32 characters"),
        ("host.keys[1].key", "the environment variable VAULT_KEY is not set"),
        ("host.port", "must be a whole number <= 65535"),
        ("host.trusted_proxies[0]", "10.0.0.1/8 has host bits set"),
        ("host.allow_inside[2]", "'bank' is no host with a port"),
        ("host.allow_inside[3]", "'bank:0' is no host with a port"),
        ("host.body_limit", "is a text, must be a whole number"),
        ("host.lifetimes.card_minutes", "must be a whole number <= 60"),
        ("merchants.acme.hosts", "is missing"),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (SHOP, ("host.keys", "is missing")),
        (f"[host]\nkeys = []\n{SHOP}", ("host.keys", "has 0 items, must have at least 1")),
        (HOST, ("merchants", "names no merchant")),
        (f"{HOST}merchants = 5", ("host.merchants", "is unknown")),
        (f"merchants = 5\n{HOST}", ("merchants", "names no merchant")),
        (f"host = 5\n{SHOP}", ("host", "is a whole number, must be a table")),
    ],
    ids=["no-host", "no-key", "no-merchant", "merchants-in-host", "merchants-number", "host-number"],
)
def test_a_start_without_key_or_merchant_is_refused(
    write: Write, text: str, problem: tuple[str, str]
) -> None:
    assert problem in refused(write(text))


def test_two_keys_with_one_id_are_refused(write: Write) -> None:
    key = '{ id = "k", key = "0123456789abcdef0123456789abcdef" }'

    assert refused(write(f"[host]\nkeys = [{key}, {key}]\n{SHOP}")) == {
        ("host.keys", "gives two keys one id")
    }


def test_environment_wins_over_the_host_table(write: Write) -> None:
    host = f'{HOST}port = "nonsense"\ndatabase_url = {{ env = "GONE" }}\n'
    settings = load(
        write(host + SHOP),
        {
            "VEZNE_DATABASE_URL": "postgresql://db/shop",
            "VEZNE_REDIS_URL": "redis://cache",
            "VEZNE_HOST": "0.0.0.0",
            "VEZNE_PORT": "9000",
            "VEZNE_WORKERS": "4",
        },
    ).host

    assert settings.database_url == Secret("postgresql://db/shop")
    assert settings.redis_url == Secret("redis://cache")
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 9000, 4)


def test_a_wrong_variable_is_named_as_such(write: Write) -> None:
    assert refused(write(HOST + SHOP), {"VEZNE_PORT": "http", "VEZNE_WORKERS": "0"}) == {
        ("environment VEZNE_PORT", "is a text, must be a whole number"),
        ("environment VEZNE_WORKERS", "must be a whole number >= 1"),
    }


def test_addresses_of_servers_do_not_show(write: Write) -> None:
    host = load(write(HOST + SHOP), {"VEZNE_DATABASE_URL": "postgresql://me:hush@db/x"}).host

    assert "hush" not in repr(host)
    assert isinstance(host, HostSettings)


# Problems of merchants: each refuses only its own.


def merchant(write: Write, body: str, *, more: str = "") -> Configuration:
    good = '[merchants.good]\nhosts = ["good.example"]\nplugins = []\n'
    return load(write(f"{HOST}{good}[merchants.acme]\n{body}\n{more}"), {})


def test_everything_wrong_with_a_merchant_is_told_and_others_serve(write: Write) -> None:
    configuration = merchant(
        write,
        """
host = ["x"]
hosts = ["https://acme.example", "acme.example:8000", "ACME.example", "acme.example"]
public_url = "acme.example"
plugins = ["shipping-home", "spine", "offers", 5]
currencies = ["TL", "TRY", "TRY"]
languages = ["xx", "english"]
timezone = "Europe/Ankara"
origins = ["https://acme.example/shop", "*"]
checkout.CAN_GUEST_PURCHAES = true
checkout.AUTOSELECT_SHIPPING = "yes"
checkout.USER_PHONE_REGEX = "("
checkout.INSTALLMENT_FILTERS = [{ class = "x" }]
settings.vouchers.limit = 3
settings.offers = 3
""",
    )

    assert set(configuration.merchants) == {"good"}
    assert facts(configuration.refused["acme"]) == {
        ("merchants.acme.host", "is unknown"),
        ("merchants.acme.hosts[0]", "'https://acme.example' is not a host name"),
        ("merchants.acme.hosts[1]", "'acme.example:8000' is not a host name"),
        ("merchants.acme.public_url", "'acme.example' is not a web address"),
        ("merchants.acme.plugins[0]", "'shipping-home' is not the name of a plugin"),
        ("merchants.acme.plugins[1]", "the spine is always on"),
        ("merchants.acme.plugins[3]", "is a whole number, must be a text"),
        ("merchants.acme.currencies[0]", "'TL' is not a currency"),
        ("merchants.acme.languages[0]", "'xx' is not a language"),
        ("merchants.acme.languages[1]", "'english' is not a language"),
        ("merchants.acme.timezone", "'Europe/Ankara' is not a time zone"),
        ("merchants.acme.origins[0]", "'https://acme.example/shop' is not an origin"),
        ("merchants.acme.origins[1]", "'*' is not a web address"),
        ("merchants.acme.checkout.CAN_GUEST_PURCHAES", "is unknown"),
        ("merchants.acme.checkout.AUTOSELECT_SHIPPING", "is a text, must be true or false"),
        (
            "merchants.acme.checkout.USER_PHONE_REGEX",
            "is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("merchants.acme.checkout.INSTALLMENT_FILTERS[0].class", "is unknown"),
        ("merchants.acme.checkout.INSTALLMENT_FILTERS[0].klass", "is missing"),
        ("merchants.acme.settings.vouchers", "vouchers is not enabled"),
        ("merchants.acme.settings.offers", "is a whole number, must be a table"),
    }
    [misspelt] = [p for p in configuration.problems if p.place.endswith("CAN_GUEST_PURCHAES")]
    assert misspelt.remedy == "did you mean CAN_GUEST_PURCHASE?"


def test_a_merchant_that_is_no_table_is_refused(write: Write) -> None:
    configuration = load(write(f"{HOST}{SHOP}[merchants]\nother = 5\n"), {})

    assert facts(configuration.refused["other"]) == {
        ("merchants.other", "is a whole number, must be a table")
    }


def test_a_name_that_cannot_be_a_merchant_is_refused(write: Write) -> None:
    shop = SHOP.replace("merchants.acme", 'merchants."Acme Inc"')

    [problem] = load(write(HOST + shop), {}).refused["Acme Inc"]
    assert problem.fact == "is not a name for a merchant"


def test_a_host_of_two_merchants_refuses_both(write: Write) -> None:
    other = SHOP.replace("merchants.acme", "merchants.other").replace("acme.example", "ACME.example")
    broken = SHOP.replace("merchants.acme", "merchants.broken") + 'timezone = "Nowhere"\n'

    configuration = load(write(HOST + SHOP + other + broken), {})

    assert configuration.merchants == {}
    assert {
        name: sorted(problem.fact for problem in problems) for name, problems in configuration.refused.items()
    } == {
        "acme": ["acme.example is also a host of other, broken"],
        "other": ["acme.example is also a host of acme, broken"],
        "broken": ["'Nowhere' is not a time zone", "acme.example is also a host of acme, other"],
    }


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ('hosts = ["a.example", "a.example"]\nplugins = []', "names a.example twice"),
        ('hosts = ["a.example"]\nplugins = ["offers", "offers"]', "names offers twice"),
    ],
    ids=["host", "plugin"],
)
def test_a_thing_listed_twice_is_refused(write: Write, body: str, fact: str) -> None:
    [problem] = merchant(write, body).refused["acme"]

    assert problem.fact == fact


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example", "https://", "https://shop.example?x=1", "https://shop.example/#top",
        "https://me:secret@shop.example", "https://shop_example", "//shop.example", "https://shop.example:99999",
        "https://[::1", "javascript:alert(1)", "https://shop.example/a b", "",
    ],
)  # fmt: skip
def test_a_public_url_that_is_no_address_of_a_shop_is_refused(write: Write, url: str) -> None:
    shop = f'hosts = ["a.example"]\nplugins = []\npublic_url = "{url}"'

    [problem] = merchant(write, shop).refused["acme"]
    assert problem.place == "plugins.toml merchants.acme.public_url"


# Settings of plugins.


class TerminalSettings(Settings, frozen=True):
    terminal: str
    secret: Secret
    timeout: Annotated[float, Meta(gt=0, le=60)] = 20.0


def decoded(table: dict[str, Any], environ: dict[str, str] | None = None) -> Any:
    return decode_settings(TerminalSettings, table, "plugins.toml merchants.m.settings.p", environ or {})


def test_settings_of_a_plugin_take_their_secret_from_the_environment() -> None:
    settings, problems = decoded({"terminal": "1", "secret": {"env": "PAY"}}, {"PAY": "hush"})

    assert problems == []
    assert settings == TerminalSettings(terminal="1", secret=Secret("hush"))


def test_every_problem_of_a_plugins_settings_is_told() -> None:
    settings, problems = decoded({"secret": {"env": "PAY"}, "timeout": 99, "colour": "red"})

    assert settings is None
    assert [str(problem) for problem in problems] == [
        "plugins.toml merchants.m.settings.p.colour: is unknown; known: secret, terminal, timeout",
        "plugins.toml merchants.m.settings.p.terminal: is missing",
        "plugins.toml merchants.m.settings.p.secret: the environment variable PAY is not set; set PAY",
        "plugins.toml merchants.m.settings.p.timeout: must be a number <= 60.0",
    ]


def test_a_settings_struct_that_nobody_can_read_is_a_problem_too() -> None:
    class Unreadable(Settings, frozen=True):
        value: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    settings, [problem] = decode_settings(Unreadable, {"value": 1}, "here", {})

    assert settings is None
    assert "Unreadable cannot be read: name 'Nowhere' is not defined" in problem.fact
