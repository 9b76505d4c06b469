"""``python -m bench``: measure whole checkouts against a reference, in one run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import strftime

import click
import msgspec

from bench.report import Report
from bench.run import CHECKOUTS, Plan, run


def _numbers(context: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(part) for part in value.split(",")))
    except ValueError:
        raise click.BadParameter("numbers, separated by commas") from None
    if not found or min(found) < 1:
        raise click.BadParameter("at least 1")
    return found


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Medians are of these.")
@click.option(
    "--seconds", type=click.FloatRange(0.5), default=5.0, show_default=True, help="Of each measurement."
)
@click.option(
    "--concurrency", callback=_numbers, default="1,8,32", show_default=True, help="Shoppers at once."
)
@click.option("--processes", callback=_numbers, default="1,2", show_default=True, help="Of the server.")
@click.option("--quick", is_flag=True, help="Only see that the books are even; no figures.")
@click.option(
    "--raw", type=click.Path(path_type=Path, dir_okay=False), help="Write everything measured as JSON."
)
def main(
    rounds: int,
    seconds: float,
    concurrency: tuple[int, ...],
    processes: tuple[int, ...],
    quick: bool,
    raw: Path | None,
) -> None:
    """Measure whole guest checkouts over HTTP: funds transfer, and a card without 3-D Secure.

    It starts the demo shop on an embedded, durable PostgreSQL and on Valkey,
    the sandbox bank, and beside the shop a reference: the same server locking,
    changing and committing one row through the bare driver. Everything is
    measured in turn, round after round. Ends with 1 when the orders stored
    are not those answered, or the stock allocated is not the stock ordered.
    """
    plan = Plan(rounds=rounds, seconds=seconds, concurrency=concurrency, processes=processes)
    if quick:
        plan = Plan(rounds=1, seconds=2.0, concurrency=(8,), processes=(1,), kinds=CHECKOUTS, warm_up=0.0)
    outcome = run(plan, lambda text: click.echo(f"{strftime('%H:%M:%S')} {text}", err=True))
    report = Report(outcome)
    if not quick:
        for table in (
            report.speed(), report.cost(), *map(report.steps, CHECKOUTS), report.openings(),
        ):  # fmt: skip
            _show(table)
    _show(report.books())
    if raw:
        raw.write_bytes(msgspec.json.encode(outcome))
    if not report.sound:
        click.secho("The books are not even.", fg="red", err=True)
        raise SystemExit(1)


def _show(lines: Iterable[str]) -> None:
    click.echo("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(prog_name="python -m bench")
