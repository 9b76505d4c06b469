"""The load, as a process of its own: ``python -m bench.load`` reads a task from its input and answers it."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import msgspec
import uvloop
from msgspec import Struct

from bench.shopper import Shopper, WrongAnswer
from bench.wire import Connection


class Task(Struct, frozen=True, kw_only=True):
    """What to ask for, and how hard."""

    kind: str
    """bare, reference, transfer or card."""
    port: int
    concurrency: int
    seconds: float


class Spread(Struct, frozen=True):
    """How long something took, in milliseconds."""

    times: int
    p50: float
    p99: float


class Told(Struct, frozen=True, kw_only=True):
    """What came of a task."""

    in_time: int
    """Requests answered within the time. What is under way at its end is finished, and not counted here:
    that would leave out, of every shopper, the part of a checkout that he had behind him."""
    seconds: float
    requests: int
    """All that were answered."""
    checkouts: int
    """All that were begun and came to an order."""
    whole: Spread
    steps: dict[str, Spread]
    orders: list[int]
    """As the shop named them in its answers."""
    wrong: list[str]
    """What went wrong, first things first."""
    cpu: float
    """Seconds of this process."""


class Load:
    """So many shoppers at once, each with a connection, each beginning anew until the time is over."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._steps: dict[str, list[float]] = defaultdict(list)
        self._whole: list[float] = []
        self._orders: list[int] = []
        self._wrong: list[str] = []
        self._until = 0.0
        self._in_time = 0

    async def run(self) -> Told:
        """Do the task."""
        task = self._task
        connections = [await Connection.to(task.port) for _ in range(task.concurrency)]
        began, cpu = perf_counter(), _cpu()
        self._until = began + task.seconds
        turn = self._visit if task.kind in ("bare", "reference") else self._buy
        await asyncio.gather(*[self._repeat(turn, connection) for connection in connections])
        cpu = _cpu() - cpu
        for connection in connections:
            connection.close()
        return Told(
            in_time=self._in_time,
            seconds=task.seconds,
            requests=sum(map(len, self._steps.values())),
            checkouts=len(self._orders),
            whole=spread(self._whole),
            steps={step: spread(taken) for step, taken in self._steps.items()},
            orders=self._orders,
            wrong=self._wrong[:5],
            cpu=cpu,
        )

    async def _repeat(self, turn: Callable[[Connection], Awaitable[None]], connection: Connection) -> None:
        while (began := perf_counter()) < self._until:
            try:
                await turn(connection)
            except (WrongAnswer, OSError, msgspec.MsgspecError) as error:
                self._wrong.append(str(error))
                return  # an error is a defect, not a rate
            self._whole.append(perf_counter() - began)

    def _step(self, name: str, taken: float) -> None:
        self._steps[name].append(taken)
        self._in_time += perf_counter() <= self._until

    async def _visit(self, connection: Connection) -> None:
        kind = self._task.kind
        began = perf_counter()
        answer = await connection.ask(f"GET /{kind} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
        self._step(kind, perf_counter() - began)
        if answer.status != 200:
            raise WrongAnswer(f"/{kind}: {answer.status}")

    async def _buy(self, connection: Connection) -> None:
        host = f"127.0.0.1:{self._task.port}"
        shopper = Shopper(connection, host, self._step)
        card = self._task.kind == "card"
        self._orders.append(await (shopper.buys_by_card() if card else shopper.buys_by_transfer()))


def spread(taken: Sequence[float]) -> Spread:
    """Return median and 99th percentile of seconds, in milliseconds."""
    if not taken:
        return Spread(0, 0.0, 0.0)
    ordered = sorted(taken)
    last = len(ordered) - 1
    return Spread(len(ordered), ordered[last // 2] * 1000, ordered[round(last * 0.99)] * 1000)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do the task that stands in the input, and write what came of it."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(Load(task).run())
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main()
