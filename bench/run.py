"""A run: every measurement in turn, round after round, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from bench import process
from bench.house import House, Say, housed, open_shop
from bench.measure import Figures, measured

KINDS = ("bare", "reference", "transfer", "card")
CHECKOUTS = ("transfer", "card")


class Plan(Struct, frozen=True, kw_only=True):
    """What to measure."""

    rounds: int
    seconds: float
    concurrency: tuple[int, ...]
    processes: tuple[int, ...]
    kinds: tuple[str, ...] = KINDS
    warm_up: float = 2.0


class Opening(Struct, frozen=True):
    """What a shop took before and while it served."""

    processes: int
    cold_start: float
    """Seconds from the command to the first answer."""
    memory: int
    """Bytes, of all its processes at their most."""


class Outcome(Struct, frozen=True):
    """Everything measured, round by round."""

    plan: Plan
    figures: list[Figures]
    openings: list[Opening]


def run(plan: Plan, say: Say) -> Outcome:
    """Measure everything."""
    figures: list[Figures] = []
    openings: list[Opening] = []
    with housed(say) as house:
        for turn in range(1, plan.rounds + 1):
            for processes in plan.processes:
                say(f"round {turn} of {plan.rounds}: starting the shop with {processes} process(es)")
                found, opening = _round(house, plan, processes, say)
                figures += found
                openings.append(opening)
    return Outcome(plan, figures, openings)


def _round(house: House, plan: Plan, processes: int, say: Say) -> tuple[Sequence[Figures], Opening]:
    figures = []
    with open_shop(house, processes) as shop:
        for kind in plan.kinds:
            if plan.warm_up:
                measured(house, shop, processes, plan.concurrency[-1], kind, plan.warm_up)
        for concurrency in plan.concurrency:
            for kind in plan.kinds:
                found = measured(house, shop, processes, concurrency, kind, plan.seconds)
                say(f"  {concurrency:>3} at once, {kind:<9} {found.rate:9.1f}/s")
                for wrong in found.told.wrong:
                    say(f"      {wrong}")
                figures.append(found)
        opening = Opening(processes, shop.checkout.started_in, process.peak(shop.checkout.pid))
    return figures, opening
