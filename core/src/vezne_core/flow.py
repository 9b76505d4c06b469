"""The map of a merchant's checkout: chains at junctions, checked at start, walked per request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vezne_core.errors import Missing, Problem, Refused
from vezne_core.junctions import Junction
from vezne_core.page import Page
from vezne_core.preorder import PreOrder
from vezne_core.slots import Slot, SlotGraph
from vezne_core.standard import KEYS, ORDER, ORDER_NUMBER, PROMISES


class Chain:
    """Pages of one plugin, in order. Only the first names a junction."""

    __slots__ = ("pages", "plugin")

    def __init__(self, first: Page[Any], *others: Page[Any]) -> None:
        self.pages = (first, *others)
        self.plugin = ""

    @property
    def junction(self) -> Junction | None:
        """Where the chain enters the flow."""
        return self.pages[0].junction

    @property
    def serves(self) -> str | None:
        """The value of the junction's key that it serves."""
        return self.pages[0].serves

    @property
    def independent(self) -> bool:
        """Submitted at any time; never on the walk."""
        return self.pages[0].independent

    def __repr__(self) -> str:
        return f"Chain({', '.join(page.name for page in self.pages)})"


class Station:
    """A page on the walk, with the chain it stands in."""

    __slots__ = ("chain", "done", "page")

    def __init__(self, page: Page[Any], chain: Chain, done: bool) -> None:
        self.page = page
        self.chain = chain
        self.done = done


class Walk:
    """The path of one shopper: done pages and, last, the one that waits."""

    __slots__ = ("passed", "stations")

    def __init__(self, stations: list[Station], passed: list[Chain]) -> None:
        self.stations = stations
        self.passed = passed
        """Independent chains whose junction the walk came by."""

    @property
    def pending(self) -> Page[Any] | None:
        """The page that waits for the shopper, or None at the end of the flow."""
        if self.stations and not self.stations[-1].done:
            return self.stations[-1].page
        return None

    @property
    def last(self) -> Page[Any]:
        """The page shown last."""
        return self.stations[-1].page

    def find(self, page: Page[Any]) -> int | None:
        """Return the place of a page on the path, or None."""
        for place, station in enumerate(self.stations):
            if station.page is page:
                return place
        return None

    def after(self, page: Page[Any]) -> list[Page[Any]]:
        """Return what the walk yields after a page; all of it when the page is not on it."""
        place = self.find(page)
        return [station.page for station in self.stations[(-1 if place is None else place) + 1 :]]


