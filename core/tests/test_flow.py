"""What the start refuses of a merchant's pages: every rule by name, each with plugin, place and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vezne_core import (
    CONTACT,
    DELIVERY_OPTION,
    DESTINATION,
    DUE,
    ORDER,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    SHIPPING,
    Chain,
    Flow,
    Junction,
    Page,
    PreOrder,
    Refused,
    Slot,
    SlotGraph,
    Source,
)
from vezne_core.standard import PROMISES, SLOTS

LOCKER = Slot("lockers.locker", str)
CHALLENGE = Slot("pay.challenge", str)


def page(name: str, **head: Any) -> Page[Any]:
    """Make a page of a name with this head."""
    made: Page[Any] = type(name, (Page,), head)()
    return made


def always(self: Page[Any], preorder: PreOrder) -> bool:
    return True


def shop() -> dict[str, list[Chain]]:
    """The chains of a whole small shop, by plugin."""
    return {
        "spine": [
            Chain(page("IndexPage", junction=Junction.IDENTITY, fills=(CONTACT,))),
            Chain(
                page("ModePage", junction=Junction.DELIVERY_MODE, serves="ModePage", needs=(CONTACT,),
                     fills=(DELIVERY_OPTION,))
            ),
            Chain(
                page("MethodPage", junction=Junction.PAYMENT_METHOD, needs=(SHIPPING,),
                     fills=(PAYMENT_OPTION,))
            ),
            Chain(page("DonePage", junction=Junction.DONE, needs=(ORDER,), done=always)),
            Chain(page("NotePage", independent=True)),
        ],
        "home": [
            Chain(
                page("HomePage", junction=Junction.DELIVERY_TARGET, serves="customer",
                     needs=(CONTACT, DELIVERY_OPTION), fills=PROMISES[Junction.DELIVERY_TARGET])
            )
        ],
        "standard": [
            Chain(
                page("ShipPage", junction=Junction.SHIPPING, serves="ShipPage", needs=(DESTINATION,),
                     fills=(SHIPPING,))
            )
        ],
        "pay": [
            Chain(
                page("BeginPage", junction=Junction.PAYMENT, serves="card", needs=(PAYMENT_OPTION,),
                     pays=True, challenge=CHALLENGE),
                page("BankPage", needs=(CHALLENGE, ORDER_NUMBER), pays=True, returns=True),
            )
        ],
    }  # fmt: skip


def graph() -> SlotGraph:
    """Core's slots and two of plugins, every fact with a source."""
    sources: list[Source[Any]] = [Source(each, lambda preorder, world: None) for each in SLOTS if each.fact]
    return SlotGraph([*SLOTS, LOCKER, CHALLENGE], sources)


GRAPH = graph()


def assemble(plugins: dict[str, list[Chain]]) -> Flow:
    return Flow([(plugin, chain) for plugin, chains in plugins.items() for chain in chains], GRAPH)


def refused(plugins: dict[str, list[Chain]]) -> list[str]:
    with pytest.raises(Refused) as caught:
        assemble(plugins)
    return [str(problem) for problem in caught.value.problems]


def with_chain(*pages: Page[Any]) -> dict[str, list[Chain]]:
    """The shop with one more chain, of plugin ``more``."""
    return shop() | {"more": [Chain(*pages)]}


def replaced(plugin: str, *pages: Page[Any]) -> dict[str, list[Chain]]:
    """The shop with the chains of one plugin replaced by one."""
    return shop() | {plugin: [Chain(*pages)]}


def without(plugin: str) -> dict[str, list[Chain]]:
    return {name: chains for name, chains in shop().items() if name != plugin}


def test_whole_shop_starts() -> None:
    flow = assemble(shop())

    assert set(flow.pages) == {
        "IndexPage", "ModePage", "MethodPage", "DonePage", "NotePage", "HomePage", "ShipPage", "BeginPage",
        "BankPage",
    }  # fmt: skip
    assert flow.chain_of["BankPage"].plugin == "pay"
    assert flow.serving(Junction.PAYMENT, "card") is flow.chain_of["BeginPage"]
    assert flow.serving(Junction.PAYMENT, "cash") is None


