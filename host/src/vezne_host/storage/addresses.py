"""Addresses of users, and of guests for as long as their session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_core import Address
from vezne_host.storage.checkouts import AddressRow, new_public_id
from vezne_host.storage.lane import Lane, Query
from vezne_host.storage.viewer import NEW_VIEWER, VIEWER, owned

MOST = 50
"""Most addresses of one shopper."""

LIST = Query(text(f"""
    WITH {VIEWER}
    SELECT viewer.user_pk,
        (SELECT count(*) FROM address d WHERE {owned("d")}) AS total,
        (SELECT json_agg(json_build_object('pk', d.pk, 'primary', d.is_primary, 'body', d.body)
                         ORDER BY d.is_primary DESC, d.modified_at DESC, d.pk)
         FROM (SELECT d.pk, d.is_primary, d.body, d.modified_at FROM address d WHERE {owned("d")}
               ORDER BY d.is_primary DESC, d.modified_at DESC, d.pk
               LIMIT CAST(:limit AS int) OFFSET CAST(:offset AS int)) d)::text AS page
    FROM viewer
"""))  # fmt: skip

FIND = Query(text(f"""
    WITH {VIEWER}
    SELECT d.pk, d.is_primary, d.body::text AS body, d.modified_at, viewer.user_pk
    FROM viewer JOIN address d ON {owned("d")} AND d.pk = :pk
"""))  # fmt: skip

_CREATE = """
    WITH {viewer}, room AS (
        SELECT viewer.session, viewer.user_pk FROM viewer
        WHERE (SELECT count(*) FROM address d WHERE {owned}) < CAST(:most AS int)
    ), others AS (
        UPDATE address d SET is_primary = false
        FROM room viewer WHERE {owned} AND d.is_primary AND CAST(:primary AS boolean)
    ), made AS (
        INSERT INTO address (merchant, user_pk, session_id, is_primary, body)
        SELECT :merchant, room.user_pk, CASE WHEN room.user_pk IS NULL THEN room.session END,
               CAST(:primary AS boolean), CAST(CAST(:body AS text) AS jsonb)
        FROM room
        RETURNING pk
    )
    SELECT (SELECT pk FROM made) AS pk, viewer.user_pk FROM viewer
"""
CREATE = Query(text(_CREATE.format(viewer=VIEWER, owned=owned("d"))))
BEGIN = Query(text(_CREATE.format(viewer=NEW_VIEWER, owned=owned("d"))))

# Over what was read only: what is checked together is written together.
UPDATE = Query(text(f"""
    WITH {VIEWER}, changed AS (
        UPDATE address d SET body = CAST(CAST(:body AS text) AS jsonb),
               is_primary = CAST(:primary AS boolean), modified_at = now()
        FROM viewer WHERE {owned("d")} AND d.pk = :pk AND d.modified_at = :seen
        RETURNING d.pk
    ), others AS (
        UPDATE address d SET is_primary = false
        FROM viewer, changed
        WHERE {owned("d")} AND d.is_primary AND CAST(:primary AS boolean) AND d.pk <> changed.pk
    )
    SELECT pk FROM changed
"""))  # fmt: skip

DELETE = Query(text(f"""
    WITH {VIEWER}
    DELETE FROM address d USING viewer WHERE {owned("d")} AND d.pk = :pk
    RETURNING d.pk
"""))  # fmt: skip

_PAGE = msgspec.json.Decoder(list[AddressRow])


class Page(Struct, frozen=True):
    """Some of a shopper's addresses, and how many there are in all."""

    user: int | None
    total: int
    addresses: Sequence[Address]


class Kept(Struct, frozen=True):
    """An address as it was read."""

    address: Address
    user: int | None
    seen: datetime


class Made(Struct, frozen=True):
    """An address that was stored; ``pk`` is None where the shopper has too many."""

    pk: int | None
    user: int | None


class AddressBook:
    """The addresses of one merchant's shoppers."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def page(self, public_id: str, limit: int, offset: int) -> Page | None:
        """Return some of the addresses in the order of the address page; None without a session."""
        row = await self._lane.ask(
            LIST, merchant=self._merchant, public_id=public_id, limit=limit, offset=offset
        )
        if row is None:
            return None
        rows = _PAGE.decode(row["page"]) if row["page"] else []
        return Page(
            row["user_pk"], row["total"], [_address(each.pk, each.primary, each.body) for each in rows]
        )

    async def find(self, public_id: str, pk: int) -> Kept | None:
        """Return one of the shopper's own addresses, or None."""
        row = await self._lane.ask(FIND, merchant=self._merchant, public_id=public_id, pk=pk)
        if row is None:
            return None
        address = _address(row["pk"], row["is_primary"], msgspec.json.decode(row["body"]))
        return Kept(address, row["user_pk"], row["modified_at"])

    async def create(self, public_id: str, address: Address) -> Made | None:
        """Store an address; None without a session."""
        async with self._lane.lend() as driver:
            row = await CREATE.run(
                driver, merchant=self._merchant, public_id=public_id, primary=bool(address.primary),
                body=_body(address), most=MOST,
            )  # fmt: skip
        return None if row is None else Made(row["pk"], row["user_pk"])

    async def begin(self, address: Address) -> tuple[str, Made]:
        """Begin a session with an address, and return its public id too."""
        public_id = new_public_id()
        async with self._lane.lend() as driver:
            row = await BEGIN.run(
                driver, merchant=self._merchant, public_id=public_id, session=uuid4(),
                primary=bool(address.primary), body=_body(address), most=MOST,
            )  # fmt: skip
        assert row is not None, "a new session has room"
        return public_id, Made(row["pk"], row["user_pk"])

    async def update(self, public_id: str, address: Address, seen: datetime) -> bool:
        """Store an address over what was read; False when it is not as it was read any more."""
        async with self._lane.lend() as driver:
            row = await UPDATE.run(
                driver, merchant=self._merchant, public_id=public_id, pk=address.pk, seen=seen,
                primary=bool(address.primary), body=_body(address),
            )  # fmt: skip
        return row is not None

    async def delete(self, public_id: str, pk: int) -> bool:
        """Delete one of the shopper's own addresses; False when there is none."""
        async with self._lane.lend() as driver:
            row = await DELETE.run(driver, merchant=self._merchant, public_id=public_id, pk=pk)
        return row is not None


def _address(pk: int, primary: bool, body: dict[str, object]) -> Address:
    return msgspec.convert(body | {"pk": pk, "primary": primary}, Address)


def _body(address: Address) -> str:
    """Return what the row's body holds: all but what is a column."""
    return msgspec.json.encode(msgspec.structs.replace(address, pk=None, primary=None)).decode()