class Flow:
    """Chains of one merchant, by junction.

    :raises Refused: everything that is wrong with them, at once.
    """

    def __init__(self, chains: Iterable[tuple[str, Chain]], graph: SlotGraph) -> None:
        self.chains: list[Chain] = []
        for plugin, chain in chains:
            chain.plugin = plugin
            self.chains.append(chain)
        self.pages: dict[str, Page[Any]] = {}
        """By wire name and alias."""
        self.chain_of: dict[str, Chain] = {}
        """By wire name."""
        self._by_junction: dict[Junction, list[Chain]] = {junction: [] for junction in Junction}
        problems = [*self._index(), *self._check_heads(), *self._check_junctions(), *self._check_slots(graph)]
        if problems:
            raise Refused(problems)
        self._served: dict[Junction, dict[str | None, Chain]] = {
            junction: {chain.serves: chain for chain in chains if not chain.independent}
            for junction, chains in self._by_junction.items()
        }

    # What the start refuses (pages-design 7).

    def _index(self) -> Iterator[Problem]:
        for chain in self.chains:
            for page in chain.pages:
                for name in (page.name, *page.aliases):
                    if name in self.pages:
                        other = self.chain_of[self.pages[name].name].plugin
                        yield Problem(
                            f"plugin {chain.plugin}",
                            f"page {name} is also a page of {other}",
                            "disable one of the two plugins",
                        )
                    self.pages.setdefault(name, page)
                self.chain_of.setdefault(page.name, chain)
            if chain.junction is not None:
                self._by_junction[chain.junction].append(chain)

    def _check_heads(self) -> Iterator[Problem]:
        for chain in self.chains:
            place = f"plugin {chain.plugin}"
            first, rest = chain.pages[0], chain.pages[1:]
            for page in rest:
                if page.junction is not None or page.serves is not None:
                    yield Problem(
                        place, f"{page.name} names a junction but follows {first.name}",
                        "name it on the first page of the chain only",
                    )  # fmt: skip
                if page.independent != first.independent:
                    yield Problem(place, f"{chain} is half independent", "split it into two chains")
            junction = first.junction
            if junction is None and not first.independent:
                yield Problem(
                    place, f"{first.name} has no junction and is not independent",
                    "give it a junction, or make it independent",
                )  # fmt: skip
            if junction and junction.keyed and first.serves is None and not first.independent:
                yield Problem(
                    place, f"{first.name} does not say what it serves at {junction.value}",
                    "set `serves`",
                )  # fmt: skip
            if junction is Junction.PAYMENT and not any(page.pays for page in chain.pages):
                yield Problem(place, f"no page of {chain} pays", "set `pays` on the last one")
            for page in chain.pages:
                says_done = type(page).done is not Page.done
                if not (page.fills or page.pays or says_done or page.independent):
                    yield Problem(
                        place, f"{page.name} fills nothing, does not pay and does not say when it is done",
                        "declare `fills` or override `done`",
                    )  # fmt: skip

    def _check_junctions(self) -> Iterator[Problem]:
        for junction, chains in self._by_junction.items():
            walked = [chain for chain in chains if not chain.independent]
            if not walked and junction in PROMISES:
                owed = ", ".join(slot.name for slot in PROMISES[junction])
                yield Problem(
                    f"junction {junction.value}", f"no enabled plugin serves it, so nobody fills {owed}",
                    "enable a plugin that does",
                )  # fmt: skip
            if junction is Junction.PAYMENT and not walked:
                yield Problem(
                    "junction payment", "no enabled plugin takes a payment", "enable a payment plugin"
                )
            if junction.series:
                continue
            taken: dict[str | None, Chain] = {}
            for chain in walked:
                if chain.serves in taken:
                    yield Problem(
                        f"plugin {chain.plugin}",
                        f"serves {chain.serves or 'everything'} at {junction.value}, "
                        f"as {taken[chain.serves].plugin} does",
                        "disable one of the two plugins",
                    )
                taken[chain.serves] = chain

    def _check_slots(self, graph: SlotGraph) -> Iterator[Problem]:
        """Check that what a page needs is filled before it, and that promises are kept."""
        facts = {slot.name for slot in graph.slots.values() if slot.fact}
        anytime = {
            slot.name for chain in self.chains if chain.independent for page in chain.pages
            for slot in (*page.fills, *page.touches)
        }  # fmt: skip
        everywhere = {
            slot.name
            for chain in self.chains
            for page in chain.pages
            for slot in (*page.fills, *page.touches)
        } | {ORDER.name, ORDER_NUMBER.name}
        promised: set[str] = set()
        for chain in self.chains:
            for page in chain.pages:
                changed = {*page.fills, *page.touches, *page.resets, *page.forgets}
                changed |= {page.challenge} if page.challenge else set()
                for slot in sorted({*page.needs} | changed, key=lambda slot: slot.name):
                    if slot.name not in graph.slots:
                        yield Problem(
                            f"plugin {chain.plugin}",
                            f"{page.name} uses slot {slot.name}, which nobody registers",
                            "return it from vezne_register_slots",
                        )  # fmt: skip
                    elif slot.fact and slot in changed:
                        yield Problem(
                            f"plugin {chain.plugin}",
                            f"{page.name} would change {slot.name}, which is a fact",
                            "let its source read it",
                        )
        for junction in Junction:
            owed = {slot.name for slot in PROMISES.get(junction, ())}
            together: set[str] = set()
            for chain in self._by_junction[junction]:
                filled: set[str] = set()
                for page in chain.pages:
                    before = facts | anytime | promised | filled
                    yield from self._unfilled(chain, page, before)
                    filled |= {slot.name for slot in page.fills}
                    if page.pays:
                        filled |= {ORDER.name, ORDER_NUMBER.name}
                        filled |= {page.challenge.name} if page.challenge else set()
                together |= filled
                if not junction.series and not chain.independent and owed - filled:
                    yield Problem(
                        f"plugin {chain.plugin}",
                        f"{chain} does not fill {', '.join(sorted(owed - filled))}, "
                        f"which {junction.value} owes to the pages behind it",
                    )
            if junction.series and self._by_junction[junction] and owed - together:
                yield Problem(
                    f"junction {junction.value}",
                    f"its pages do not fill {', '.join(sorted(owed - together))}",
                )
            promised |= owed
            if junction.series or junction is Junction.PAYMENT:
                promised |= together
            if junction is Junction.PAYMENT:
                promised |= {ORDER.name}
        for chain in self.chains:
            if chain.independent and chain.junction is None:
                filled = set()
                for page in chain.pages:
                    yield from self._unfilled(chain, page, facts | everywhere | filled)
                    filled |= {slot.name for slot in page.fills}

    @staticmethod
    def _unfilled(chain: Chain, page: Page[Any], before: set[str]) -> Iterator[Problem]:
        for slot in page.needs:
            if slot.name not in before:
                yield Problem(
                    f"plugin {chain.plugin}", f"{page.name} needs {slot.name}, which nobody before it fills",
                    "enable a plugin that fills it, or move the page",
                )  # fmt: skip

    # What a request asks.

    def at(self, junction: Junction) -> list[Chain]:
        """Return the chains of a junction, in the order of plugins.toml."""
        return self._by_junction[junction]

    def serving(self, junction: Junction, key: str | None) -> Chain | None:
        """Return the chain that serves a key."""
        return self._served[junction].get(key)

    def takes(self, junction: Junction, preorder: PreOrder) -> bool:
        """Tell whether some chain would serve here now: one of its pages applies."""
        chain = self.serving(junction, KEYS[junction].read(preorder))
        return chain is not None and any(self._open(page, preorder) for page in chain.pages)

    @staticmethod
    def _open(page: Page[Any], preorder: PreOrder) -> bool:
        return (page.post_order or not preorder.post_order) and page.applies(preorder)

    def walk(self, preorder: PreOrder) -> Walk:
        """Follow the path of a shopper to the first page that is not done."""
        stations: list[Station] = []
        passed: list[Chain] = []
        for junction in self._by_junction:
            for chain in self._taken(junction, preorder):
                if chain is None:  # nobody serves the key: ask it again
                    return self._back(stations, passed, junction)
                if chain.independent:
                    passed.append(chain)
                    continue
                for page in chain.pages:
                    if not self._open(page, preorder):
                        continue
                    done = page.done(preorder) or (page.pays and preorder.has(ORDER))
                    stations.append(Station(page, chain, done))
                    if not done:
                        return Walk(stations, passed)
        return Walk(stations, passed)

    def _taken(self, junction: Junction, preorder: PreOrder) -> Iterator[Chain | None]:
        chains = self._by_junction[junction]
        if preorder.post_order and junction.place < Junction.PAYMENT_METHOD.place:
            return
        if junction.series:
            yield from chains
            return
        yield from (chain for chain in chains if chain.independent)
        if not junction.keyed:
            only = self.serving(junction, None)
            if only is not None:
                yield only
            return
        chain = self.serving(junction, KEYS[junction].read(preorder))
        if chain is None or not any(self._open(page, preorder) for page in chain.pages):
            yield None
        else:
            yield chain

    @staticmethod
    def _back(stations: list[Station], passed: list[Chain], junction: Junction) -> Walk:
        """Wait at the page of this path where the junction's key is chosen, else at the last one."""
        slot = KEYS[junction].slot
        chosen_at = [at for at, station in enumerate(stations) if slot in station.page.fills]
        place = chosen_at[0] if chosen_at else len(stations) - 1
        if stations:
            stations[place].done = False
        return Walk(stations[: place + 1], passed)

    def behind(self, page: Page[Any], preorder: PreOrder | None = None) -> list[Page[Any]]:
        """Return the pages behind one on a shopper's way, done or not, last first.

        They are what going back forgets. A page that does not apply to him, and
        an alternative that he does not take, keep what they share with the pages
        on his way. Without a pre-order it is every page that could stand there.
        """
        chain = self.chain_of[page.name]
        if chain.junction is None:
            return []
        later = list(chain.pages[chain.pages.index(page) + 1 :])
        if chain.junction.series:
            beside = self._by_junction[chain.junction]
            for other in beside[beside.index(chain) + 1 :]:
                later += other.pages
        for junction in list(Junction)[chain.junction.place + 1 :]:
            for taken in self._by_junction[junction] if preorder is None else self._taken(junction, preorder):
                later += taken.pages if taken is not None else ()
        return [each for each in reversed(later) if preorder is None or self._stands(each, preorder)]

    def _stands(self, page: Page[Any], preorder: PreOrder) -> bool:
        """Tell whether a page may stand on a way; one that cannot tell without the world's facts does."""
        try:
            return self._open(page, preorder)
        except Missing:
            return True


def forgotten(pages: Iterable[Page[Any]]) -> list[Slot[Any]]:
    """Return the slots that going back over these pages clears."""
    from vezne_core.standard import REDIRECTED

    slots: list[Slot[Any]] = []
    for page in pages:
        slots += page.forgets
        if page.pays and page.challenge is not None:
            slots += (page.challenge, REDIRECTED)
    return list(dict.fromkeys(slots))
