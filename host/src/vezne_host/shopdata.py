"""A shop's data as TOML: configuration, goods and users, read strictly with every problem named.

Records stand under the name of their kind, ``[[shipping_option]]``; beside them
``[[product]]``, ``[[user]]`` with ``[[user.addresses]]``, and ``currency``, which all
prices of the file are in. One shop may be written in several files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from vezne_core import (
    Address,
    City,
    Country,
    District,
    Money,
    Problem,
    Product,
    Record,
    Refused,
    Secret,
    Settings,
    Township,
)
from vezne_core.catalogue import RECORDS
from vezne_host.catalogue import Setting, Snapshot, faults, kind, row
from vezne_host.decoder import Check, Wrong, decode
from vezne_host.field import CurrencyCode

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Struct)


def _amount(number: Decimal) -> Decimal:
    if not number.is_finite() or number < 0:
        raise Wrong(f"{number} is no amount", "write a plain number that is not below zero")
    return number


def _percent(number: Decimal) -> Decimal:
    if not number.is_finite() or not 0 <= number <= 100:
        raise Wrong(f"{number} is no percentage", "write a number from 0 to 100")
    return number


Amount = Annotated[Decimal, Check(_amount)]
Percent = Annotated[Decimal, Check(_percent)]
Phone = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164, as it is kept."""


_PLACES: tuple[tuple[str, type[Record], str | None], ...] = (
    ("country", Country, None),
    ("city", City, "country"),
    ("township", Township, "city"),
    ("district", District, "township"),
)
"""Places of an address, each with the one around it."""


