"""What plugins register: collected in order, and every mistake tied to a plugin and a hook."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import Column, Integer, MetaData, Table, Text

from vezne_core import (
    Blocker,
    Chain,
    Event,
    Junction,
    Loader,
    Money,
    NoSettings,
    OfflineGateway,
    OrderPlaced,
    Page,
    Plugin,
    PreOrder,
    PreorderExpired,
    Refused,
    Role,
    RuleType,
    Slot,
    SlotsCleared,
    Source,
    Task,
    hookimpl,
)
from vezne_host.hooks import Collected, PluginFailed, collect

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = OrderPlaced(
    id="e", merchant="m", at=NOW, preorder="p", order=1, number="1", amount=Money.of(1, "TRY"), email="a@b"
)
EXPIRED = PreorderExpired(id="e", merchant="m", at=NOW, preorder="p")
CLEARED = SlotsCleared(id="e", merchant="m", at=NOW, preorder="p", slots=("one.slot",))


class Gate(OfflineGateway):
    name = "gate"


class Mode:
    serves = "SomePage"
    remote = False

    async def options(self, preorder: PreOrder) -> list[Any]:
        return []

    def check(self, preorder: PreOrder, world: Any, choice: Any) -> Any:
        return choice


class Step(Page[Any]):
    """A step."""

    junction = Junction.EXTRAS


def make(cls: type[Plugin[Any]]) -> Plugin[Any]:
    services: Any = None
    return cls(NoSettings(), services)


def run(**plugins: type[Plugin[Any]]) -> Collected:
    return collect({name: make(cls) for name, cls in plugins.items()})


def problems(**plugins: type[Plugin[Any]]) -> list[str]:
    with pytest.raises(Refused) as caught:
        run(**plugins)
    return [str(problem) for problem in caught.value.problems]


def returning(hook: str, value: Any) -> type[Plugin[Any]]:
    """A plugin whose hook returns something."""

    def implementation(self: Plugin[Any]) -> Any:
        return value

    return type("Returning", (Plugin,), {hook: hookimpl(implementation)})


# What is sound.


def test_everything_is_collected_with_its_plugin_in_the_order_of_plugins_toml() -> None:
    rule = RuleType(role=Role.SHIPPING, name="never", params=Struct, judge=lambda given, book: bool)
    task = Task("tidy", timedelta(hours=1), run=None)  # type: ignore[arg-type]
    slot = {name: Slot(f"{name}.slot", str) for name in ("zebra", "ape")}
    tables = MetaData()
    Table(
        "stripe", tables, Column("merchant", Text, primary_key=True), Column("pk", Integer, primary_key=True)
    )

    class Zebra(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_slots(self) -> list[Slot[Any]]:
            return [slot["zebra"]]

        @hookimpl
        def vezne_register_sources(self) -> tuple[Source[Any], ...]:
            return (Source(slot["zebra"], lambda preorder, world: None),)

        @hookimpl
        def vezne_register_chains(self) -> Iterator[Chain]:
            yield Chain(Step())
            yield Chain(Step(), Step())

        @hookimpl
        def vezne_register_delivery(self) -> list[Any]:
            return [Mode()]

        @hookimpl
        def vezne_register_tables(self) -> MetaData:
            return tables

    class Ape(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_slots(self) -> list[Slot[Any]]:
            return [slot["ape"]]

        @hookimpl
        def vezne_register_rules(self) -> list[RuleType]:
            return [rule]

        @hookimpl
        def vezne_register_gateways(self) -> set[Gate]:
            return {Gate()}

        @hookimpl
        def vezne_register_tasks(self) -> list[Task]:
            return [task]

        @hookimpl
        def vezne_register_tables(self) -> None:
            return None

    collected = run(zebra=Zebra, ape=Ape)

    assert collected.slots == (("zebra", slot["zebra"]), ("ape", slot["ape"]))
    assert [plugin for plugin, _ in collected.chains] == ["zebra", "zebra"]
    assert [len(chain.pages) for _, chain in collected.chains] == [1, 2]
    assert [(plugin, type(mode)) for plugin, mode in collected.delivery] == [("zebra", Mode)]
    assert [plugin for plugin, _ in collected.sources] == ["zebra"]
    assert collected.rules == (("ape", rule),)
    assert [(plugin, gate.name) for plugin, gate in collected.gateways] == [("ape", "gate")]
    assert collected.tasks == (("ape", task),)
    assert collected.tables == (("zebra", tables),)
    assert run(ape=Ape, zebra=Zebra).slots == (("ape", slot["ape"]), ("zebra", slot["zebra"]))


def test_a_plugin_without_hooks_brings_nothing() -> None:
    assert run(quiet=type("Quiet", (Plugin,), {})) == Collected()


def test_the_spine_brings_slots_without_prefix() -> None:
    slot = Slot("basket", str)

    assert run(spine=returning("vezne_register_slots", [slot])).slots == (("spine", slot),)


def test_two_merchants_share_nothing() -> None:
    class Own(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_gateways(self) -> list[Gate]:
            return [Gate()]

    [(_, first)], [(_, second)] = run(own=Own).gateways, run(own=Own).gateways
    assert first is not second


# What is wrong with a hook.


def test_a_misspelt_hook_is_refused() -> None:
    [told] = problems(p=returning("vezne_register_chain", []))

    assert told.startswith("plugin p, vezne_register_chain: is not a hook; hooks are vezne_add_blockers, ")


def test_a_hook_that_only_newer_hosts_know_may_be_optional() -> None:
    class Ahead(Plugin[NoSettings]):
        @hookimpl(optionalhook=True)
        def vezne_register_drones(self) -> list[Any]:
            raise AssertionError("nobody calls this")

    assert run(ahead=Ahead) == Collected()


def test_a_hook_without_its_mark_is_refused() -> None:
    class Unmarked(Plugin[NoSettings]):
        def vezne_register_chains(self) -> list[Chain]:
            return []

    assert problems(p=Unmarked) == [
        "plugin p, vezne_register_chains: is not marked as a hook; put @hookimpl above it"
    ]


def test_an_unknown_argument_is_refused() -> None:
    class Curious(Plugin[NoSettings]):
        @hookimpl
        def vezne_add_blockers(self, page: str, shopper: str) -> list[Blocker]:
            return []

    [told] = problems(p=Curious)
    assert told.startswith("plugin p: Plugin 'p' for hook 'vezne_add_blockers'")
    assert "Argument(s) {'shopper'}" in told


async def _async_list(self: Plugin[Any]) -> list[Any]:
    return []


async def _async_generator(self: Plugin[Any]) -> Any:
    yield 1


@pytest.mark.parametrize("function", [_async_list, _async_generator], ids=["coroutine", "generator"])
@pytest.mark.parametrize("hook", ["vezne_register_slots", "vezne_on_order_placed", "vezne_add_blockers"])
def test_an_async_hook_is_refused(hook: str, function: Any) -> None:
    plugin = type("Async", (Plugin,), {hook: hookimpl(_copy(function))})

    assert problems(p=plugin) == [f"plugin p, {hook}: is async; hooks are synchronous; write def"]


def _copy(function: Any) -> Any:
    return type(function)(function.__code__, function.__globals__, function.__name__)


def test_a_coroutine_behind_a_plain_function_is_refused_without_a_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plugin = type("Late", (Plugin,), {"vezne_register_slots": hookimpl(lambda self: _async_list(self))})
        assert problems(p=plugin) == [
            "plugin p, vezne_register_slots: returned something to be awaited; hooks are synchronous"
        ]
    assert not caught


def test_wrappers_and_places_of_their_own_are_refused() -> None:
    class Pushy(Plugin[NoSettings]):
        @hookimpl(wrapper=True)
        def vezne_register_slots(self) -> Iterator[None]:
            yield

        @hookimpl(tryfirst=True)
        def vezne_register_rules(self) -> list[Any]:
            return []

        @hookimpl(trylast=True)
        def vezne_on_order_placed(self) -> None: ...

    assert problems(p=Pushy) == [
        "plugin p, vezne_register_slots: is a wrapper; return objects of this plugin instead",
        "plugin p, vezne_register_rules: asks for a place of its own; order is that of plugins.toml",
        "plugin p, vezne_on_order_placed: asks for a place of its own; order is that of plugins.toml",
    ]


# What is wrong with what a hook returns.


@pytest.mark.parametrize(
    "error", [ValueError("no"), AssertionError("no"), SystemExit("no"), GeneratorExit("no")], ids=repr
)
@pytest.mark.parametrize("late", [False, True], ids=["at-once", "in-its-generator"])
def test_what_a_hook_raises_is_told_with_its_line(error: BaseException, late: bool) -> None:
    class Raising(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_slots(self) -> Any:
            if not late:
                raise error
            return self._slots()

        def _slots(self) -> Iterator[Slot[Any]]:
            yield Slot("p.one", str)
            raise error

    [told] = problems(p=Raising)
    name = type(error).__name__
    assert told.startswith(f"plugin p, vezne_register_slots: raised {name}: no ({__file__} line ")


def test_control_c_ends_the_start() -> None:
    class Interrupted(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_slots(self) -> list[Slot[Any]]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(p=Interrupted)


@pytest.mark.parametrize(
    ("hook", "value", "fact"),
    [
        ("vezne_register_slots", None, "returned nothing, not a list"),
        ("vezne_register_slots", Slot("p.a", str), "returned a Slot, not a list"),
        ("vezne_register_slots", "p.a", "returned a str, not a list"),
        ("vezne_register_slots", {"p.a": 1}, "returned a dict, not a list"),
        ("vezne_register_slots", ["p.a"], "returned a str, not a Slot"),
        ("vezne_register_slots", [None], "returned nothing, not a Slot"),
        ("vezne_register_gateways", [Gate], "returned the class Gate, not an object made of it"),
        ("vezne_register_gateways", [Mode()], "returned a Mode, not a Gateway"),
        ("vezne_register_chains", [Step()], "returned a Step, not a Chain"),
        (
            "vezne_register_chains",
            [Chain(Step)],  # type: ignore[arg-type]
            "returned a chain with the class Step, not a page made of it",
        ),
        ("vezne_register_chains", [Chain(5)], "returned a chain with an int for a page"),  # type: ignore[arg-type]
        (
            "vezne_register_delivery",
            [object()],
            "returned an object, which lacks check, options, remote, serves of a DeliveryMode",
        ),
        (
            "vezne_register_promotions",
            [5],
            "returned an int, which lacks adjust, offers, reads, stage of a Promotion",
        ),
        ("vezne_register_tables", ["table"], "returned a list, not sqlalchemy.MetaData"),
    ],
)  # fmt: skip
def test_a_wrong_return_is_described(hook: str, value: Any, fact: str) -> None:
    assert problems(p=returning(hook, value)) == [f"plugin p, {hook}: {fact}"]


def test_a_return_without_end_is_not_waited_for() -> None:
    class Endless(Plugin[NoSettings]):
        @hookimpl
        def vezne_register_tasks(self) -> Iterator[Task]:
            while True:
                yield Task("t", timedelta(1), run=None)  # type: ignore[arg-type]

    assert problems(p=Endless) == ["plugin p, vezne_register_tasks: returned more than 10000 objects"]


def test_a_gateway_needs_a_name() -> None:
    class Nameless(OfflineGateway):
        pass

    assert problems(p=returning("vezne_register_gateways", [Nameless()])) == [
        "plugin p, vezne_register_gateways: returned a test_a_gateway_needs_a_name.<locals>.Nameless, "
        "a gateway without a name"
    ]


def test_what_the_host_does_not_await_must_not_be_async() -> None:
    class Awaited(Mode):
        async def check(self, preorder: PreOrder, world: Any, choice: Any) -> Any:
            return choice

    class Fixed(Mode):
        options = ()  # type: ignore[assignment]

    told = problems(p=returning("vezne_register_delivery", [Awaited(), Fixed()]))
    assert told[0].endswith("Awaited, whose check must not be async")
    assert told[1].endswith("Fixed, whose options is not a method")


def test_a_property_that_raises_is_told() -> None:
    class Moody(Mode):
        @property
        def serves(self) -> str:  # type: ignore[override]
            raise RuntimeError("not today")

    [told] = problems(p=returning("vezne_register_delivery", [Moody()]))
    assert f"Moody, which raised RuntimeError: not today ({__file__} line " in told


def test_tables_are_split_by_merchant() -> None:
    tables = MetaData()
    Table("a", tables, Column("pk", Integer, primary_key=True), Column("merchant", Text, primary_key=True))
    Table("b", tables, Column("merchant", Text))

    assert problems(p=returning("vezne_register_tables", tables)) == [
        "plugin p, vezne_register_tables: the primary key of table a does not begin with merchant",
        "plugin p, vezne_register_tables: the primary key of table b does not begin with merchant",
    ]


@pytest.mark.parametrize("name", ["slot", "other.slot", "pp.slot", "p"])
def test_a_slot_is_named_after_its_plugin(name: str) -> None:
    [told] = problems(p=returning("vezne_register_slots", [Slot(name, str)]))

    wanted = f"p.{name.split('.')[-1]}"
    assert told == (
        f"plugin p, vezne_register_slots: slot {name} is not named after the plugin; name it {wanted}"
    )


async def stored(session: Any, rows: Any) -> int:
    return len(rows)


def test_what_is_brought_twice_names_both_plugins() -> None:
    rule = RuleType(role=Role.SHIPPING, name="never", params=Struct, judge=lambda given, book: bool)
    one = {
        "vezne_register_gateways": [Gate()],
        "vezne_register_delivery": [Mode()],
        "vezne_register_rules": [rule],
        "vezne_register_loaders": [Loader("ticket", Struct, stored)],
    }

    def both() -> type[Plugin[Any]]:
        hooks = {hook: getattr(returning(hook, value), hook) for hook, value in one.items()}
        return type("Both", (Plugin,), hooks)

    assert problems(one=both(), two=both()) == [
        "plugin two: delivery for page SomePage is also brought by one; disable one of the two plugins",
        "plugin two: rule shipping rule never is also brought by one; disable one of the two plugins",
        "plugin two: gateway gate is also brought by one; disable one of the two plugins",
        "plugin two: loader ticket is also brought by one; disable one of the two plugins",
    ]
    assert problems(p=returning("vezne_register_gateways", [Gate(), Gate()])) == [
        "plugin p: gateway gate is also brought by p; bring it once"
    ]


def test_every_problem_of_every_plugin_is_told_at_once() -> None:
    told = problems(
        good=returning("vezne_register_gateways", [Gate()]),
        bad=returning("vezne_register_slots", [5, Slot("x", str)]),
        worse=returning("vezne_register_chain", []),
        worst=returning("vezne_register_tasks", None),
    )
    assert [text.partition(":")[0] for text in told] == [
        "plugin worse, vezne_register_chain",
        "plugin bad, vezne_register_slots",
        "plugin worst, vezne_register_tasks",
        "plugin bad, vezne_register_slots",
    ]


# What is called later.


class Gatekeeper(Plugin[NoSettings]):
    @hookimpl
    def vezne_add_blockers(self, page: str) -> list[Blocker] | None:
        return [Blocker("Please wait.", Junction.EXTRAS)] if page == "StepPage" else None


class Sequenced(Plugin[NoSettings]):
    @hookimpl
    def vezne_add_blockers(self, preorder: PreOrder, page: str) -> Iterator[Blocker]:
        yield Blocker(f"{page} {preorder.id}", Junction.DONE)


def test_blockers_of_all_plugins_come_in_the_order_of_plugins_toml() -> None:
    collected = run(first=Gatekeeper, second=Sequenced)

    assert collected.has_blockers
    assert collected.blockers("StepPage", PreOrder.of()) == (
        Blocker("Please wait.", Junction.EXTRAS),
        Blocker("StepPage preorder", Junction.DONE),
    )
    assert collected.blockers("Other", PreOrder.of()) == (Blocker("Other preorder", Junction.DONE),)


def test_without_blockers_nobody_is_asked() -> None:
    assert not Collected().has_blockers
    assert Collected().blockers("StepPage", PreOrder.of()) == ()


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (5, "returned an int, not a list"),
        ("Please wait.", "returned a str, not a list"),
        (["Please wait."], "returned a str among its blockers"),
        (ZeroDivisionError("x"), "raised ZeroDivisionError: x"),
        (SystemExit(1), "raised SystemExit: 1"),
    ],
    ids=repr,
)
def test_a_blocker_hook_that_goes_wrong_names_its_plugin(answer: Any, fact: str) -> None:
    class Wrong(Plugin[NoSettings]):
        @hookimpl
        def vezne_add_blockers(self) -> Any:
            if isinstance(answer, BaseException):
                raise answer
            return answer

    collected = run(fine=Gatekeeper, wrong=Wrong)

    with pytest.raises(PluginFailed) as caught:
        collected.blockers("StepPage", PreOrder.of())
    assert (caught.value.plugin, caught.value.hook) == ("wrong", "vezne_add_blockers")
    assert str(caught.value).startswith(f"plugin wrong, vezne_add_blockers: {fact}")


def test_an_event_reaches_one_listener_at_a_time() -> None:
    heard: list[tuple[str, Event]] = []

    def listener(name: str) -> type[Plugin[Any]]:
        class Listener(Plugin[NoSettings]):
            @hookimpl
            def vezne_on_order_placed(self, event: OrderPlaced) -> None:
                heard.append((name, event))

            @hookimpl
            def vezne_on_slots_cleared(self, event: SlotsCleared) -> None:
                heard.append((name, event))

        return Listener

    class Broken(Plugin[NoSettings]):
        @hookimpl
        def vezne_on_order_placed(self, event: OrderPlaced) -> None:
            raise OSError("no network")

        @hookimpl
        def vezne_on_preorder_expired(self) -> None:
            heard.append(("broken", EXPIRED))

    collected = run(one=listener("one"), broken=Broken, two=listener("two"), deaf=type("Deaf", (Plugin,), {}))

    assert collected.listeners(OrderPlaced) == ("one", "broken", "two")
    assert collected.listeners(SlotsCleared) == ("one", "two")
    assert collected.listeners(PreorderExpired) == ("broken",)
    with pytest.raises(
        PluginFailed, match="plugin broken, vezne_on_order_placed: raised OSError: no network"
    ):
        collected.on_order_placed("broken", ORDER)
    collected.on_order_placed("two", ORDER)
    collected.on_slots_cleared("one", CLEARED)
    collected.on_preorder_expired("broken", EXPIRED)
    collected.on_order_placed("deaf", ORDER)
    assert heard == [("two", ORDER), ("one", CLEARED), ("broken", EXPIRED)]
