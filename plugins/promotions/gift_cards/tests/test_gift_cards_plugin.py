"""What the plugin hands over."""

from __future__ import annotations

import string
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from babel.messages.pofile import read_po

import vezne_gift_cards as package
from vezne_core import BASKET, CONFIG, DUE, Declined, Secret
from vezne_gift_cards.gateway import GiftCardGateway
from vezne_gift_cards.plugin import GiftCards
from vezne_gift_cards.settings import GiftCardsSettings
from vezne_gift_cards.slot import GIFT_CARDS
from vezne_host.config import decode_settings
from vezne_host.testing.sentences import sentences

SOURCE = Path(package.__file__).parent
KEY = "a-key-for-gift-cards-of-thirty-two-letters"


@pytest.fixture
def plugin() -> GiftCards:
    database = SimpleNamespace(query=lambda statement: statement)
    services: Any = SimpleNamespace(database=database, cache=None)
    return GiftCards(GiftCardsSettings(key=Secret(KEY)), services)


def test_plugin_is_found_by_its_name() -> None:
    [entry] = entry_points(group="vezne.plugins", name="gift_cards")

    assert entry.load() is GiftCards


def test_plugin_brings_the_pages_in_the_order_in_which_they_follow(plugin: GiftCards) -> None:
    cards, payment = plugin.vezne_register_chains()

    assert [page.name for page in cards.pages] == [
        "GiftCardPage", "GiftCardApplyPage", "GiftCardUpdateAmountPage",
    ]  # fmt: skip
    assert cards.independent
    assert all(page.fills == (GIFT_CARDS,) and not page.post_order for page in cards.pages)
    assert [page.effects for page in cards.pages] == [False, True, False]
    assert [page.name for page in payment.pages] == ["GiftCardPaymentPage"]


def test_the_slot_is_private_and_checked_after_basket_and_settings(plugin: GiftCards) -> None:
    [slot], [source] = plugin.vezne_register_slots(), plugin.vezne_register_sources()

    assert (slot, slot.name, slot.wire) == (GIFT_CARDS, "gift_cards.reserved", None)
    assert (source.slot, source.reads, source.keep) == (GIFT_CARDS, (BASKET, CONFIG), False)
    assert DUE not in source.reads


def test_tender_reservation_gateway_and_loader_go_by_one_name(plugin: GiftCards) -> None:
    [reservation], [gateway] = plugin.vezne_register_reservations(), plugin.vezne_register_gateways()
    [loader] = plugin.vezne_register_loaders()

    assert reservation.name == gateway.name == "gift_cards"
    assert loader.name == "gift_card"


@pytest.mark.anyio
async def test_the_gateway_takes_no_money(plugin: GiftCards) -> None:
    gateway, attempt = GiftCardGateway(), None

    assert isinstance(await gateway.begin(attempt, None), Declined)  # type: ignore[arg-type]
    assert isinstance(await gateway.ask(attempt), Declined)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ({}, "s.key"),
        ({"key": "short"}, "s.key"),
        ({"key": KEY, "former_keys": ["short"]}, "s.former_keys[0]"),
        ({"key": KEY, "tries": 0}, "s.tries"),
        ({"key": KEY, "tries_per_card": 0}, "s.tries_per_card"),
        ({"key": KEY, "keys": [KEY]}, "s.keys"),
    ],
)
def test_wrong_settings_are_refused_by_name(table: dict[str, Any], place: str) -> None:
    found, problems = decode_settings(GiftCardsSettings, table, "s")

    assert found is None
    assert [problem.place for problem in problems] == [place]


def test_keys_may_come_from_the_environment_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_KEY", KEY)

    found, problems = decode_settings(
        GiftCardsSettings, {"key": {"env": "CARD_KEY"}, "former_keys": [{"env": "CARD_KEY"}]}, "s"
    )

    assert problems == []
    assert found is not None
    assert found.key.reveal() == found.former_keys[0].reveal() == KEY
    assert KEY not in repr(found)


def test_what_is_stored_today_is_read_by_later_releases() -> None:
    raw = msgspec.msgpack.encode([{"card": 7, "last_four": "7890", "amount": ["30.00", "TRY"]}])

    [card] = GIFT_CARDS.decode(raw)

    assert (card.card, card.label, card.amount.wire) == (7, "•••• 7890", "30.00")


# Translations.


@pytest.fixture(scope="module")
def turkish() -> dict[str, str]:
    with (SOURCE / "locale/tr/LC_MESSAGES/vezne_gift_cards.po").open("rb") as file:
        return {entry.id: entry.string for entry in read_po(file, "tr", abort_invalid=True) if entry.id}


def places(template: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(template)} - {None}


def test_every_sentence_is_translated_and_nothing_else(turkish: dict[str, str]) -> None:
    assert turkish.keys() == {sentence for sentence, _ in sentences(SOURCE)}
    assert all(turkish.values())


def test_translations_fill_the_same_places(turkish: dict[str, str]) -> None:
    assert {english: places(text) for english, text in turkish.items()} == {
        english: places(english) for english in turkish
    }