@pytest.mark.parametrize(
    ("plugins", "told"),
    [
        pytest.param(
            with_chain(page("NotePage", independent=True)),
            "plugin more: page NotePage is also a page of spine; disable one of the two plugins",
            id="two pages of one name",
        ),
        pytest.param(
            with_chain(page("MorePage", independent=True, aliases=("NotePage",))),
            "plugin more: page NotePage is also a page of spine; disable one of the two plugins",
            id="an alias that is a page",
        ),
        pytest.param(
            with_chain(page("OnePage", independent=True, aliases=("OldPage",)),
                       page("TwoPage", independent=True, aliases=("OldPage",))),
            "plugin more: page OldPage is also a page of more; disable one of the two plugins",
            id="one alias twice",
        ),
        pytest.param(
            with_chain(page("FirstPage", junction=Junction.EXTRAS, fills=(LOCKER,)),
                       page("SecondPage", junction=Junction.EXTRAS, fills=(LOCKER,))),
            "plugin more: SecondPage names a junction but follows FirstPage; "
            "name it on the first page of the chain only",
            id="a junction on a later page",
        ),
        pytest.param(
            with_chain(page("FirstPage", junction=Junction.EXTRAS, fills=(LOCKER,)),
                       page("SecondPage", serves="x", fills=(LOCKER,))),
            "plugin more: SecondPage names a junction but follows FirstPage; "
            "name it on the first page of the chain only",
            id="a key on a later page",
        ),
        pytest.param(
            with_chain(page("FirstPage", junction=Junction.EXTRAS, fills=(LOCKER,)),
                       page("SecondPage", independent=True)),
            "plugin more: Chain(FirstPage, SecondPage) is half independent; split it into two chains",
            id="a chain half independent",
        ),
        pytest.param(
            with_chain(page("MorePage", fills=(LOCKER,))),
            "plugin more: MorePage has no junction and is not independent; "
            "give it a junction, or make it independent",
            id="a page nobody can reach",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.PAYMENT, needs=(PAYMENT_OPTION,), pays=True)),
            "plugin more: MorePage does not say what it serves at payment; set `serves`",
            id="a keyed chain without serves",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.PAYMENT, serves="cash", fills=(LOCKER,))),
            "plugin more: no page of Chain(MorePage) pays; set `pays` on the last one",
            id="a paying chain in which nobody pays",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.EXTRAS)),
            "plugin more: MorePage fills nothing, does not pay and does not say when it is done; "
            "declare `fills` or override `done`",
            id="a page that is never done",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.PAYMENT, serves="card", pays=True)),
            "plugin more: serves card at payment, as pay does; disable one of the two plugins",
            id="two chains for one key",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.PAYMENT_METHOD, fills=(PAYMENT_OPTION,))),
            "plugin more: serves everything at payment_method, as spine does; disable one of the two plugins",
            id="two chains where there is no key",
        ),
        pytest.param(
            replaced("home", page("HomePage", junction=Junction.DELIVERY_TARGET, serves="customer",
                                  fills=(DESTINATION,))),
            "plugin home: Chain(HomePage) does not fill billing_address, "
            "which delivery_target owes to the pages behind it",
            id="a promise kept in part",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.DELIVERY_TARGET, serves="locker", fills=(LOCKER,))),
            "plugin more: Chain(MorePage) does not fill billing_address, destination, "
            "which delivery_target owes to the pages behind it",
            id="a promise that an alternative does not keep",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.EXTRAS, needs=(PAYMENT_OPTION,), fills=(LOCKER,))),
            "plugin more: MorePage needs payment_option, which nobody before it fills; "
            "enable a plugin that fills it, or move the page",
            id="a need that is only filled later",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.EXTRAS, needs=(LOCKER,), done=always)),
            "plugin more: MorePage needs lockers.locker, which nobody before it fills; "
            "enable a plugin that fills it, or move the page",
            id="a need that nobody fills",
        ),
        pytest.param(
            with_chain(page("MorePage", junction=Junction.PAYMENT, serves="cash", needs=(CHALLENGE,),
                            pays=True)),
            "plugin more: MorePage needs pay.challenge, which nobody before it fills; "
            "enable a plugin that fills it, or move the page",
            id="a need that only an alternative fills",
        ),
        pytest.param(
            with_chain(page("MorePage", independent=True, needs=(LOCKER,))),
            "plugin more: MorePage needs lockers.locker, which nobody before it fills; "
            "enable a plugin that fills it, or move the page",
            id="a need of an independent page that nobody fills",
        ),
        pytest.param(
            with_chain(page("MorePage", independent=True, fills=(Slot("gone.slot", str),))),
            "plugin more: MorePage uses slot gone.slot, which nobody registers; "
            "return it from vezne_register_slots",
            id="a slot that is not registered",
        ),
        pytest.param(
            with_chain(page("MorePage", independent=True, resets=(DUE,))),
            "plugin more: MorePage would change due, which is a fact; let its source read it",
            id="a fact that a page would change",
        ),
        pytest.param(
            without("home"),
            "junction delivery_target: no enabled plugin serves it, so nobody fills destination, "
            "billing_address; enable a plugin that does",
            id="nobody at a junction that owes something",
        ),
        pytest.param(
            without("pay"),
            "junction payment: no enabled plugin takes a payment; enable a payment plugin",
            id="nobody who takes a payment",
        ),
        pytest.param(
            shop() | {"spine": [
                Chain(page("IndexPage", junction=Junction.IDENTITY, fills=(LOCKER,))), *shop()["spine"][1:],
            ]},
            "junction identity: its pages do not fill contact",
            id="a series that keeps no promise together",
        ),
    ],
)  # fmt: skip
def test_start_refuses(plugins: dict[str, list[Chain]], told: str) -> None:
    assert told in refused(plugins)


