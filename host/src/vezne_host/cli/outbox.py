"""``vezne outbox``: messages that wait, and those that were given up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vezne_host.cli.option import config_option, database_option, merchant_option

if TYPE_CHECKING:
    from vezne_host.storage.lane import Lane
    from vezne_host.storage.outbox import Undelivered


@click.group()
def outbox() -> None:
    """Look at what has not been delivered, or deliver it again."""


@outbox.command("list")
@config_option
@database_option
@merchant_option
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_(config: Path, database_url: str | None, merchant: str | None, limit: int) -> None:
    """List messages that are not delivered: those that were given up first, then by when they are due."""
    from vezne_host.cli.operation import Operation
    from vezne_host.storage.outbox import Outbox

    operation = Operation(config, database_url, None, merchant)
    rows = operation.on_database(lambda lane: Outbox(lane).undelivered(operation.merchants, limit))
    for row in rows:
        _print(row)
    if not rows:
        click.echo("everything is delivered")


@outbox.command()
@click.argument("pk", type=int, required=False)
@click.option("--dead", is_flag=True, help="Every message that was given up.")
@config_option
@database_option
@merchant_option
def replay(pk: int | None, dead: bool, config: Path, database_url: str | None, merchant: str | None) -> None:
    """Deliver a message again at once, with all its tries before it: mails, webhooks, events of plugins."""
    from vezne_host.cli.operation import Operation
    from vezne_host.storage.outbox import Outbox

    if dead == (pk is not None):
        raise click.UsageError("name a message by its number, or all that were given up with --dead")
    operation = Operation(config, database_url, None, merchant)

    async def again(lane: Lane) -> int:
        return sum([await Outbox(lane).replay(each, pk) for each in operation.merchants])

    count = operation.on_database(again)
    click.echo(f"{count} message(s) are due again")
    if pk is not None and not count:
        click.echo(f"there is no message {pk} that waits; `vezne outbox list` shows those that do", err=True)
        raise SystemExit(1)


def _print(row: Undelivered) -> None:
    state = f"given up {row.dead:%Y-%m-%d %H:%M}" if row.dead else f"due {row.due:%Y-%m-%d %H:%M:%S}"
    click.echo(f"{row.pk}  {row.merchant}  {row.topic} → {row.consumer}  {state}, {row.tries} tries")
    if row.error:
        click.echo(f"    {row.error}")
