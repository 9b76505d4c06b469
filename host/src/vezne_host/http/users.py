"""Signing in, up and out, and who is signed in."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar import Request, Response, get, post

from vezne_core import decode
from vezne_host.http import csrf
from vezne_host.http.page import shown
from vezne_host.http.user_form import LoginForm, account_view, address_of, read_registration
from vezne_host.http.visitor import SIGNED_OUT, Failure, Visitor, visitor_of
from vezne_host.storage.users import Users

BAD_LOGIN = "The e-mail address or the password is wrong."
TAKEN = "A user is already registered with this e-mail address."


@get("/csrf_token")
async def csrf_token(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the token that writes have to carry."""
    visitor = visitor_of(request.scope)
    return visitor.json({"csrf_token": visitor.csrf_token()})


@get("/current_user")
async def current_user(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Tell who is signed in."""
    visitor = visitor_of(request.scope)
    users = _users(visitor)
    account = await users.current(visitor.session) if visitor.session else None
    if account is None:
        raise Failure(401, SIGNED_OUT, headers={"WWW-Authenticate": "Session"})
    return visitor.json(account_view(account, visitor.runtime.settings().USER_PHONE_FORMAT))


@post("/users/login", status_code=200)
async def login(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Sign in; the same answer in the same time, whether the e-mail or the password is wrong."""
    visitor = visitor_of(request.scope)
    body = await visitor.body(request)
    visitor.prove()
    form, errors = decode(LoginForm, body.fields)
    if form is None:
        raise Failure(400, errors)
    edge, email = visitor.edge, address_of(form.email)
    await edge.logins.admit(visitor)
    guess = await edge.logins.guess(visitor, email)
    users = _users(visitor)
    known = await users.find(email)
    if not await edge.passwords.matches(form.password, known.password_hash if known else None):
        await edge.logins.failed(visitor)
        raise Failure(400, {"non_field_errors": [BAD_LOGIN]})
    assert known is not None, "nobody has no password"
    await edge.logins.right(visitor, guess)
    renewed = None
    if edge.passwords.outdated(known.password_hash):
        renewed = await edge.passwords.hash(form.password)
    return await _signed_in(visitor, users, known.pk, 200, renewed)


@post("/users/registration", status_code=201)
async def registration(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Create an account and sign in to it."""
    visitor = visitor_of(request.scope)
    body = await visitor.body(request)
    visitor.prove()
    edge = visitor.edge
    user, errors = read_registration(body.fields, visitor.runtime.settings())
    if user is None:
        raise Failure(400, errors)
    await edge.registrations.admit(visitor)
    users = _users(visitor)
    pk = await users.create(
        user.email, await edge.passwords.hash(user.password), user.body,
        first_name=user.first_name, last_name=user.last_name, phone=user.phone,
    )  # fmt: skip
    if pk is None:
        await edge.registrations.failed(visitor)  # whoever asks often wants to know who has an account
        raise Failure(400, {"email": [TAKEN]})
    return await _signed_in(visitor, users, pk, 201)


@get("/users/logout")
async def ask_logout(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Ask whether to sign out."""
    return _logout_form(visitor_of(request.scope))


@post("/users/logout", status_code=200)
async def logout(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Sign out; without a CSRF token, ask for it (contract: the first answer carries the form)."""
    visitor = visitor_of(request.scope)
    body = await visitor.body(request)
    token = body.fields.get(csrf.FIELD)
    if token is None and csrf.HEADER not in visitor.headers:
        return _logout_form(visitor)
    visitor.prove(token if isinstance(token, str) else None)
    if visitor.session is not None:
        await _users(visitor).sign_out(visitor.session)
    visitor.sign_out()
    return visitor.json({})


def _users(visitor: Visitor) -> Users:
    return Users(visitor.runtime.lane, visitor.runtime.name)


async def _signed_in(
    visitor: Visitor, users: Users, pk: int, status: int, renewed: str | None = None
) -> Response[bytes]:
    public_id = await users.sign_in(pk, visitor.session, renewed=renewed)
    visitor.sign_in(public_id)
    key = visitor.edge.tags.tag(visitor.runtime.name, "login", public_id)[:40]
    return visitor.json({"key": key}, status)


def _logout_form(visitor: Visitor) -> Response[bytes]:
    token = escape(visitor.csrf_token())
    form = (
        '<form method="post" action="/users/logout">'
        f'<input type="hidden" name="{csrf.FIELD}" value="{token}">'
        f'<button type="submit">{escape(visitor.translate("Sign out"))}</button></form>'
    )
    return shown(visitor, visitor.translate("Sign out"), form)


HANDLERS = [csrf_token, current_user, login, registration, ask_logout, logout]
