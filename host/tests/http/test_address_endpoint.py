"""``/address/`` over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from vezne_host.testing.journey import HOME, Shopper

PATH = "/address/"


def listed(shopper: Shopper, path: str = PATH, **query: Any) -> dict[str, Any]:
    answer = shopper.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_user_keeps_addresses(user: Shopper) -> None:
    pk = user.has_address()

    flat, nested = listed(user), listed(user, "/address/detailed/")
    assert (flat["count"], flat["results"][0]["pk"], flat["results"][0]["city"]) == (1, pk, 34)
    assert nested["results"][0]["city"] == {"pk": 34, "name": "İstanbul", "country": 1}
    assert nested["results"][0]["phone_number"] == "05551234567"


@pytest.mark.parametrize("path", [PATH, "/address/detailed/"])
def test_a_guest_cannot_list(guest: Shopper, path: str) -> None:
    guest.has_address()
    answer = guest.client.get(path)

    assert (answer.status_code, answer.json()) == (
        401, {"detail": "Authentication credentials were not provided."},
    )  # fmt: skip


def test_a_guest_keeps_addresses_for_his_session(guest: Shopper) -> None:
    pk = guest.has_address()

    changed = guest.write("PATCH", f"{PATH}{pk}/", line="Moda Caddesi 2")
    assert (changed.status_code, changed.json()["line"]) == (200, "Moda Caddesi 2")
    assert guest.write("DELETE", f"{PATH}{pk}/").status_code == 204
    assert guest.write("DELETE", f"{PATH}{pk}/").status_code == 404


def test_nobody_reaches_somebody_elses(guest: Shopper, user: Shopper) -> None:
    pk = user.has_address()
    guest.has_address()

    for shopper in (guest,):
        assert shopper.write("PATCH", f"{PATH}{pk}/", line="mine now").status_code == 404
        assert shopper.write("DELETE", f"{PATH}{pk}/").status_code == 404
    assert listed(user)["results"][0]["line"] == HOME["line"]


@pytest.mark.parametrize("pk", ["0", "999999999", "9" * 30, "abc", "1e3", "-1", "%00"])
def test_what_is_no_address_is_not_found(user: Shopper, pk: str) -> None:
    assert user.write("PATCH", f"{PATH}{pk}/", line="x").status_code == 404


def test_every_wrong_field_is_told(user: Shopper) -> None:
    answer = user.write("POST", PATH, title="", city=34, township=601)

    assert answer.status_code == 400
    assert set(answer.json()) == {
        "title", "first_name", "last_name", "phone_number", "line", "township",
    }  # fmt: skip


def test_a_write_without_a_token_is_refused(user: Shopper) -> None:
    pk = user.has_address()

    assert user.client.post(PATH, json=dict(HOME)).status_code == 403
    assert user.client.patch(f"{PATH}{pk}/", json={"line": "x"}).status_code == 403
    assert user.client.delete(f"{PATH}{pk}/").status_code == 403
    assert listed(user)["count"] == 1


def test_one_address_is_primary(user: Shopper) -> None:
    first = user.has_address()
    second = user.has_address({**HOME, "title": "Work"})
    user.write("PATCH", f"{PATH}{first}/", primary=True)
    user.write("PATCH", f"{PATH}{second}/", primary=True)

    found = listed(user)["results"]
    assert [(each["pk"], each["primary"]) for each in found] == [(second, True), (first, False)]


def test_a_list_has_pages(user: Shopper) -> None:
    for _ in range(3):
        user.has_address()

    first = listed(user, page_size=2)
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    assert first["next"].endswith("/address/?page_size=2&page=2")
    last = user.client.get(PATH, params={"page_size": 2, "page": 2}).json()
    assert (len(last["results"]), last["next"]) == (1, None)
    for page in ("3", "0", "x", "9" * 30):
        assert user.client.get(PATH, params={"page_size": 2, "page": page}).status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "pks"),
    [
        ("/address/country/", {}, [1, 2]),
        ("/address/city/", {"country": 1}, [6, 34]),
        ("/address/city/", {"country": 2}, [100]),
        ("/address/city/", {"country": 7}, []),
        ("/address/city/", {"retailstore__isnull": "false"}, []),
        ("/address/township/", {"city": 34}, [3402, 3401]),
        ("/address/district/", {"township": 3401}, [340101]),
        ("/address/district/", {"city": 6}, [60101]),
    ],
)
def test_places_are_listed(guest: Shopper, path: str, query: dict[str, Any], pks: list[int]) -> None:
    assert [each["pk"] for each in listed(guest, path, **query)["results"]] == pks


def test_places_are_named_in_the_language_of_the_request(enter: Any) -> None:
    names = [each["name"] for each in listed(enter(language="tr"), "/address/country/")["results"]]

    assert names == ["Türkiye", "Almanya"]


def test_a_filter_that_is_no_number_is_refused(guest: Shopper) -> None:
    answer = guest.client.get("/address/city/", params={"country": "x"})

    assert (answer.status_code, answer.json()) == (400, {"country": ["A valid integer is required."]})
