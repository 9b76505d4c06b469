from datetime import UTC, datetime

import pytest

from vezne_core import SavedCard, Secret, StoredCard
from vezne_host.services.keyring import KeyRing
from vezne_host.services.saved_cards import CardWallet, SavedCardRow

pytestmark = pytest.mark.anyio

KEYS = KeyRing([("k", Secret("a-key-of-at-least-thirty-two-characters"))], "saved_card")
STORED = StoredCard(token=Secret("tok-1"), last_four="0009", name="bank's name")


class Rows:
    """The table, in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], SavedCardRow] = {}

    async def list(self, merchant, user):
        found = [row for (m, _), row in self.rows.items() if m == merchant and row.user == user]
        return sorted(found, key=lambda row: row.pk, reverse=True)

    async def add(self, merchant, **fields):
        pk = len(self.rows) + 1
        self.rows[merchant, pk] = SavedCardRow(pk=pk, created=datetime(2026, 1, 1, tzinfo=UTC), **fields)
        return pk

    async def get(self, merchant, user, pk):
        row = self.rows.get((merchant, pk))
        return row if row and row.user == user else None


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def wallet(rows) -> CardWallet:
    return CardWallet("acme", rows, KEYS)


async def test_a_stored_card_is_listed_and_its_token_found(wallet) -> None:
    pk = await wallet.add(7, "sandbox", STORED, "My Visa", 1)

    assert await wallet.list(7, "sandbox") == [SavedCard(pk, "My Visa", "0009", 1)]
    assert await wallet.token(7, "sandbox", pk) == Secret("tok-1")


async def test_without_a_name_of_the_shopper_the_provider_names_the_card(wallet) -> None:
    pk = await wallet.add(7, "sandbox", STORED, "", None)

    assert await wallet.list(7, "sandbox") == [SavedCard(pk, "bank's name", "0009", None)]


async def test_the_row_does_not_hold_the_token(wallet, rows) -> None:
    await wallet.add(7, "sandbox", STORED, "My Visa", 1)

    assert b"tok-1" not in rows.rows["acme", 1].token


async def test_never_more_than_four_digits_are_kept(wallet, rows) -> None:
    await wallet.add(7, "sandbox", StoredCard(token=Secret("t"), last_four="5421190000000009"), "My Visa", 1)

    assert rows.rows["acme", 1].last_four == "0009"


@pytest.mark.parametrize(("user", "gateway"), [(8, "sandbox"), (7, "other")], ids=["user", "gateway"])
async def test_another_shopper_or_gateway_gets_nothing(wallet, user, gateway) -> None:
    pk = await wallet.add(7, "sandbox", STORED, "My Visa", 1)

    assert await wallet.list(user, gateway) == []
    assert await wallet.token(user, gateway, pk) is None


async def test_a_token_moved_to_another_row_does_not_open(wallet, rows) -> None:
    await wallet.add(7, "sandbox", STORED, "My Visa", 1)
    stolen = rows.rows["acme", 1]
    pk = await rows.add(
        "acme", user=8, gateway="sandbox", token=stolen.token, last_four="0009", name="", card=1
    )

    assert await wallet.token(8, "sandbox", pk) is None
