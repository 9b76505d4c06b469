"""Registration: every wrong field at once, weak passwords refused, e-mails compared without case."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from vezne_core import CheckoutSettings, decode
from vezne_host.http.user_form import LoginForm, NewUser, account_view, address_of, read_registration
from vezne_host.storage.users import Account, UserBody

CHECKOUT = CheckoutSettings(DEFAULT_COUNTRY_CODE="tr")
SOUND = {"email": "Ada.L@Example.com", "password": "correct horse", "phone": "05551234567"}


def read(**sent: Any) -> NewUser:
    user, errors = read_registration(SOUND | sent, CHECKOUT)
    assert user is not None, errors
    return user


def errors_of(sent: dict[str, Any]) -> dict[str, list[str]]:
    user, errors = read_registration(sent, CHECKOUT)
    assert user is None
    return {field: [str(text) for text in texts] for field, texts in errors.items()}


def test_a_sound_registration_is_read() -> None:
    user = read(first_name="Ada", sms_allowed="true", date_of_birth="1990-05-04", unknown="x")

    assert (user.email, user.phone, user.first_name) == ("ada.l@example.com", "+905551234567", "Ada")
    assert user.body == UserBody("1990-05-04", None, False, True)
    assert user.password.reveal() == "correct horse"


def test_the_published_client_sends_the_password_twice() -> None:
    twice = {"email": "a@example.com", "password1": "correct horse", "password2": "correct horse"}
    user, errors = read_registration(twice, CHECKOUT)

    assert user is not None, errors
    assert errors_of(twice | {"password2": "correct hose"}) == {
        "password2": ["The two password fields didn't match."]
    }


def test_every_wrong_field_is_told_at_once() -> None:
    assert errors_of({"email": "nobody", "password": "1234567", "phone": "123", "first_name": "x" * 61}) == {
        "email": ["Enter a valid email address."],
        "password": [
            "This password is too short. It must contain at least 8 characters.",
            "This password is entirely numeric.",
        ],
        "phone": ["Enter a valid phone number."],
        "first_name": ["Ensure this field has no more than 60 characters."],
    }


def test_nothing_sent_asks_for_e_mail_and_password() -> None:
    assert errors_of({}) == {
        "email": ["This field is required."],
        "password": ["This field is required."],
    }


@pytest.mark.parametrize("password", ["ada.l@example.com", "ADA.L@EXAMPLE.COM"])
def test_a_password_is_not_the_e_mail(password: str) -> None:
    assert errors_of(SOUND | {"password": password}) == {
        "password": ["This password is too similar to your e-mail address."]
    }


@pytest.mark.parametrize(
    "email", ["a@b", "a b@example.com", "a@example.com\r\nBcc: x@y.zz", "@example.com", "a@@b.cc"]
)
def test_what_is_no_e_mail_is_refused(email: str) -> None:
    assert "email" in errors_of(SOUND | {"email": email})


@pytest.mark.parametrize("email", ["ADA@example.com", " ada@Example.COM "])
def test_e_mails_are_compared_without_case(email: str) -> None:
    assert address_of(email) == "ada@example.com"


def test_a_password_never_shows() -> None:
    form, _ = decode(LoginForm, {"email": "a@example.com", "password": "correct horse"})

    assert "correct horse" not in repr(form)
    assert "correct horse" not in repr(read())


def test_a_user_sees_himself() -> None:
    account = Account(
        pk=7, email="ada@example.com", first_name="Ada", last_name="L", phone="+905551234567",
        joined=datetime(2026, 5, 4, tzinfo=UTC), last_login=None, body=UserBody(),
    )  # fmt: skip

    assert account_view(account, "05999999999") == {
        "pk": 7,
        "first_name": "Ada",
        "last_name": "L",
        "email": "ada@example.com",
        "phone": "05551234567",
        "email_allowed": False,
        "sms_allowed": False,
        "date_joined": "2026-05-04T00:00:00.000000Z",
        "last_login": None,
        "date_of_birth": None,
        "hashed_email": sha256(b"ada@example.com").hexdigest(),
        "gender": None,
    }
