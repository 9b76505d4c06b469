"""A session's checkout in one statement: who, basket, addresses, pre-order, attempt, order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from sqlalchemy import text

from vezne_core import Address, Basket, BasketLine, Memory, Money, PreOrder, Product, Shopper
from vezne_host.storage.lane import Lane, Query


class ProductBody(Struct, frozen=True):
    """What the table keeps of a product beside key and SKU; fields as in :class:`vezne_core.Product`."""

    name: str
    price: Decimal
    currency: str
    tax_rate: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    retail_price: Decimal | None = None
    category: str | None = None
    attributes: dict[str, Any] = {}
    data_source: int | None = None
    data_source_name: str | None = None
    product_type: str | None = None
    base_code: str | None = None
    image: str | None = None
    absolute_url: str | None = None
    translations: dict[str, dict[str, str]] = {}


def product_of(pk: int, sku: str, body: ProductBody, left: int | None, language: str) -> Product:
    """Build the product of core from its row, named in a language."""
    return Product(
        pk=pk,
        sku=sku,
        name=body.translations.get(language, {}).get("name") or body.name,
        price=Money.of(body.price, body.currency),
        retail_price=None if body.retail_price is None else Money.of(body.retail_price, body.currency),
        tax_rate=body.tax_rate,
        weight=body.weight,
        category=body.category,
        attributes=body.attributes,
        data_source=body.data_source,
        data_source_name=body.data_source_name,
        product_type=body.product_type,
        base_code=body.base_code,
        image=body.image,
        absolute_url=body.absolute_url,
        stock=max(left or 0, 0),
    )


class LineRow(Struct, frozen=True):
    """A basket line with its product, as the statement gives it."""

    pk: int
    quantity: int
    attributes: dict[str, Any]
    product: int
    sku: str
    body: ProductBody
    left: int | None


class BasketRow(Struct, frozen=True):
    """A basket with its lines, as the statement gives it."""

    pk: int
    currency: str
    version: int
    created: datetime
    modified: datetime
    lines: list[LineRow] | None

    def basket(self, language: str) -> Basket:
        """Build the basket of core."""
        return Basket(
            pk=self.pk,
            currency=self.currency,
            created=self.created,
            modified=self.modified,
            lines=tuple(
                BasketLine(
                    pk=line.pk,
                    product=(goods := product_of(line.product, line.sku, line.body, line.left, language)),
                    quantity=line.quantity,
                    unit_price=goods.price,
                    attributes=line.attributes,
                )
                for line in self.lines or ()
            ),
        )


class ProductRow(Struct, frozen=True):
    """A product that settings name."""

    pk: int
    sku: str
    body: ProductBody
    left: int | None


class AttemptRow(Struct, frozen=True):
    """The live attempt of the pre-order."""

    id: UUID
    state: str
    page: str
    order_number: str
    due: bool = False
    """The schedule allows to ask the gateway how it stands."""


class OrderRow(Struct, frozen=True):
    """The order that the pre-order became."""

    pk: int
    number: str
    key: str
    age: float
    """Seconds since it was placed."""


class AddressRow(Struct, frozen=True):
    """An address of the shopper."""

    pk: int
    primary: bool
    body: dict[str, Any]


class UserRow(Struct, frozen=True):
    """The signed-in user."""

    pk: int
    email: str
    phone: str | None
    first_name: str
    last_name: str
    segments: tuple[str, ...]
    orders: int


class Loaded(Struct, frozen=True, kw_only=True):
    """Everything a request about a session needs, as of one statement."""

    session: UUID
    public_id: str
    renew: bool
    """An order was placed without the shopper's browser: its next request gets a new id."""
    user: UserRow | None
    basket: BasketRow | None
    addresses: tuple[Address, ...]
    products: tuple[ProductRow, ...]
    preorder: PreOrder | None
    memory: Memory
    state: str | None
    """Of the pre-order: open, placing or placed."""
    tries: int
    post_order: int | None
    attempt: AttemptRow | None
    order: OrderRow | None
    flash: dict[str, list[str]] | None
    now: datetime

    def named_products(self, language: str) -> dict[str, Product]:
        """Return the products that settings name, by SKU."""
        return {row.sku: product_of(row.pk, row.sku, row.body, row.left, language) for row in self.products}

    @property
    def shopper(self) -> Shopper:
        """Who is shopping."""
        if self.user is None:
            return Shopper()
        row = self.user
        return Shopper(
            user=row.pk, email=row.email, phone=row.phone, first_name=row.first_name,
            last_name=row.last_name, segments=row.segments, orders=row.orders,
        )  # fmt: skip


