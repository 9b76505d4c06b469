"""What signing in and signing up take, and how a user sees himself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta, Struct

from vezne_core import CheckoutSettings, Message, Secret, Text, decode
from vezne_core.forms import REQUIRED
from vezne_host.phone import e164, national
from vezne_host.present import timestamp
from vezne_host.spine.index import BAD_EMAIL, BAD_PHONE, EMAIL
from vezne_host.storage.users import Account, UserBody

PASSWORD_LENGTH = 8

SHORT_PASSWORD = "This password is too short. It must contain at least {n} characters."  # noqa: S105
NUMERIC_PASSWORD = "This password is entirely numeric."  # noqa: S105
SIMILAR_PASSWORD = "This password is too similar to your e-mail address."  # noqa: S105
DIFFERENT_PASSWORDS = "The two password fields didn't match."

Name = Annotated[str, Meta(max_length=60)]
Password = Annotated[Secret, Meta(max_length=128)]


class LoginForm(Struct, frozen=True):
    """``POST /users/login/``."""

    email: Annotated[str, Meta(max_length=254)]
    password: Password


class RegistrationForm(Struct, frozen=True, kw_only=True):
    """``POST /users/registration/``; the password as ``password``, or twice as the published client does."""

    email: Annotated[str, Meta(max_length=254)]
    password: Password | None = None
    password1: Password | None = None
    password2: Password | None = None
    first_name: Name = ""
    last_name: Name = ""
    phone: Annotated[str, Meta(max_length=32)] | None = None
    date_of_birth: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    gender: Annotated[str, Meta(max_length=20)] | None = None
    email_allowed: bool = False
    sms_allowed: bool = False


class NewUser(Struct, frozen=True, kw_only=True):
    """A user who may be created."""

    email: str
    password: Secret
    first_name: str
    last_name: str
    phone: str | None
    body: UserBody


class _Partial(Struct, frozen=True):
    """The fields that are judged by more than their shape."""

    email: str = ""
    password: Secret | None = None
    password1: Secret | None = None
    password2: Secret | None = None
    phone: str | None = None


def address_of(email: str) -> str:
    """Return an e-mail as it is kept and compared."""
    return email.strip().lower()


def read_registration(
    sent: Mapping[str, Any], checkout: CheckoutSettings
) -> tuple[NewUser | None, dict[str, list[Text]]]:
    """Read a registration.

    :return: the user and no errors, or None and a sentence for every wrong field.
    """
    form, errors = decode(RegistrationForm, sent)
    judged: RegistrationForm | _Partial | None = form
    if form is None:
        judged, _ = decode(_Partial, {name: value for name, value in sent.items() if name not in errors})
    if judged is not None:
        errors = _wrong(judged, checkout) | errors
    if form is None or errors:
        return None, errors
    password = form.password or form.password1
    assert password is not None, "_wrong has found it"
    return (
        NewUser(
            email=address_of(form.email),
            password=password,
            first_name=form.first_name,
            last_name=form.last_name,
            phone=e164(form.phone, checkout.DEFAULT_COUNTRY_CODE) if form.phone else None,
            body=UserBody(form.date_of_birth, form.gender, form.email_allowed, form.sms_allowed),
        ),
        {},
    )


def _wrong(form: RegistrationForm | _Partial, checkout: CheckoutSettings) -> dict[str, list[Text]]:
    errors: dict[str, list[Text]] = {}
    if form.email and not EMAIL.fullmatch(form.email):
        errors["email"] = [BAD_EMAIL]
    field = "password" if form.password or not (form.password1 or form.password2) else "password1"
    password = form.password or form.password1
    if password is None:
        errors[field] = [REQUIRED]
    elif reasons := _weak(password.reveal(), form.email):
        errors[field] = reasons
    if form.password2 is not None and form.password2 != password:
        errors["password2"] = [DIFFERENT_PASSWORDS]
    if form.phone:
        phone = e164(form.phone, checkout.DEFAULT_COUNTRY_CODE)
        shown = national(phone, checkout.USER_PHONE_FORMAT)
        if not (shown and re.fullmatch(checkout.USER_PHONE_REGEX, shown, re.ASCII)):
            errors["phone"] = [BAD_PHONE]
    return errors


def _weak(password: str, email: str) -> list[Text]:
    reasons: list[Text] = []
    if len(password) < PASSWORD_LENGTH:
        reasons.append(Message(SHORT_PASSWORD, {"n": PASSWORD_LENGTH}))
    if password.isdigit():
        reasons.append(NUMERIC_PASSWORD)
    if email and password.lower() in (email.lower(), email.partition("@")[0].lower()):
        reasons.append(SIMILAR_PASSWORD)
    return reasons


def account_view(account: Account, mask: str) -> dict[str, Any]:
    """Show a user to himself (contract: endpoints, current_user)."""
    return {
        "pk": account.pk,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "email": account.email,
        "phone": national(account.phone, mask),
        "email_allowed": account.body.email_allowed,
        "sms_allowed": account.body.sms_allowed,
        "date_joined": timestamp(account.joined),
        "last_login": timestamp(account.last_login) if account.last_login else None,
        "date_of_birth": account.body.date_of_birth,
        "hashed_email": sha256(account.email.encode()).hexdigest(),
        "gender": account.body.gender,
    }