def test_every_problem_is_told_at_once() -> None:
    problems = refused(
        without("home")
        | {
            "one": [Chain(page("NotePage", independent=True))],
            "two": [Chain(page("LostPage", fills=(LOCKER,)))],
        }
    )

    assert len(problems) == 3
    assert all(":" in problem and ";" in problem for problem in problems)


def test_chain_has_at_least_one_page() -> None:
    with pytest.raises(TypeError):
        Chain()  # type: ignore[call-arg]


# What the start accepts.


def test_promise_of_a_series_is_kept_together() -> None:
    plugins = shop()
    plugins["first"] = [Chain(page("HelloPage", junction=Junction.IDENTITY, fills=(LOCKER,)))]

    assert "HelloPage" in assemble(plugins).pages


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(
            (page("MorePage", junction=Junction.EXTRAS, needs=(SHIPPING, DUE), fills=(LOCKER,)),),
            id="what earlier junctions promise, and facts",
        ),
        pytest.param(
            (page("FirstPage", junction=Junction.EXTRAS, fills=(LOCKER,)),
             page("SecondPage", needs=(LOCKER,), done=always)),
            id="what the chain fills itself",
        ),
        pytest.param(
            (page("FirstPage", junction=Junction.PAYMENT, serves="cash", needs=(PAYMENT_OPTION,), pays=True,
                  challenge=CHALLENGE),
             page("SecondPage", needs=(CHALLENGE, ORDER_NUMBER), pays=True)),
            id="what the runner fills for a paying page",
        ),
        pytest.param(
            (page("FirstPage", independent=True, needs=(SHIPPING,), fills=(LOCKER,)),
             page("SecondPage", independent=True, needs=(LOCKER, ORDER_NUMBER))),
            id="what anybody fills, for an independent page",
        ),
        pytest.param(
            (page("MorePage", junction=Junction.EXTRAS, independent=True),),
            id="an independent page at a junction",
        ),
    ],
)  # fmt: skip
def test_start_accepts_needs_that_are_met_before(pages: tuple[Page[Any], ...]) -> None:
    assert pages[0].name in assemble(with_chain(*pages)).pages


def test_page_may_need_what_an_independent_page_fills_at_any_time() -> None:
    plugins = with_chain(page("MorePage", junction=Junction.EXTRAS, needs=(LOCKER,), done=always))
    plugins["any"] = [Chain(page("AnyPage", independent=True, fills=(LOCKER,)))]

    assert "MorePage" in assemble(plugins).pages


def test_pages_are_found_by_name_and_by_alias() -> None:
    flow = assemble(with_chain(page("MorePage", independent=True, aliases=("OldPage", "OlderPage"))))

    assert flow.pages["OldPage"] is flow.pages["OlderPage"] is flow.pages["MorePage"]


@given(st.permutations(sorted(shop())))
def test_order_of_plugins_is_all_the_same_to_the_start(order: list[str]) -> None:
    plugins = shop()
    flow = assemble({name: plugins[name] for name in order})

    walked = [page.name for page in (station.page for station in flow.walk(PreOrder("id", "m")).stations)]
    assert walked == ["IndexPage"]


@given(st.permutations(sorted(shop())))
def test_order_of_plugins_is_all_the_same_to_what_is_refused(order: list[str]) -> None:
    plugins = without("home")

    problems = refused({name: plugins[name] for name in order if name in plugins})

    assert sorted(problems) == sorted(refused(plugins))


def test_order_of_plugins_is_the_order_inside_a_series() -> None:
    one = [Chain(page("OnePage", junction=Junction.EXTRAS, fills=(LOCKER,)))]
    two = [Chain(page("TwoPage", junction=Junction.EXTRAS, fills=(LOCKER,)))]

    def extras(plugins: dict[str, list[Chain]]) -> list[str]:
        return [chain.pages[0].name for chain in assemble(plugins).at(Junction.EXTRAS)]

    assert extras(shop() | {"one": one, "two": two}) == ["OnePage", "TwoPage"]
    assert extras(shop() | {"two": two, "one": one}) == ["TwoPage", "OnePage"]