class Body(Struct, omit_defaults=True):
    """What the row of a pre-order holds: answers and what is remembered of the world."""

    slots: dict[str, msgspec.Raw] = {}
    memory: Memory = msgspec.field(default_factory=Memory)
    version: int = 1
    """Of the digests; another one is digested anew without clearing anything."""


_BODY = msgspec.msgpack.Decoder(Body)
_ENCODE = msgspec.msgpack.Encoder()
_BASKET = msgspec.json.Decoder(BasketRow)
_ADDRESSES = msgspec.json.Decoder(list[AddressRow])
_PRODUCTS = msgspec.json.Decoder(tuple[ProductRow, ...])
_ATTEMPT = msgspec.json.Decoder(AttemptRow)
_ORDER = msgspec.json.Decoder(OrderRow)
_USER = msgspec.json.Decoder(UserRow)
_FLASH = msgspec.json.Decoder(dict[str, list[str]])

DIGESTS = 1


def encode_body(snapshot: PreOrder, memory: Memory) -> bytes:
    """Return the stored form of a pre-order."""
    slots = {name: msgspec.Raw(raw) for name, raw in snapshot.raw.items()}
    return _ENCODE.encode(Body(slots, memory, DIGESTS))


def decode_body(raw: bytes) -> tuple[dict[str, bytes], Memory]:
    """Read the stored form; digests of another version are dropped."""
    body = _BODY.decode(raw)
    memory = body.memory if body.version == DIGESTS else Memory(shown=body.memory.shown)
    return {name: bytes(value) for name, value in body.slots.items()}, memory


LINES = """
    (SELECT json_agg(json_build_object(
         'pk', l.pk, 'quantity', l.quantity, 'attributes', l.attributes,
         'product', p.pk, 'sku', p.sku, 'body', p.body,
         'left', s.quantity - s.allocated + coalesce((a.held ->> p.sku)::int, 0)
     ) ORDER BY l.pk)
     FROM basket_line l
     JOIN product p ON p.merchant = l.merchant AND p.pk = l.product_pk
     LEFT JOIN stock s ON s.merchant = p.merchant AND s.sku = p.sku
     WHERE l.merchant = b.merchant AND l.basket_pk = b.pk)
"""
"""The lines of basket ``b``; attempt ``a`` of the same session does not stand in its own way."""

BASKET = f"""
    json_build_object(
        'pk', b.pk, 'currency', b.currency, 'version', b.version,
        'created', b.created_at, 'modified', b.modified_at, 'lines', {LINES})::text
"""

LIVE = "('started', 'challenged', 'unknown', 'approved', 'pending', 'voiding')"

_COLUMNS = f"""
    p.id, p.revision, p.state, p.body, p.tries, p.post_order,
    s.id AS session, s.public_id, s.renew, s.flash::text AS flash,
    CASE WHEN b.pk IS NOT NULL THEN {BASKET} END AS basket,
    CASE WHEN u.pk IS NOT NULL THEN json_build_object(
        'pk', u.pk, 'email', u.email, 'phone', u.phone, 'first_name', u.first_name,
        'last_name', u.last_name, 'segments', u.segments, 'orders', u.orders)::text END AS usr,
    (SELECT json_agg(json_build_object('pk', d.pk, 'primary', d.is_primary, 'body', d.body)
                     ORDER BY d.is_primary DESC, d.modified_at DESC, d.pk)
     FROM (SELECT * FROM address o WHERE o.merchant = s.merchant AND o.user_pk = u.pk
           UNION ALL
           SELECT * FROM address g WHERE u.pk IS NULL AND g.merchant = s.merchant AND g.session_id = s.id
          ) d)::text AS addresses,
    CASE WHEN a.id IS NOT NULL THEN json_build_object(
        'id', a.id, 'state', a.state, 'page', a.page, 'order_number', a.order_number,
        'due', coalesce(a.due_at <= now(), false))::text END AS attempt,
    CASE WHEN p.post_order IS NOT NULL THEN (
        SELECT json_build_object('pk', x.pk, 'number', x.number, 'key', x.key,
                                 'age', extract(epoch FROM now() - p.updated_at))::text
        FROM "order" x WHERE x.merchant = p.merchant AND x.pk = p.post_order)
    WHEN o.pk IS NOT NULL THEN json_build_object(
        'pk', o.pk, 'number', o.number, 'key', o.key,
        'age', extract(epoch FROM now() - o.created_at))::text END AS placed,
    (SELECT json_agg(json_build_object(
         'pk', g.pk, 'sku', g.sku, 'body', g.body, 'left', gs.quantity - gs.allocated))
     FROM product g LEFT JOIN stock gs ON gs.merchant = g.merchant AND gs.sku = g.sku
     WHERE g.merchant = s.merchant AND g.sku = any(CAST(:skus AS text[])))::text AS products,
    now() AS now
"""

