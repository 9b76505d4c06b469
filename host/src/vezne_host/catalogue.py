"""A merchant's configuration tables in memory: one immutable snapshot per revision."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Struct

from vezne_core import (
    Bank,
    BankAccount,
    Bin,
    Card,
    CheckoutSettings,
    City,
    Country,
    District,
    Installment,
    Problem,
    Record,
    Refused,
    Township,
)
from vezne_core.catalogue import RECORDS
from vezne_host.decoder import decode

R = TypeVar("R", bound=Record)

Row = tuple[str, int, bytes | str]
"""Kind, pk and JSON body of a record, as the configuration table holds them."""

STATIC = frozenset({"USER_PHONE_REGEX"})
"""Settings of the platform, not of a sales channel: they cannot be overridden by a row."""

REFERENCES: tuple[tuple[type[Record], str, type[Record]], ...] = (
    (City, "country", Country),
    (Township, "city", City),
    (District, "city", City),
    (District, "township", Township),
    (BankAccount, "bank", Bank),
    (Card, "bank", Bank),
    (Bin, "card", Card),
    (Installment, "card", Card),
)
"""Fields that hold the pk of another record."""


class Setting(Record, frozen=True, kw_only=True):
    """A setting of the contract that takes the place of the one in plugins.toml."""

    name: str
    value: Any


def kind(type: type[Record]) -> str:
    """Return the name under which records of a type are kept: ``shipping_option``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type.__name__).lower()


def row(record: Record) -> tuple[str, int, bytes]:
    """Return the kept form of a record."""
    return kind(type(record)), record.pk, msgspec.json.encode(record)


class Snapshot:
    """The records of one merchant as of one revision; never changes."""

    __slots__ = ("_by_pk", "_overrides", "_revision", "_sorted", "unread")

    def __init__(
        self,
        revision: int,
        records: Iterable[Record] = (),
        *,
        overrides: Mapping[str, Any] | None = None,
        unread: frozenset[str] = frozenset(),
    ) -> None:
        grouped: dict[type[Record], list[Record]] = {}
        for record in records:
            grouped.setdefault(type(record), []).append(record)
        self._revision = revision
        self._sorted = {type: tuple(sorted(several, key=_place)) for type, several in grouped.items()}
        self._by_pk = {type: {record.pk: record for record in several} for type, several in grouped.items()}
        self._overrides = dict(overrides or {})
        self.unread = unread
        """Kinds of rows that no enabled plugin knows; they are left as they are."""

    @classmethod
    def from_rows(
        cls, revision: int, rows: Iterable[Row], types: Iterable[type[Record]] = RECORDS
    ) -> Snapshot:
        """Read the configuration table.

        :param types: the types of records that core and the enabled plugins know.
        :raises Refused: everything that is wrong with the rows, at once.
        """
        known = {kind(type): type for type in types}
        known[kind(Setting)] = Setting
        problems: list[Problem] = []
        records: list[Record] = []
        settings: list[Setting] = []
        broken: set[tuple[type[Record], int]] = set()
        unread: set[str] = set()
        for name, pk, body in rows:
            if name not in known:
                unread.add(name)
                continue
            record = _read(known[name], pk, body, problems)
            if record is None:
                broken.add((known[name], pk))
            elif isinstance(record, Setting):
                settings.append(record)
            else:
                records.append(record)
        overrides = _overrides(settings, problems)
        snapshot = cls(revision, records, overrides=overrides, unread=frozenset(unread))
        for fault in faults(snapshot, broken):
            place = f"configuration {_at(fault.record)}.{fault.field}"
            problems.append(Problem(place, fault.fact, fault.remedy))
        if problems:
            raise Refused(problems)
        return snapshot

    @property
    def revision(self) -> int:
        """Number that changes with every change of the configuration."""
        return self._revision

    @property
    def types(self) -> Iterable[type[Record]]:
        """The types there are records of."""
        return self._sorted.keys()

    def all(self, type: type[R]) -> tuple[R, ...]:
        """Return all records of a type, by ``sort_order`` where they have one, then pk."""
        return self._sorted.get(type, ())  # type: ignore[return-value]

    def get(self, type: type[R], pk: int | None) -> R | None:
        """Return one record, or None."""
        return self._by_pk.get(type, {}).get(pk)  # type: ignore[return-value, arg-type]

    def settings(self, written: CheckoutSettings) -> CheckoutSettings:
        """Return the settings of plugins.toml with what the rows put in their place."""
        return msgspec.structs.replace(written, **self._overrides) if self._overrides else written


