"""Small journeys as data: where a shopper stands, what he or the world does, what he is shown then."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from .desk import Desk
from .heads import ALL, HEADS
from .shop import Shop

FOLDER = Path(__file__).with_name("journeys")


class Step(Struct, forbid_unknown_fields=True, kw_only=True):
    """One thing that happens, and what is true then."""

    # What happens: one of these.
    post: str | None = None
    get: str | None = None
    """A page; the empty text is a GET without one."""
    turn: dict[str, Any] = {}
    elsewhere: dict[str, Any] = {}
    leave: bool = False
    back: str | None = None
    """The page of a return address, which carries the token of the last attempt."""
    attempt: int = -1
    """Whose token it is."""
    again: bool = False
    """A pre-order is opened to pay the order again."""
    reach: str | None = None
    # How it is submitted.
    give: dict[str, Any] = {}
    none: bool = False
    refuse: bool = False
    clear: bool = False
    result: str | None = None
    # What is true then.
    lists: list[str] | None = None
    error: str | None = None
    """The field that an error is told about; none must be told otherwise."""
    says: str | None = None
    waits: str | None = None
    """The page that waits: the last of a GET that follows."""
    empty: list[str] = []
    filled: list[str] = []
    keeps: list[str] = []
    """Slots that hold what they held."""
    renews: list[str] = []
    """Slots that hold something else than before."""
    undisturbed: bool = False
    """Every slot holds what it held."""
    unchanged: bool = False
    """Nothing was saved."""
    shows: dict[str, Any] = {}
    values: dict[str, Any] = {}
    """Words that slots of plugins hold."""
    attempts: list[str] | None = None
    """The states of all attempts, first to last."""
    charged: int | None = None


class Journey(Step):
    """A shopper reaches a page; then things happen."""

    name: str = ""
    given: dict[str, Any] = {}
    choose: dict[str, Any] = {}
    """Answers on the way, where the first that is offered is not meant."""
    holds: dict[str, Any] = {}
    """Slots that other pages of their plugins have filled."""
    at: str | None = None
    """The page that waits when it begins."""
    then: list[Step] = []


def journeys(file: str) -> list[Journey]:
    """Read the journeys of a file: tables by their names."""
    tables = tomllib.loads(FOLDER.joinpath(f"{file}.toml").read_text("utf-8"))
    return [msgspec.convert(table | {"name": name}, Journey) for name, table in tables.items()]


def rows(file: str, type: type[Any], table: str = "rows") -> list[Any]:
    """Read the rows of a file."""
    read = tomllib.loads(FOLDER.joinpath(f"{file}.toml").read_text("utf-8"))
    return [msgspec.convert(row, type) for row in read[table]]


def table(file: str, name: str) -> Any:
    """Read one table of a file."""
    return tomllib.loads(FOLDER.joinpath(f"{file}.toml").read_text("utf-8"))[name]


NULL = "__null__"
"""In the place of null, which TOML does not have."""


class Way(Struct, forbid_unknown_fields=True, kw_only=True):
    """How a shopper comes to a page."""

    given: dict[str, Any] = {}
    choose: dict[str, Any] = {}
    holds: dict[str, Any] = {}
    results: dict[str, str] = {}


WAYS = msgspec.convert(
    tomllib.loads(FOLDER.joinpath("ways.toml").read_text("utf-8")), dict[str, Way]
)  # fmt: skip


def way(
    page: str, *, given: dict[str, Any] | None = None, choose: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return how a shopper comes to a page; what is given comes on top."""
    known = WAYS.get(page, Way())
    first = next(chain[0] for chain in HEADS.chains(HEADS.plugin_of[page]) if page in chain)
    head = HEADS.page[first]
    paid = {"PAYMENT_OPTION": head.serves} if head.junction == "PAYMENT" else {}
    return {
        "given": known.given | (given or {}),
        "choose": paid | known.choose | (choose or {}),
        "holds": known.holds,
        "results": known.results,
    }


async def arrive(
    at: str | None,
    *,
    given: dict[str, Any],
    choose: dict[str, Any],
    holds: dict[str, Any] | None = None,
    results: dict[str, str] | None = None,
) -> Desk:
    """Return the desk of a shopper for whom a page waits."""
    desk = Desk(msgspec.convert(given, Shop))
    await desk.get()
    if holds:
        desk.elsewhere(**holds)
    if at is not None:
        await desk.reach(at, choose=choose, **(results or {}))
    return desk


async def run(journey: Journey) -> None:
    """Walk a journey and hold it against what it says."""
    desk = await arrive(journey.at, given=journey.given, choose=journey.choose, holds=journey.holds)
    for step in (journey, *journey.then):
        await take(desk, step, journey.choose)


async def take(desk: Desk, step: Step, choose: dict[str, Any]) -> None:
    """Let one step happen, and hold it against what it says."""
    slots = desk.row.raw
    before, held = desk.row.body, {each: desk.value(each) for each in (*step.keeps, *step.renews)}
    token = desk.row.attempts[step.attempt].token if step.back else ""
    fields: dict[str, Any] = {"give": step.give}
    for flag in ("none", "refuse", "clear"):
        if getattr(step, flag):
            fields[flag] = True
    if step.turn:
        desk.turn(**{knob: None if to == NULL else to for knob, to in step.turn.items()})
    if step.elsewhere:
        desk.elsewhere(**step.elsewhere)
    if step.again:
        desk.pay_again()
    if step.leave:
        assert await desk.leave() is not None
    if step.reach is not None:
        await desk.reach(step.reach, choose=choose | step.give)
    asked = False
    if step.get is not None:
        asked = bool(await desk.get(step.get or None))
    if step.post is not None:
        asked = bool(await desk.post(step.post, result=step.result, **fields))
    if step.back is not None:
        asked = bool(await desk.come_back(step.back, token, result=step.result, **fields))
    if asked:
        holds(desk, step)
    if step.unchanged:
        assert desk.row.body == before
    if step.undisturbed:
        assert desk.row.raw == slots
    stands(desk, step)
    for constant, value in held.items():
        now = desk.value(constant)
        assert now is not None, constant
        assert (now == value) is (constant in step.keeps), constant
    if step.waits is not None:
        assert await desk.pending() == step.waits


def holds(desk: Desk, step: Step) -> None:
    """Hold an answer against a step."""
    if step.lists is not None:
        assert desk.pages == step.lists
    if step.error is None and step.says is None:
        assert desk.errors == {}
    if step.error is not None:
        assert list(desk.errors) == [step.error]
    if step.says is not None:
        assert step.says in [text for texts in desk.errors.values() for text in texts]
    for key, shown in step.shows.items():
        assert desk.shown[key] == (None if shown == NULL else shown), key


def stands(desk: Desk, step: Step) -> None:
    """Hold the row against a step, and against what is true of every row."""
    assert not desk.filled & set(step.empty)
    assert set(step.filled) <= desk.filled
    assert not any(ALL[constant].fact for constant in desk.filled)
    for constant, word in step.values.items():
        held = desk.value(constant)
        assert held is not None, constant
        assert getattr(held, "word", getattr(held, "pk", held)) == word, constant
    if step.attempts is not None:
        assert [attempt.state for attempt in desk.row.attempts] == step.attempts
    if step.charged is not None:
        assert desk.till.charged == step.charged