# What belongs to a user or else to a session is looked up for each of the two: an OR over both is read
# through everything the merchant has for as long as the planner does not know better, and a plan is kept.
_OWN_BASKET = """
    LEFT JOIN LATERAL (
        SELECT * FROM basket o WHERE o.merchant = s.merchant AND o.user_pk = u.pk
        UNION ALL
        SELECT * FROM basket g WHERE u.pk IS NULL AND g.merchant = s.merchant AND g.session_id = s.id
                                 AND g.user_pk IS NULL
    ) b ON true
"""

LOAD = Query(text(f"""
    SELECT {_COLUMNS}
    FROM (
        SELECT * FROM session WHERE merchant = :merchant AND public_id = :public_id
        UNION ALL
        SELECT * FROM session WHERE merchant = :merchant AND previous_id = :public_id
                                AND rotated_at > now() - interval '60 seconds'
    ) s
    LEFT JOIN "user" u ON u.merchant = s.merchant AND u.pk = s.user_pk
        AND (u.revoked_at IS NULL OR u.revoked_at <= s.signed_in_at)
    {_OWN_BASKET}
    LEFT JOIN preorder p ON p.merchant = s.merchant AND p.session_id = s.id AND p.state <> 'closed'
    LEFT JOIN payment_attempt a ON a.merchant = p.merchant AND a.preorder_id = p.id AND a.state IN {LIVE}
    LEFT JOIN "order" o ON o.merchant = p.merchant AND o.preorder_id = p.id
"""))  # fmt: skip

# Pages only: committed asynchronously, so never inside a transaction of somebody else.
_SAVE = """
    UPDATE preorder SET revision = :expected + 1, body = :body, updated_at = now()
    WHERE merchant = :merchant AND id = :id AND state = 'open' AND {seen}
    RETURNING revision, set_config('synchronous_commit', 'off', true)
"""
SAVE = Query(text(_SAVE.format(seen="revision = :expected")))
SAVE_AGAIN = Query(
    text(_SAVE.format(seen="(revision = :expected OR (revision = :expected + 1 AND body = :body))"))
)

# The same, telling plugins of slots that it emptied.
SAVE_TELLING = Query(text(f"""
    WITH saved AS ({_SAVE.format(seen="revision = :expected")}), told AS (
        INSERT INTO outbox (merchant, event_id, topic, consumer, payload)
        SELECT :merchant, o.event_id, o.topic, o.consumer, o.payload
        FROM saved, unnest(CAST(:event_ids AS uuid[]), CAST(:topics AS text[]),
                           CAST(:consumers AS text[]), CAST(:payloads AS bytea[]))
                    o(event_id, topic, consumer, payload)
    )
    SELECT revision FROM saved
"""))  # fmt: skip

# A new pre-order takes the place of the one whose order stands.
CREATE = Query(text("""
    WITH closed AS (
        UPDATE preorder SET state = 'closed', updated_at = now()
        WHERE merchant = :merchant AND session_id = :session AND state = 'placed'
        RETURNING id
    )
    INSERT INTO preorder (merchant, id, session_id, revision, body)
    SELECT :merchant, :id, :session, 1, :body FROM (SELECT count(*) FROM closed) gone
    ON CONFLICT DO NOTHING
    RETURNING revision, set_config('synchronous_commit', 'off', true)
"""))  # fmt: skip

RENEW = Query(text("""
    UPDATE session SET previous_id = public_id, public_id = :public_id, rotated_at = now(), renew = false
    WHERE merchant = :merchant AND id = :session AND renew
    RETURNING public_id
"""))  # fmt: skip

FLASH = Query(text("""
    UPDATE session SET flash = CAST(:flash AS jsonb) WHERE merchant = :merchant AND id = :session
"""))  # fmt: skip


