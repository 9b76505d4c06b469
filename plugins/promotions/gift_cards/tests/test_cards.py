"""Who may use a card, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from vezne_core import Money, Secret
from vezne_gift_cards.cards import GiftCard, GiftCardBook, GiftCardRow, Locked, Unproven
from vezne_gift_cards.holds import Holds
from vezne_gift_cards.table import metadata
from vezne_host.decoder import decode
from vezne_host.storage.database import PluginDatabase
from vezne_host.storage.lane import Lane, opened
from vezne_host.storage.migrate import differences

pytestmark = pytest.mark.anyio

NUMBER, PIN, WRONG = Secret("6006491234567890"), Secret("1234"), Secret("9999")
OLD = Secret("an-older-key-of-at-least-thirty-two-letters")
NEW = Secret("a-newer-key-of-at-least-thirty-two-letters!")


def row(**fields: Any) -> GiftCardRow:
    return GiftCardRow(**{"number": NUMBER, "pin": PIN, "currency": "TRY", "balance": Decimal(100), **fields})


async def issued(database: Any, book: GiftCardBook, *rows: GiftCardRow) -> int:
    async with database.transaction() as session:
        return await book.issue(session, rows)


async def test_migration_makes_the_tables_that_the_code_speaks_of(migrated: str) -> None:
    assert await differences(migrated, metadata) == []


async def test_every_table_begins_its_keys_with_the_merchant() -> None:
    for table in metadata.tables.values():
        assert next(iter(table.primary_key)).name == "merchant"
        assert all(next(iter(index.columns)).name == "merchant" for index in table.indexes)


# Proving.


async def test_number_and_pin_open_a_card(database: Any, book: GiftCardBook) -> None:
    await issued(database, book, row())

    found = await book.prove(Secret("6006 4912 3456 7890"), PIN)

    assert isinstance(found, GiftCard)
    assert (found.last_four, found.balance, found.blocked) == ("7890", Money.of(100, "TRY"), False)


async def test_a_wrong_pin_and_a_wrong_number_are_the_same(database: Any, book: GiftCardBook) -> None:
    await issued(database, book, row())

    assert await book.prove(NUMBER, WRONG) == Unproven()
    assert await book.prove(Secret("6006491234567891"), PIN) == Unproven()


async def test_a_wrong_pin_and_a_wrong_number_take_the_same_statements(
    database: Any, book: GiftCardBook, book_of: Any, migrated: str, merchant: str
) -> None:
    await issued(database, book, row())
    told: list[str] = []
    async with opened(migrated, size=1, rest=0, logger=told.append) as listening:
        book = book_of(PluginDatabase(listening, merchant))

        async def statements(number: Secret, pin: Secret) -> list[str]:
            told.clear()
            assert await book.prove(number, pin) == Unproven()
            await asyncio.sleep(0)  # the logger is told by the event loop
            return [*told]

        known = await statements(NUMBER, WRONG)
        assert await statements(Secret("6006491234567891"), PIN) == known
        assert len(known) == 5, "BEGIN, count, prune, find, COMMIT"


async def test_another_merchants_card_is_unknown(
    database: Any, new_database: Any, book: GiftCardBook, book_of: Any
) -> None:
    await issued(database, book, row())

    assert await book_of(new_database()).prove(NUMBER, PIN) == Unproven()


async def test_what_the_askers_own_attempt_holds_is_there_for_him(
    database: Any, book: GiftCardBook, issue: Any
) -> None:
    card, holds = await issue("100.00"), Holds(database)
    async with database.transaction() as session:
        assert await holds.claim(session, "attempt-1", "0001", card.pk, 0, Money.of(60, "TRY"))

    async def seen(number: str | None) -> Money:
        found = await book.prove(card.number, card.pin, number)
        assert isinstance(found, GiftCard)
        return found.balance

    assert await seen("0001") == Money.of(100, "TRY")
    assert await seen("0002") == await seen(None) == Money.of(40, "TRY")
    async with database.transaction() as session:
        await holds.consume(session, "attempt-1")
    assert await seen("0001") == Money.of(40, "TRY")


# Guessing.


async def test_a_number_is_locked_after_five_tries_whether_there_is_such_a_card_or_not(
    database: Any, book: GiftCardBook
) -> None:
    await issued(database, book, row())
    for number in (NUMBER, Secret("6006491234567891")):
        answers = [await book.prove(number, WRONG) for _ in range(6)]

        assert answers == [Unproven()] * 5 + [Locked()]
        assert await book.prove(number, PIN) == Locked()


async def test_guesses_sent_all_at_once_are_counted_one_by_one(database: Any, book: GiftCardBook) -> None:
    await issued(database, book, row())

    answers = await asyncio.gather(*(book.prove(NUMBER, Secret(f"{pin:04}")) for pin in range(2000, 2020)))

    assert answers.count(Unproven()) == 5
    assert answers.count(Locked()) == 15


async def test_the_right_pin_among_the_five_sets_the_count_back(database: Any, book: GiftCardBook) -> None:
    await issued(database, book, row())
    for _ in range(3):
        for _ in range(4):
            assert await book.prove(NUMBER, WRONG) == Unproven()
        assert isinstance(await book.prove(NUMBER, PIN), GiftCard)


async def test_other_numbers_are_not_locked_with_one(database: Any, book: GiftCardBook, issue: Any) -> None:
    card = await issue()
    for _ in range(6):
        await book.prove(NUMBER, WRONG)

    assert isinstance(await book.prove(card.number, card.pin), GiftCard)


async def test_every_further_lock_is_twice_as_long_up_to_32_times(
    book: GiftCardBook, lane: Lane, merchant: str
) -> None:
    hours = []
    async with lane.lend() as driver:
        for _ in range(8):
            for _ in range(5):
                assert await book.prove(NUMBER, WRONG) == Unproven()
            assert await book.prove(NUMBER, WRONG) == Locked()
            locked = await driver.fetchval(
                "SELECT locked_until - tried_at FROM gift_card_try WHERE merchant = $1", merchant
            )
            hours.append(locked / timedelta(hours=1))
            await driver.execute(
                "UPDATE gift_card_try SET locked_until = now() WHERE merchant = $1", merchant
            )

    assert hours == [1, 2, 4, 8, 16, 32, 32, 32]


async def test_old_tries_are_taken_away_by_new_ones(book: GiftCardBook, lane: Lane, merchant: str) -> None:
    for guess in range(7):
        await book.prove(Secret(f"600649123456790{guess}"), WRONG)
    async with lane.lend() as driver:
        await driver.execute(
            "UPDATE gift_card_try SET tried_at = now() - interval '31 days' WHERE merchant = $1", merchant
        )
        left = []
        for guess in range(3):
            await book.prove(Secret(f"600649123456791{guess}"), WRONG)
            left.append(
                await driver.fetchval("SELECT count(*) FROM gift_card_try WHERE merchant = $1", merchant)
            )

    assert left == [3, 2, 3], "five at a time; what is new stays"


# Issuing.


async def test_a_card_that_is_there_keeps_balance_and_pin(database: Any, book: GiftCardBook) -> None:
    assert await issued(database, book, row()) == 1
    assert await issued(database, book, row(balance=Decimal(900), pin=WRONG)) == 0

    found = await book.prove(NUMBER, PIN)
    assert isinstance(found, GiftCard)
    assert found.balance == Money.of(100, "TRY")


async def test_a_number_twice_in_a_file_is_one_card(database: Any, book: GiftCardBook) -> None:
    printed = row(number=Secret("6006-4912-3456-7890"))

    assert await issued(database, book, row(), printed) == 1


async def test_a_file_loaded_twice_at_once_makes_each_card_once(database: Any, book: GiftCardBook) -> None:
    made = await asyncio.gather(*(issued(database, book, row()) for _ in range(8)))

    assert sum(made) == 1


async def test_after_a_change_of_keys_cards_are_found_and_not_made_again(database: Any, book_of: Any) -> None:
    assert await issued(database, book_of(database, OLD), row()) == 1
    changed = book_of(database, NEW, OLD)

    assert isinstance(await changed.prove(NUMBER, PIN), GiftCard)
    assert await issued(database, changed, row()) == 0
    assert await book_of(database, NEW).prove(NUMBER, PIN) == Unproven(), "only while the old key is known"


@pytest.mark.parametrize(
    ("wrong", "fact"),
    [
        ({"number": "123"}, "does not match"),
        ({"number": "٦٠٠٦٤٩١٢٣٤٥٦٧٨٩٠"}, "does not match"),
        ({"number": "6006 4912  34567890"}, "does not match"),
        ({"pin": "12"}, "does not match"),
        ({"pin": "12a4"}, "does not match"),
        ({"balance": "-1"}, "balance is an amount that is not below zero"),
        ({"balance": "NaN"}, "balance is an amount that is not below zero"),
        ({"balance": "1.001"}, "balance has more decimals than TRY"),
        ({"currency": "LIRA"}, "LIRA"),
        ({"blockd": True}, "is unknown"),
    ],
)
async def test_what_is_wrong_with_a_row_is_told_without_its_secrets(wrong: dict[str, Any], fact: str) -> None:
    table = {"number": "6006491234567890", "pin": "123456789012", "currency": "TRY", "balance": "100.00"}

    found, problems = decode(GiftCardRow, table | wrong, "cards.toml gift_card[0]", {})

    assert found is None
    [problem] = problems
    assert fact in problem.fact
    assert not any(secret in str(problem) for secret in ("6006491234567890", "123456789012"))


@pytest.mark.parametrize("balance", [100, Decimal("100.0"), "100"])
async def test_a_balance_is_written_as_a_number_or_as_text(balance: Any) -> None:
    table = {"number": "6006491234567890", "pin": "1234", "currency": "TRY", "balance": balance}

    found, problems = decode(GiftCardRow, table, "cards.toml gift_card[0]", {})

    assert problems == []
    assert found is not None
    assert found.balance == 100
