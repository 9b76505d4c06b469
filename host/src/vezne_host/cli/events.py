"""``vezne events``: what somebody has to look at."""

from __future__ import annotations

from pathlib import Path

import click

from vezne_host.cli.option import config_option, database_option, merchant_option


@click.command()
@config_option
@database_option
@merchant_option
@click.option("--all", "everything", is_flag=True, help="Those that were seen, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--seen", "pks", type=int, multiple=True, metavar="PK", help="Note that you saw this one.")
@click.option("--all-seen", is_flag=True, help="Note that you saw all of them.")
def events(
    config: Path,
    database_url: str | None,
    merchant: str | None,
    everything: bool,
    limit: int,
    pks: tuple[int, ...],
    all_seen: bool,
) -> None:
    """List events for operators, the latest first: money that is not accounted for, messages given up.

    With `--seen` or `--all-seen` they are noted as seen instead.
    """
    from vezne_host.cli.operation import Operation
    from vezne_host.storage.events import OperatorEvents

    operation = Operation(config, database_url, None, merchant)
    if pks or all_seen:
        noted = operation.on_database(
            lambda lane: OperatorEvents(lane).see(operation.merchants, None if all_seen else pks)
        )
        click.echo(f"{noted} event(s) noted as seen")
        return
    found = operation.on_database(
        lambda lane: OperatorEvents(lane).list(operation.merchants, seen=everything, limit=limit)
    )
    for each in found:
        about = " ".join(filter(None, (each.order and f"order {each.order}", each.plugin)))
        seen = "" if each.seen is None else "  (seen)"
        click.secho(f"{each.pk}  {each.at:%Y-%m-%d %H:%M:%S}  {each.merchant}  {each.kind}{seen}", bold=True)
        click.echo(f"    {about}: {each.text}" if about else f"    {each.text}")
    if not found:
        click.echo("there is nothing to look at")