class Fault(Struct, frozen=True):
    """What is wrong with a record in view of the others; its reader says where it stands."""

    record: Record
    field: str
    fact: str
    remedy: str = ""


def faults(snapshot: Snapshot, broken: Container[tuple[type[Record], int]] = ()) -> Iterator[Fault]:
    """Find records that point nowhere, translate nothing or stand in each other's way.

    :param broken: records that are there but could not be read; pointing at one is no fault.
    """
    for type, field, target in REFERENCES:
        for record in snapshot.all(type):
            pk = getattr(record, field)
            if snapshot.get(target, pk) is None and (target, pk) not in broken:
                yield Fault(record, field, f"there is no {kind(target)} {pk}")
    for district in snapshot.all(District):
        township = snapshot.get(Township, district.township)
        if township is not None and township.city != district.city:
            yield Fault(
                district, "city", f"is {district.city}, but its township lies in city {township.city}"
            )
    numbers: dict[str, Bin] = {}
    for each in snapshot.all(Bin):
        if each.number in numbers:
            yield Fault(each, "number", f"{each.number} is also that of bin {numbers[each.number].pk}")
        numbers.setdefault(each.number, each)
    for type in snapshot.types:
        for record in snapshot.all(type):
            for language, translated in record.translations.items():
                for field in sorted(translated.keys() - _texts(type)):
                    place = f"translations.{language}.{field}"
                    yield Fault(record, place, "is no text of this record", _known(type))


def _known(type: type[Record]) -> str:
    return f"texts are {', '.join(sorted(_texts(type)))}"


def _read(type: type[Record], pk: int, body: bytes | str, problems: list[Problem]) -> Record | None:
    place = f"configuration {kind(type)} {pk}"
    try:
        record: Record = _decoder(type).decode(body)
    except msgspec.ValidationError as error:
        _, wrong = decode(type, msgspec.json.decode(body), place, {})
        problems += wrong or [Problem(place, str(error))]
        return None
    except msgspec.DecodeError as error:
        problems.append(Problem(place, f"is not JSON: {error}"))
        return None
    if record.pk != pk:
        problems.append(Problem(f"{place}.pk", f"is {record.pk} in the body"))
        return None
    return record


def _overrides(settings: Iterable[Setting], problems: list[Problem]) -> dict[str, Any]:
    fields = get_type_hints(CheckoutSettings, include_extras=True)
    found: dict[str, Any] = {}
    for setting in settings:
        place = f"configuration {_at(setting)} {setting.name}"
        if setting.name not in fields or setting.name in STATIC:
            problems.append(Problem(place, "is no setting that can be changed at run time"))
        elif setting.name in found:
            problems.append(Problem(place, "is set twice", "keep one of the rows"))
        else:
            found[setting.name], wrong = decode(fields[setting.name], setting.value, place, {})
            problems += wrong
    return found


def _place(record: Record) -> tuple[int, int]:
    return getattr(record, "sort_order", 0), record.pk


def _at(record: Record) -> str:
    return f"{kind(type(record))} {record.pk}"


@cache
def _decoder(type: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(type)


@cache
def _texts(type: type[Record]) -> frozenset[str]:
    """Return the fields of a record that hold a text."""
    hints = get_type_hints(type)
    return frozenset(name for name, hint in hints.items() if hint in (str, str | None))
