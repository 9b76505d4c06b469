"""Who may operate a shop by HTTP, and for what."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from vezne_host.testing.journey import Enter, Shopper
from vezne_host.testing.laws import Ask

from .office import Office, paid_by_card, waiting


class Desk:
    """A program of an operator."""

    def __init__(self, office: Office, host: str = "demo.localhost") -> None:
        self._shop = office.house.shop
        self._host = host

    def ask(self, token: str | None, path: str, json: Any = None) -> httpx.Response:
        headers = {"Host": self._host} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
        if json is None:
            return httpx.get(f"{self._shop}{path}", headers=headers, timeout=30.0)
        return httpx.post(f"{self._shop}{path}", json=json, headers=headers, timeout=30.0)


PATHS = [
    ("read", "", None),
    ("orders", "moves/", {"status": 450}),
    ("refund", "refunds/", {"action_id": "x"}),
]


@pytest.mark.parametrize(("role", "path", "json"), PATHS, ids=[role for role, _, _ in PATHS])
def test_a_token_is_good_for_its_roles_only(
    guest: Shopper, office: Office, ask: Ask, role: str, path: str, json: Any
) -> None:
    number = paid_by_card(guest)
    desk, address = Desk(office), f"/operator/orders/{number}/{path}"
    others = [each for each, _, _ in PATHS if each != role]
    if json and "action_id" in json:
        json = {"action_id": f"role-{number}"}

    none = desk.ask(None, address, json)
    assert (none.status_code, none.headers["www-authenticate"]) == (401, "Bearer")
    wrong = desk.ask(office.token(*others), address, json)
    assert wrong.status_code == 403
    assert f'scope="{role}"' in wrong.headers["www-authenticate"]
    assert office.money(number) > 0
    right = desk.ask(office.token(role), address, json)
    assert right.status_code == 200, right.text


def test_a_token_of_one_merchant_is_nothing_to_another(guest: Shopper, office: Office) -> None:
    number = paid_by_card(guest)
    token = office.token("read", merchant="lean")

    answer = Desk(office).ask(token, f"/operator/orders/{number}/")

    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert Desk(office, "lean.localhost").ask(token, f"/operator/orders/{number}/").status_code == 404


def test_a_token_that_is_revoked_or_too_old_is_void(guest: Shopper, office: Office, ask: Ask) -> None:
    number = paid_by_card(guest)
    desk, address = Desk(office), f"/operator/orders/{number}/"
    first, second = office.token("read", name="leaver"), office.token("read", name="passing")
    assert [desk.ask(each, address).status_code for each in (first, second)] == [200, 200]

    [pk] = [
        line.split()[0]
        for line in office.succeeds("operator", "token", "list").splitlines()
        if "leaver" in line
    ]
    office.succeeds("operator", "token", "revoke", pk, "--merchant", "demo")
    ask("UPDATE operator_token SET expires_at = now() WHERE name = 'passing'")

    assert [desk.ask(each, address).status_code for each in (first, second)] == [401, 401]
    assert "revoked" in office.succeeds("operator", "token", "list", "--merchant", "demo")
    assert office.vezne("operator", "token", "revoke", pk, "--merchant", "demo").returncode == 1


def test_tokens_are_kept_as_hashes_and_shown_nowhere(office: Office, ask: Ask) -> None:
    token = office.token("read", name="secret")

    rows = ask("SELECT operator_token::text AS row FROM operator_token UNION SELECT audit::text FROM audit")

    assert token not in "".join(row["row"] for row in rows)
    assert token not in office.succeeds("operator", "token", "list")
    assert token not in office.house.log.read_text()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic x",
        "Bearer \u00e9",
        "Bearer a b",
        "bearer vezne_op_x",
        "Bearer " + "x" * 300,
    ],
)
def test_what_is_no_token_is_refused(guest: Shopper, office: Office, header: str) -> None:
    answer = httpx.get(
        f"{office.house.shop}/operator/orders/1/",
        headers={"Host": "demo.localhost", "Authorization": header.encode("latin-1")},  # type: ignore[dict-item]
    )

    assert answer.status_code == 401
    assert list(answer.json()) == ["detail"]


def test_who_did_what_is_written_down(enter: Enter, office: Office, ask: Ask) -> None:
    paid, (unpaid, _) = paid_by_card(enter()), waiting(enter())
    token = office.token("orders", "refund", name="audited")
    desk = Desk(office)
    desk.ask(token, f"/operator/orders/{paid}/refunds/", {"action_id": f"audit-{paid}", "amount": "5.00"})
    desk.ask(token, f"/operator/orders/{paid}/moves/", {"status": 450})
    office.succeeds("order", "move", unpaid, "100")

    rows = ask("SELECT actor, action, text FROM audit WHERE order_number = $1 ORDER BY pk", paid)

    assert [(row["action"], row["text"]) for row in rows] == [
        ("refund", f"audit-{paid}: 5.00 TRY"),
        ("refund_done", f"audit-{paid}: 5.00 TRY"),
        ("move", "400 to 450"),
    ]
    assert {row["actor"].split()[0::2][0] for row in rows} == {"token"}
    assert all(row["actor"].endswith(" audited") for row in rows)
    [own] = ask("SELECT actor, action FROM audit WHERE order_number = $1", unpaid)
    assert own["actor"].startswith("command ")
    created = ask("SELECT text FROM audit WHERE action = 'token_created' AND text LIKE '%audited%'")
    assert created[0]["text"].endswith("audited: orders, refund")


def test_an_order_is_shown_as_json(guest: Shopper, office: Office, refunder: str) -> None:
    number = paid_by_card(guest)

    shown = Desk(office).ask(refunder, f"/operator/orders/{number}/").json()

    assert (shown["number"], shown["status"], shown["amount"]) == (number, 400, "229.80")
    assert [each["kind"] for each in shown["ledger"]] == ["asked", "approved"]
    assert [each["state"] for each in shown["attempts"]] == ["placed"]
    assert (shown["transactions"][0]["kind"], shown["transactions"][0]["amount"]) == ("payment", "229.80")


@pytest.mark.parametrize(
    ("json", "status"),
    [({"status": 550}, 409), ({"status": "x"}, 400), ({}, 400), ({"status": 7}, 409)],
    ids=["not allowed", "no number", "nothing", "no status"],
)
def test_a_move_that_cannot_be_made_is_refused(
    guest: Shopper, office: Office, refunder: str, json: Any, status: int
) -> None:
    number = paid_by_card(guest)

    answer = Desk(office).ask(refunder, f"/operator/orders/{number}/moves/", json)

    assert answer.status_code == status, answer.text


def test_an_order_that_is_not_there_is_not_found(office: Office, refunder: str) -> None:
    for path, json in (("", None), ("moves/", {"status": 450}), ("refunds/", {"action_id": "none-1"})):
        assert Desk(office).ask(refunder, f"/operator/orders/404/{path}", json).status_code == 404