class AddressData(Address, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address of a user, with its key."""

    pk: int


class UserData(Settings, frozen=True, kw_only=True):
    """A shopper with an account."""

    pk: int
    email: Annotated[str, Meta(pattern=r"^[^@\sA-Z]+@[^@\sA-Z]+$")]
    password: Secret
    first_name: str = ""
    last_name: str = ""
    phone: Phone | None = None
    segments: tuple[str, ...] = ()
    addresses: tuple[AddressData, ...] = ()


class _ProductData(Settings, frozen=True, kw_only=True):
    pk: int
    sku: Annotated[str, Meta(min_length=1)]
    name: str
    price: Amount
    retail_price: Amount | None = None
    tax_rate: Percent
    weight: Amount
    category: str | None = None
    attributes: dict[str, Any] = {}
    data_source: int | None = None
    data_source_name: str | None = None
    product_type: str | None = None
    base_code: str | None = None
    image: str | None = None
    absolute_url: str | None = None
    stock: Annotated[int, Meta(ge=0)]

    def priced(self, currency: str) -> Product:
        values = msgspec.structs.asdict(self)
        values["price"] = Money.of(self.price, currency)
        values["retail_price"] = (
            Money.of(self.retail_price, currency) if self.retail_price is not None else None
        )
        return Product(**values)


class ShopData(Struct, frozen=True, kw_only=True):
    """Everything that a shop begins with."""

    records: tuple[Record, ...] = ()
    users: tuple[UserData, ...] = ()
    products: tuple[Product, ...] = ()
    """``stock`` is all there is of them."""

    def of(self, type: type[R]) -> tuple[R, ...]:
        """Return the records of a type, as written."""
        return tuple(record for record in self.records if isinstance(record, type))

    def rows(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield the rows of the configuration table."""
        return map(row, self.records)

    def snapshot(self, revision: int = 1, types: Iterable[type[Record]] = RECORDS) -> Snapshot:
        """Return the configuration as a merchant's runtime has it."""
        return Snapshot.from_rows(revision, self.rows(), types)


def load(*files: Path | Traversable, types: Iterable[type[Record]] = RECORDS) -> ShopData:
    """Read a shop from TOML files, which are taken together.

    :param types: the types of records that core and the enabled plugins know.
    :raises Refused: everything that is wrong with any of them, at once.
    """
    reader = _Reader(types)
    for file in files:
        reader.read(file)
    data = ShopData(records=tuple(reader.records), users=tuple(reader.users), products=tuple(reader.products))
    problems = [*reader.problems, *reader.checked(data)]
    if problems:
        raise Refused(problems)
    return data


class _Reader:
    """Takes the tables of several files together; remembers where each stood."""

    def __init__(self, types: Iterable[type[Record]]) -> None:
        self._types = {kind(type): type for type in types}
        self._types[kind(Setting)] = Setting
        self._broken: set[tuple[type[Record], int]] = set()
        self._seen: dict[tuple[str, Any], str] = {}
        self.problems: list[Problem] = []
        self.records: list[Record] = []
        self.users: list[UserData] = []
        self.products: list[Product] = []

    def read(self, file: Path | Traversable) -> None:
        try:
            tables = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
        except OSError as error:
            self.problems.append(Problem(str(file), error.strerror or "cannot be read"))
            return
        except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are
            self.problems.append(Problem(file.name, str(error), "write it in TOML and UTF-8"))
            return
        self._read(file.name, tables)

    def _read(self, place: str, tables: dict[str, Any]) -> None:
        currency = self._currency(place, tables.pop("currency", None), "product" in tables)
        known = {*self._types, "user", "product"}
        for name, several in tables.items():
            if name not in known:
                self._wrong(f"{place} {name}", "is no kind of record", f"known: {', '.join(sorted(known))}")
            elif not isinstance(several, list):
                self._wrong(f"{place} {name}", "is not a list of tables", f"write [[{name}]]")
            else:
                for at, table in enumerate(several):
                    self._take(name, table, _place(place, name, at, table), currency)

    def _currency(self, place: str, given: Any, needed: bool) -> str | None:
        if given is None and not needed:
            return None
        if given is None:
            self._wrong(f"{place} currency", "is missing", 'say what prices are in: currency = "TRY"')
            return None
        currency: str | None = self._decoded(CurrencyCode, given, f"{place} currency")
        return currency

    def _take(self, name: str, table: Any, place: str, currency: str | None) -> None:
        self._once(name, _pk(table), place)
        if name == "user":
            user = self._decoded(UserData, table, place)
            if user is not None:
                self._once("e-mail", user.email, place)
                for address in user.addresses:
                    self._once("address", address.pk, f"{place} address {address.pk}")
                self.users.append(user)
        elif name == "product":
            product = self._decoded(_ProductData, table, place)
            if product is not None:
                self._once("SKU", product.sku, place)
                if currency is not None:
                    self.products.append(product.priced(currency))
        else:
            type = self._types[name]
            record = self._decoded(type, table, place)
            if record is None:
                self._broken.add((type, _pk(table)))
            else:
                # as it will come back from the database: times and decimals inside rules are text there
                self.records.append(msgspec.json.decode(msgspec.json.encode(record), type=type))

    def checked(self, data: ShopData) -> Iterator[Problem]:
        """Find what is wrong between the records, and with the places of addresses."""
        snapshot = Snapshot(1, data.records)
        for fault in faults(snapshot, self._broken):
            place = self._seen[kind(type(fault.record)), fault.record.pk]
            yield Problem(f"{place}.{fault.field}", fault.fact, fault.remedy)
        for user in data.users:
            for address in user.addresses:
                yield from self._misplaced(address, snapshot, self._seen["address", address.pk])
        if not self.problems:
            yield from self._settings(data)

    def _misplaced(self, address: Address, snapshot: Snapshot, place: str) -> Iterator[Problem]:
        """Compare an address with the places: each must lie in the next larger one."""
        for field, type, around in _PLACES:
            pk = getattr(address, field)
            if (type, pk) in self._broken or (field == "district" and pk is None):
                continue
            found = snapshot.get(type, pk)
            if around is None and found is None:
                yield Problem(f"{place}.{field}", f"there is no {field} {pk}")
            elif around is not None:
                outer = getattr(address, around)
                if found is None or getattr(found, around) != outer:
                    yield Problem(f"{place}.{field}", f"there is no {field} {pk} in {around} {outer}")

    @staticmethod
    def _settings(data: ShopData) -> Iterator[Problem]:
        try:
            Snapshot.from_rows(1, (row(setting) for setting in data.of(Setting)))
        except Refused as refused:
            yield from refused.problems

    def _decoded(self, type: Any, value: Any, place: str) -> Any:
        found, wrong = decode(type, value, place, {})
        self.problems += wrong
        return found

    def _wrong(self, place: str, fact: str, remedy: str = "") -> None:
        self.problems.append(Problem(place, fact, remedy))

    def _once(self, what: str, key: Any, place: str) -> None:
        if key is None:
            return
        if (what, key) in self._seen:
            self._wrong(place, f"{what} {key} is also in {self._seen[what, key]}", "give each its own")
        self._seen.setdefault((what, key), place)


def _pk(table: Any) -> Any:
    pk = table.get("pk") if isinstance(table, Mapping) else None
    return pk if isinstance(pk, int) else None


def _place(file: str, name: str, at: int, table: Any) -> str:
    pk = _pk(table)
    return f"{file} {name}[{at}]" if pk is None else f"{file} {name} {pk}"
