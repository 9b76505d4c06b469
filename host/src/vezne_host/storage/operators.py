"""Who may operate a shop by HTTP: tokens of which only the hash is kept, each with its roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from msgspec import Struct
from sqlalchemy import text

from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.moves import WRITE_DOWN

ROLES = ("read", "orders", "refund")
"""What a token may be good for: to look, to move orders on, to give money back."""

PREFIX = "vezne_op_"
"""What a token begins with, so that one that leaked is recognised."""

CREATE = Query(text("""
    INSERT INTO operator_token (merchant, name, hash, roles, expires_at)
    VALUES (:merchant, :name, CAST(:hash AS bytea), CAST(:roles AS text[]),
            now() + make_interval(days => CAST(:days AS int)))
    RETURNING pk
"""))  # fmt: skip

LIST = Query(text("""
    SELECT merchant, pk, name, roles, created_at, expires_at, revoked_at, used_at FROM operator_token
    WHERE merchant = any(CAST(:merchants AS text[])) ORDER BY merchant, pk
"""))  # fmt: skip

REVOKE = Query(text("""
    UPDATE operator_token SET revoked_at = now()
    WHERE merchant = :merchant AND pk = :pk AND revoked_at IS NULL
    RETURNING name
"""))  # fmt: skip

USE = Query(text("""
    UPDATE operator_token SET used_at = now()
    WHERE merchant = :merchant AND hash = CAST(:hash AS bytea) AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > now())
    RETURNING pk, name, roles
"""))  # fmt: skip


class Token(Struct, frozen=True, kw_only=True):
    """A token, as operators see it: without itself."""

    merchant: str
    pk: int
    name: str
    roles: tuple[str, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None


class Operator(Struct, frozen=True):
    """Who sent a request with a token that is good."""

    actor: str
    """As the audit names him."""
    roles: frozenset[str]


class Tokens:
    """The tokens of a database; everything that is done to them is written down."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def create(
        self, merchant: str, name: str, roles: Iterable[str], *, days: int | None, actor: str
    ) -> str:
        """Make a token and return it; it is not kept and cannot be shown again."""
        token = f"{PREFIX}{token_urlsafe(32)}"
        granted = sorted(set(roles))
        async with self._lane.transaction() as driver:
            pk = await CREATE.scalar(
                driver, merchant=merchant, name=name, hash=hashed(token), roles=granted, days=days
            )
            await WRITE_DOWN.run(
                driver, merchant=merchant, actor=actor, action="token_created", number=None,
                text=f"{pk} {name}: {', '.join(granted)}",
            )  # fmt: skip
        return token

    async def list(self, merchants: Iterable[str]) -> list[Token]:
        """Return the tokens of merchants, also those that are not good any more."""
        rows = await self._lane.ask_all(LIST, merchants=list(merchants))
        return [
            Token(
                merchant=row["merchant"], pk=row["pk"], name=row["name"], roles=tuple(row["roles"]),
                created=row["created_at"], expires=row["expires_at"], revoked=row["revoked_at"],
                used=row["used_at"],
            )
            for row in rows
        ]  # fmt: skip

    async def revoke(self, merchant: str, pk: int, *, actor: str) -> bool:
        """Make a token void at once; False when there is none, or it is void already."""
        async with self._lane.transaction() as driver:
            name = await REVOKE.scalar(driver, merchant=merchant, pk=pk)
            if name is not None:
                await WRITE_DOWN.run(
                    driver, merchant=merchant, actor=actor, action="token_revoked", number=None,
                    text=f"{pk} {name}",
                )  # fmt: skip
        return name is not None

    async def operator(self, merchant: str, token: str) -> Operator | None:
        """Return who has a token, or None where it is not good for this merchant."""
        row = await self._lane.ask(USE, merchant=merchant, hash=hashed(token))
        return None if row is None else Operator(f"token {row['pk']} {row['name']}", frozenset(row["roles"]))


def hashed(token: str) -> bytes:
    """Return what is kept of a token. It has 256 random bits: there is nothing to slow down."""
    return sha256(token.encode()).digest()
