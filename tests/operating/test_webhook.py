"""What the merchant's own server hears, however it behaves."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import Any

from vezne_host.testing.journey import Shopper
from vezne_host.testing.laws import Ask

from .office import NEW_KEY, OLD_KEY, Heard, Office, paid_by_card, until


def signed(heard: Heard, key: str) -> str:
    """Sign as Standard Webhooks says, apart from our own code."""
    text = f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    return "v1," + b64encode(hmac.digest(b64decode(key.removeprefix("whsec_")), text, "sha256")).decode()


def test_a_placed_order_is_told_with_a_signature_of_every_key(guest: Shopper, office: Office) -> None:
    number = paid_by_card(guest)

    [heard] = until(lambda: office.receiver.of(number), "the webhook")

    assert heard.told["type"] == "order.placed"
    assert heard.told["data"] == {"number": number, "amount": "229.80", "currency": "TRY"}
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["webhook-signature"].split(" ") == [signed(heard, OLD_KEY), signed(heard, NEW_KEY)]
    assert "guest@example.com" not in heard.body.decode(), "nothing of the shopper leaves"


def test_a_server_hears_what_it_wants_and_nothing_else(guest: Shopper, office: Office, refund: Any) -> None:
    number = paid_by_card(guest)
    refund(number, f"heard-{number}", amount="9.90")

    [heard] = until(lambda: office.receiver.of(number, "/refunds"), "the webhook")

    assert heard.told["type"] == "payment.refunded"
    assert heard.told["data"] == {"number": number, "amount": "9.90", "kept": "219.90", "currency": "TRY"}
    assert heard.headers["webhook-signature"] == signed(heard, NEW_KEY)
    types = [each.told["type"] for each in until(lambda: office.receiver.of(number)[1:], "the other one")]
    assert types == ["payment.refunded"]


def test_a_server_that_fails_is_told_again_and_the_other_is_not(
    guest: Shopper, office: Office, refund: Any, ask: Ask
) -> None:
    office.receiver.answers["/all"] = 500
    number = paid_by_card(guest)
    refund(number, f"failed-{number}", amount="1.00")
    until(lambda: office.receiver.of(number, "/refunds"), "the webhook of the other server")
    failed = until(lambda: office.receiver.of(number)[1:], "the webhooks that failed")
    about = "consumer = 'webhook' AND done_at IS NULL AND position(convert_to($1, 'UTF8') in payload) > 0"
    waiting = f"SELECT pk FROM outbox WHERE {about} AND error LIKE '%answered 500'"
    rows = until(lambda: len(found := ask(waiting, number)) == 2 and found, "the messages that wait")
    ask(f"UPDATE outbox SET due_at = now() + interval '1 hour' WHERE {about}", number)
    assert "answered 500" in office.succeeds("outbox", "list", "--merchant", "demo", "--limit", "1000")
    office.receiver.answers.clear()
    for row in rows:
        office.succeeds("outbox", "replay", str(row["pk"]))
    until(lambda: not ask(waiting, number), "the end of waiting")

    ids = {each.headers["webhook-id"] for each in office.receiver.of(number)}
    assert len(ids) == 2, "each event keeps its id"
    bodies = {(each.headers["webhook-id"], each.body) for each in office.receiver.of(number)}
    assert len(bodies) == 2, "and says the same"
    assert len(office.receiver.of(number)) >= len(failed) + 2
    assert len(office.receiver.of(number, "/refunds")) == 1
    log = ask(
        "SELECT url, status FROM webhook_delivery WHERE event_id = any($1::uuid[]) ORDER BY pk", sorted(ids)
    )
    assert {row["status"] for row in log} == {500, 204}


def test_what_was_given_up_is_told_to_operators_and_sent_again(
    guest: Shopper, office: Office, ask: Ask
) -> None:
    office.receiver.answers["/all"] = 302
    number = paid_by_card(guest)
    dying = (
        "UPDATE outbox SET tries = 78, due_at = now() WHERE consumer = 'webhook' AND done_at IS NULL"
        " AND position(convert_to($1, 'UTF8') in payload) > 0 AND error IS NOT NULL"
        " RETURNING pk"
    )
    [row] = until(lambda: ask(dying, number), "the first failure")
    until(lambda: ask("SELECT 1 FROM outbox WHERE pk = $1 AND dead_at IS NOT NULL", row["pk"]), "its end")

    assert "order_placed → webhook  given up" in office.succeeds("outbox", "list")
    assert "message_dead" in office.succeeds("events")
    office.receiver.answers.clear()
    heard = len(office.receiver.of(number))
    assert "are due again" in office.succeeds("outbox", "replay", "--dead")
    until(lambda: len(office.receiver.of(number)) > heard, "the webhook")
    until(
        lambda: ask("SELECT 1 FROM outbox WHERE pk = $1 AND done_at IS NOT NULL", row["pk"]), "its delivery"
    )
    assert office.vezne("outbox", "replay", str(row["pk"])).returncode == 1, "what is delivered stays so"
    noted = office.succeeds("events", "--all-seen")
    assert "noted as seen" in noted
    assert office.succeeds("events") == "there is nothing to look at\n"
    assert "message_dead  (seen)" in office.succeeds("events", "--all")
