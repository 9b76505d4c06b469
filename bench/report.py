"""What a run says: tables in Markdown, medians over the rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from bench.measure import Figures
from bench.run import CHECKOUTS, Outcome

Number = Callable[[Figures], float]


class Report:
    """Tables of one run."""

    def __init__(self, outcome: Outcome) -> None:
        self._plan = outcome.plan
        self._openings = outcome.openings
        self._cells: dict[tuple[int, int, str], list[Figures]] = {}
        for found in outcome.figures:
            self._cells.setdefault((found.processes, found.concurrency, found.kind), []).append(found)

    def speed(self) -> Iterator[str]:
        """Tell how fast checkouts are, and what the reference is."""
        yield "| processes | at once | bare/s | reference/s | checkout | /s | N | ratio | p50 / p99 ms |"
        yield "|---|---|---|---|---|---|---|---|---|"
        for processes in self._plan.processes:
            for concurrency in self._plan.concurrency:
                for kind in CHECKOUTS:
                    yield self._speed(processes, concurrency, kind)

    def _speed(self, processes: int, concurrency: int, kind: str) -> str:
        cell = self._cells[processes, concurrency, kind]
        bare, base = (self._cells[processes, concurrency, each] for each in ("bare", "reference"))
        ratios = [
            found.requests / max(beside.requests, 1e-9) for found, beside in zip(cell, base, strict=True)
        ]
        whole = f"{_mid(cell, lambda f: f.told.whole.p50):.1f} / {_mid(cell, lambda f: f.told.whole.p99):.1f}"
        low, high = min(f.rate for f in base), max(f.rate for f in base)
        return (
            f"| {processes} | {concurrency} | {_mid(bare, lambda f: f.rate):.0f} "
            f"| {_mid(base, lambda f: f.rate):.0f} ({low:.0f} to {high:.0f}) | {kind} "
            f"| {_mid(cell, lambda f: f.rate):.1f} | {_mid(cell, lambda f: f.per_checkout):.0f} "
            f"| **{median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f}) | {whole} |"
        )

    def cost(self) -> Iterator[str]:
        """Tell what a checkout costs, and whom; and what a request to the reference does."""
        yield "| processes | at once | what | server ms | PostgreSQL ms | bank ms | load ms |"
        yield "|---|---|---|---|---|---|---|"
        for (processes, concurrency, kind), cell in self._cells.items():
            costs: list[Number] = [
                lambda f: f.server,
                lambda f: f.postgres,
                lambda f: f.bank,
                lambda f: f.told.cpu,
            ]
            each = [_mid(cell, lambda f, cost=cost: cost(f) / f.each * 1000) for cost in costs]  # type: ignore[misc]
            shown = " | ".join(f"{number:.2f}" for number in each)
            yield f"| {processes} | {concurrency} | {kind} | {shown} |"

    def steps(self, kind: str) -> Iterator[str]:
        """Tell how long every step takes: p50 / p99 in milliseconds."""
        columns = [(p, c) for p in self._plan.processes for c in self._plan.concurrency]
        yield f"| {kind} | " + " | ".join(f"{p} × {c}" for p, c in columns) + " |"
        yield "|---|" + "---|" * len(columns)
        for step in self._cells[*columns[0], kind][0].told.steps:
            shown = []
            for processes, concurrency in columns:
                cell = [f.told.steps[step] for f in self._cells[processes, concurrency, kind]]
                shown.append(f"{median(s.p50 for s in cell):.1f} / {median(s.p99 for s in cell):.1f}")
            yield f"| {step} | " + " | ".join(shown) + " |"

    def openings(self) -> Iterator[str]:
        """Tell how long a shop takes to open, and the memory it comes to."""
        yield "| processes | cold start s | peak memory MB |"
        yield "|---|---|---|"
        for processes in self._plan.processes:
            own = [opening for opening in self._openings if opening.processes == processes]
            cold = median(opening.cold_start for opening in own)
            yield f"| {processes} | {cold:.2f} | {max(o.memory for o in own) / 1e6:.0f} |"

    def books(self) -> Iterator[str]:
        """Tell whether what was answered is what was stored."""
        yield "| processes | at once | checkout | orders answered | stored | pieces ordered | allocated | |"
        yield "|---|---|---|---|---|---|---|---|"
        for (processes, concurrency, kind), cell in self._cells.items():
            balances = [found.balance for found in cell if found.balance]
            if not balances:
                continue
            sums = [sum(getattr(b, key) for b in balances) for key in COUNTED]
            even = all(b.even for b in balances) and not any(found.told.wrong for found in cell)
            shown = " | ".join(str(number) for number in sums)
            yield f"| {processes} | {concurrency} | {kind} | {shown} | {'even' if even else 'WRONG'} |"

    @property
    def sound(self) -> bool:
        """Tell whether every answer was right, and every order is where it belongs."""
        found = [each for cell in self._cells.values() for each in cell]
        bought = [each.balance for each in found if each.balance]
        even = all(balance.even and balance.stored for balance in bought)
        return bool(bought) and even and not any(each.told.wrong for each in found)


COUNTED = ("answered", "stored", "pieces", "allocated")


def _mid(cell: Sequence[Figures], number: Number) -> float:
    return median(number(found) for found in cell)