class Told(Struct, frozen=True):
    """A row of the outbox."""

    event_id: UUID
    topic: str
    consumer: str
    payload: bytes


def columns(told: Sequence[Told]) -> dict[str, list[Any]]:
    """Return rows of the outbox as the arrays that statements unnest."""
    return {
        "event_ids": [row.event_id for row in told],
        "topics": [row.topic for row in told],
        "consumers": [row.consumer for row in told],
        "payloads": [row.payload for row in told],
    }


class Checkouts:
    """Loads and saves the checkouts of one merchant."""

    def __init__(self, lane: Lane, merchant: str) -> None:
        self._lane = lane
        self._merchant = merchant

    async def load(self, public_id: str, skus: Iterable[str] = ()) -> Loaded | None:
        """Load the checkout of a session, or None when there is no such session.

        :param skus: products to load beside those of the basket.
        """
        row = await self._lane.ask(LOAD, merchant=self._merchant, public_id=public_id, skus=list(skus))
        return None if row is None else self.read(row)

    def read(self, row: Any) -> Loaded:
        """Build a checkout from a row of ``LOAD`` or ``LOAD_RETURN``."""
        snapshot, memory = None, Memory()
        if row["id"] is not None:
            raw, memory = decode_body(row["body"])
            snapshot = PreOrder(
                str(row["id"]), self._merchant, row["revision"], raw=raw,
                post_order=row["post_order"] is not None,
            )  # fmt: skip
        return Loaded(
            session=row["session"],
            public_id=row["public_id"],
            renew=row["renew"],
            user=_USER.decode(row["usr"]) if row["usr"] else None,
            basket=_BASKET.decode(row["basket"]) if row["basket"] else None,
            addresses=tuple(map(_address, _ADDRESSES.decode(row["addresses"]))) if row["addresses"] else (),
            products=_PRODUCTS.decode(row["products"]) if row["products"] else (),
            preorder=snapshot,
            memory=memory,
            state=row["state"],
            tries=row["tries"] or 0,
            post_order=row["post_order"],
            attempt=_ATTEMPT.decode(row["attempt"]) if row["attempt"] else None,
            order=_ORDER.decode(row["placed"]) if row["placed"] else None,
            flash=_FLASH.decode(row["flash"]) if row["flash"] else None,
            now=row["now"],
        )

    async def save(self, snapshot: PreOrder, memory: Memory, told: Sequence[Told] = ()) -> bool:
        """Save a snapshot over the revision that it was loaded with; False when somebody else was faster.

        :param told: rows of the outbox that commit with it.
        """
        if told:
            row = await self._lane.ask(
                SAVE_TELLING, SAVE_AGAIN, merchant=self._merchant, id=snapshot.id,
                expected=snapshot.revision, body=encode_body(snapshot, memory), **columns(told),
            )  # fmt: skip
            return row is not None
        row = await self._lane.ask(
            SAVE, SAVE_AGAIN, merchant=self._merchant, id=snapshot.id, expected=snapshot.revision,
            body=encode_body(snapshot, memory),
        )  # fmt: skip
        return row is not None

    async def create(self, session: UUID, snapshot: PreOrder, memory: Memory) -> bool:
        """Save a new pre-order; False when the session has one already."""
        row = await self._lane.ask(
            CREATE, merchant=self._merchant, id=snapshot.id, session=session,
            body=encode_body(snapshot, memory),
        )  # fmt: skip
        return row is not None

    async def renew(self, session: UUID, public_id: str) -> bool:
        """Give a marked session a new public id; False when it was not marked any more."""
        row = await self._lane.ask(RENEW, merchant=self._merchant, session=session, public_id=public_id)
        return row is not None

    async def flash(self, session: UUID, errors: dict[str, list[str]] | None) -> None:
        """Keep errors to be shown once by the next page, or forget them."""
        text_form = msgspec.json.encode(errors).decode() if errors else None
        await self._lane.ask(FLASH, merchant=self._merchant, session=session, flash=text_form)


def new_public_id() -> str:
    """Return an id for a session's cookie that nobody can guess."""
    return token_urlsafe(24)


def fresh(merchant: str) -> PreOrder:
    """Begin a pre-order; nobody knows of it before it is saved."""
    return PreOrder(str(uuid4()), merchant)


def _address(row: AddressRow) -> Address:
    return msgspec.convert(row.body | {"pk": row.pk, "primary": row.primary}, Address)
