"""Confirming orders whose money came by bank transfer, from a statement."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask

from .office import Office, pays_later, statement, until, waiting

pytestmark = pytest.mark.usefixtures("books_agree")

AMOUNT = "229.80"


def status(ask: Ask, number: str) -> int:
    found: int = ask('SELECT status FROM "order" WHERE number = $1', number)[0]["status"]
    return found


def confirm(office: Office, file: str, *options: str, merchant: str = "demo") -> Any:
    return office.vezne("payment", "confirm", file, "--merchant", merchant, *options)


def test_transfers_are_matched_by_code_or_number_each_once(
    enter: Enter, office: Office, ask: Ask, tmp_path: Path
) -> None:
    (first, code), (second, _) = waiting(enter()), waiting(enter())
    typed = f"{code[:4].lower()}-{code[4:7]} {code[7:]}"
    file = statement(
        tmp_path,
        f"{typed},{AMOUNT},TRY,2026-11-20,T-{first}",
        f"{second},{AMOUNT},TRY,2026-11-20,T-{second}",
    )

    rehearsed = confirm(office, file, "--dry-run")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "2 confirmed, 0 known, 0 surplus, 0 wrong" in rehearsed.stdout
    assert [status(ask, number) for number in (first, second)] == [300, 300], "nothing was changed"

    done = confirm(office, file)
    assert done.returncode == 0, done.stderr
    assert f"✓ statement.csv line 2: order {first} is paid" in done.stdout
    assert [status(ask, number) for number in (first, second)] == [400, 400]
    again = confirm(office, file)
    assert again.returncode == 0, again.stderr
    assert "0 confirmed, 2 known, 0 surplus, 0 wrong" in again.stdout
    rows = ask(
        "SELECT t.succeeded, t.transaction_id FROM order_transaction t JOIN \"order\" o"
        " ON o.merchant = t.merchant AND o.pk = t.order_pk WHERE o.number = $1 ORDER BY t.pk", first,
    )  # fmt: skip
    assert [(row["succeeded"], row["transaction_id"]) for row in rows] == [
        (False, None), (True, f"T-{first}"),
    ]  # fmt: skip
    [moved] = until(lambda: office.receiver.of(first)[1:], "the webhook of the payment")
    assert moved.told["data"] == {
        "number": first, "before": "300", "status": "400", "amount": AMOUNT, "currency": "TRY",
    }  # fmt: skip


def test_every_line_that_needs_somebody_is_told_and_the_others_are_taken(
    enter: Enter, office: Office, ask: Ask, tmp_path: Path
) -> None:
    good, wrong, cancelled = (waiting(enter())[0] for _ in range(3))
    office.succeeds("order", "move", cancelled, "100")
    lines = (
        f"{wrong},{Decimal(AMOUNT) - 1},TRY,2026-11-20,W1-{wrong}",
        f"{wrong},{AMOUNT},EUR,2026-11-20,W2-{wrong}",
        f"NOBODY,{AMOUNT},TRY,2026-11-20,W3-{wrong}",
        f"{good},{AMOUNT},TRY,2026-11-20,G-{good}",
        f"{good},{AMOUNT},TRY,2026-11-21,S-{good}",
        f"{cancelled},{AMOUNT},TRY,2026-11-21,S-{cancelled}",
    )

    done = confirm(office, statement(tmp_path, *lines))

    assert done.returncode == 1
    assert "1 confirmed, 0 known, 2 surplus, 3 wrong" in done.stdout
    told = done.stderr
    assert f"line 2: order {wrong} waits for 229.80 TRY, 228.80 TRY came" in told
    assert f"line 3: order {wrong} waits for 229.80 TRY, 229.80 EUR came" in told
    assert "line 4: 'NOBODY' fits no order" in told
    assert f"line 6: order {good} is 400 and waits for no payment" in told
    assert f"line 7: order {cancelled} is 100 and waits for no payment" in told
    assert status(ask, good) == 400
    assert status(ask, wrong) == 300
    surplus = "SELECT count(*) AS n FROM operator_event WHERE kind = 'payment_surplus' AND order_number = $1"
    assert ask(surplus, good)[0]["n"] == 1
    again = confirm(office, statement(tmp_path, *lines))
    assert "0 confirmed, 3 known, 0 surplus, 3 wrong" in again.stdout, "a surplus is told once"
    assert ask(surplus, good)[0]["n"] == 1


def test_a_transfer_that_was_taken_before_is_not_taken_for_another_order(
    enter: Enter, office: Office, ask: Ask, tmp_path: Path
) -> None:
    first, second = waiting(enter())[0], waiting(enter())[0]
    assert confirm(office, statement(tmp_path, f"{first},{AMOUNT},TRY,2026-11-20,X-{first}")).returncode == 0

    done = confirm(office, statement(tmp_path, f"{second},{AMOUNT},TRY,2026-11-20,X-{first}"))

    assert done.returncode == 1
    assert f"was taken before, over {AMOUNT} TRY for order {first}" in done.stderr
    assert status(ask, second) == 300


def test_a_file_that_cannot_be_read_confirms_nothing(
    guest: Shopper, office: Office, ask: Ask, tmp_path: Path
) -> None:
    number, _ = waiting(guest)
    file = statement(
        tmp_path, f"{number},{AMOUNT},TRY,2026-11-20,F-{number}", f"{number},1.234,TL,20.11.2026,"
    )

    done = confirm(office, file)

    assert done.returncode == 1
    for place in ("line 3 transaction_id", "line 3 currency", "line 3 date"):
        assert place in done.stderr
    assert "nothing was confirmed" in done.stderr
    assert status(ask, number) == 300


def test_a_statement_of_one_merchant_does_not_pay_another(
    enter: Enter, office: Office, ask: Ask, tmp_path: Path
) -> None:
    number, code = waiting(enter())

    done = confirm(office, statement(tmp_path, f"{code},{AMOUNT},TRY,2026-11-20,L-{number}"), merchant="lean")

    assert done.returncode == 1
    assert "fits no order" in done.stderr
    assert status(ask, number) == 300


def test_a_transfer_that_comes_second_is_reported_and_one_that_comes_first_ends_the_waiting(
    guest: Shopper, office: Office, ask: Ask, tmp_path: Path
) -> None:
    number, _ = waiting(guest)
    pays_later(guest, number)

    assert (
        confirm(office, statement(tmp_path, f"{number},{AMOUNT},TRY,2026-11-20,P-{number}")).returncode == 0
    )
    guest.authenticates()

    until(lambda: office.moves(number)[1:], "the card's money")
    assert office.moves(number) == [("capture", AMOUNT), ("void", AMOUNT)]
    assert status(ask, number) == 400


def test_money_that_came_by_transfer_is_sent_back_by_hand(
    guest: Shopper, office: Office, refund: Any, ask: Ask, tmp_path: Path
) -> None:
    number, _ = waiting(guest)
    confirm(office, statement(tmp_path, f"{number},{AMOUNT},TRY,2026-11-20,H-{number}"))

    refused = refund(number, f"hand-{number}")
    assert (refused.status_code, refused.json()["code"]) == (409, "impossible")
    assert "--by-hand" in refused.json()["remedy"]

    office.succeeds("payment", "refund", number, "--by-hand", "--action", f"hand-{number}")
    assert status(ask, number) == 600
