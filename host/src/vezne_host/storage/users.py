"""Users, and the sessions that they sign into."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from asyncpg import UniqueViolationError
from msgspec import Struct
from sqlalchemy import text

from vezne_host.storage.baskets import take_over
from vezne_host.storage.checkouts import new_public_id
from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.viewer import VIEWER

TRIES = 3

FIND = Query(text("""
    SELECT pk, password_hash FROM "user" WHERE merchant = :merchant AND email = :email
"""))  # fmt: skip

CREATE = Query(text("""
    INSERT INTO "user" (merchant, email, password_hash, first_name, last_name, phone, body)
    VALUES (:merchant, :email, :password_hash, :first_name, :last_name, CAST(:phone AS text),
            CAST(CAST(:body AS text) AS jsonb))
    ON CONFLICT (merchant, email) DO NOTHING
    RETURNING pk
"""))  # fmt: skip

CURRENT = Query(text(f"""
    WITH {VIEWER}
    SELECT u.pk, u.email, u.first_name, u.last_name, u.phone, u.joined_at, u.last_login_at,
           u.body::text AS body
    FROM viewer JOIN "user" u ON u.merchant = :merchant AND u.pk = viewer.user_pk
"""))  # fmt: skip

# A guest's session goes on; one of somebody else does not.
SESSION = Query(text("""
    SELECT id FROM session
    WHERE merchant = :merchant AND public_id = :public_id AND (user_pk IS NULL OR user_pk = :user)
"""))  # fmt: skip

# In the order in which placing an order takes its locks: basket, user, session.
LOGIN = Query(text("""
    UPDATE "user" SET last_login_at = now(), password_hash = coalesce(CAST(:renewed AS text), password_hash)
    WHERE merchant = :merchant AND pk = :user
"""))  # fmt: skip
ENTER = Query(text("""
    INSERT INTO session AS s (merchant, id, public_id, user_pk)
    VALUES (:merchant, CAST(:session AS uuid), :public_id, :user)
    ON CONFLICT (merchant, id) DO UPDATE SET public_id = excluded.public_id, previous_id = NULL,
        rotated_at = now(), user_pk = excluded.user_pk, signed_in_at = now(), renew = false, flash = NULL
"""))  # fmt: skip

# The session stays for what is still under way in it, but no cookie leads there any more.
LEAVE = Query(text("""
    UPDATE session SET public_id = :nobody, previous_id = NULL, rotated_at = now(), flash = NULL
    WHERE merchant = :merchant AND public_id = :public_id
    RETURNING id
"""))  # fmt: skip

FLASH = Query(text("""
    WITH shown AS (
        SELECT id, flash FROM session
        WHERE merchant = :merchant AND public_id = :public_id AND flash IS NOT NULL
        FOR UPDATE
    )
    UPDATE session s SET flash = NULL FROM shown
    WHERE s.merchant = :merchant AND s.id = shown.id
    RETURNING shown.flash::text AS flash
"""))  # fmt: skip


class UserBody(Struct, frozen=True, omit_defaults=True):
    """What the table keeps of a user beside its own columns."""

    date_of_birth: str | None = None
    gender: str | None = None
    email_allowed: bool = False
    sms_allowed: bool = False


class Account(Struct, frozen=True, kw_only=True):
    """A user, as he sees himself."""

    pk: int
    email: str
    first_name: str
    last_name: str
    phone: str | None
    joined: datetime
    last_login: datetime | None
    body: UserBody


class Known(Struct, frozen=True):
    """What a login is checked against."""

    pk: int
    password_hash: str

    def __repr__(self) -> str:
        return f"Known({self.pk})"


_BODY = msgspec.json.Decoder(UserBody)
_FLASH = msgspec.json.Decoder(dict[str, list[str]])


class Users:
    """The users of one merchant."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def find(self, email: str) -> Known | None:
        """Return a user by e-mail, in lower case."""
        row = await self._lane.ask(FIND, merchant=self._merchant, email=email)
        return None if row is None else Known(row["pk"], row["password_hash"])

    async def create(self, email: str, password_hash: str, body: UserBody, **columns: Any) -> int | None:
        """Create a user and return his pk; None when the e-mail is taken."""
        async with self._lane.lend() as driver:
            row = await CREATE.run(
                driver, merchant=self._merchant, email=email, password_hash=password_hash,
                body=msgspec.json.encode(body).decode(), **columns,
            )  # fmt: skip
        return None if row is None else row["pk"]

    async def current(self, public_id: str) -> Account | None:
        """Return the user who is signed in to a session, or None."""
        row = await self._lane.ask(CURRENT, merchant=self._merchant, public_id=public_id)
        if row is None:
            return None
        return Account(
            pk=row["pk"], email=row["email"], first_name=row["first_name"], last_name=row["last_name"],
            phone=row["phone"], joined=row["joined_at"], last_login=row["last_login_at"],
            body=_BODY.decode(row["body"]),
        )  # fmt: skip

    async def sign_in(self, user: int, public_id: str | None, *, renewed: str | None = None) -> str:
        """Sign a user in and return the new public id of his session; the one of before is void.

        A guest's session goes on: its basket is taken over and its pre-order stays.

        :param renewed: the hash of the same password by today's parameters.
        """
        for last in (*[False] * (TRIES - 1), True):
            try:
                return await self._signed_in(user, public_id, renewed)
            except UniqueViolationError:  # a basket of the user appeared meanwhile
                if last:
                    raise
        raise AssertionError("unreachable")

    async def _signed_in(self, user: int, public_id: str | None, renewed: str | None) -> str:
        fresh = new_public_id()
        async with self._lane.transaction() as driver:
            session: UUID | None = None
            if public_id is not None:
                session = await SESSION.scalar(
                    driver, merchant=self._merchant, public_id=public_id, user=user
                )
            if session is not None:
                await take_over(driver, self._merchant, session, user)
            await LOGIN.run(driver, merchant=self._merchant, user=user, renewed=renewed)
            await ENTER.run(
                driver, merchant=self._merchant, session=session or uuid4(), public_id=fresh, user=user
            )
        return fresh

    async def sign_out(self, public_id: str) -> None:
        """Void a session: nobody gets to it any more, and what its user has stays his."""
        await self._lane.ask(LEAVE, merchant=self._merchant, public_id=public_id, nobody=new_public_id())

    async def take_flash(self, public_id: str) -> dict[str, list[str]] | None:
        """Return the errors of the last return from a bank; the next time there are none."""
        row = await self._lane.ask(FLASH, merchant=self._merchant, public_id=public_id)
        return None if row is None else _FLASH.decode(row["flash"])
