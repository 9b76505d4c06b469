"""``vezne operator``: who may operate a shop by HTTP."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from vezne_host.cli.option import config_option, database_option, merchant_option
from vezne_host.storage.operators import ROLES


@click.group()
def operator() -> None:
    """Grant and revoke what programs of operators may do."""


@operator.group()
def token() -> None:
    """Tokens for `Authorization: Bearer`: each is of one merchant and good for its roles only."""


@token.command()
@click.argument("name")
@click.option(
    "--role", "roles", type=click.Choice(ROLES), multiple=True, required=True,
    help="read: look at orders; orders: move them on; refund: give money back. May be given several times.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3660), help="Days until it is void. [default: never]")
@config_option
@database_option
@merchant_option
def create(
    name: str,
    roles: tuple[str, ...],
    days: int | None,
    config: Path,
    database_url: str | None,
    merchant: str | None,
) -> None:
    """Make a token and print it, this once: only its hash is kept. NAME says whose it is."""
    from vezne_host.cli.operation import Operation, actor
    from vezne_host.storage.operators import Tokens

    operation = Operation(config, database_url, None, merchant)
    shop = operation.only()
    made = operation.on_database(
        lambda lane: Tokens(lane).create(shop, name, roles, days=days, actor=actor())
    )
    click.echo(made)


@token.command("list")
@config_option
@database_option
@merchant_option
def list_(config: Path, database_url: str | None, merchant: str | None) -> None:
    """List tokens with their roles, when each was used last, and which are void."""
    from vezne_host.cli.operation import Operation
    from vezne_host.storage.operators import Tokens

    operation = Operation(config, database_url, None, merchant)
    tokens = operation.on_database(lambda lane: Tokens(lane).list(operation.merchants))
    for each in tokens:
        ends = [f"expires {_day(each.expires)}"] if each.expires else []
        ends += [f"revoked {_day(each.revoked)}"] if each.revoked else []
        used = f"used {_day(each.used)}" if each.used else "never used"
        click.echo(
            f"{each.pk}  {each.merchant}  {each.name}  {', '.join(each.roles)}  {', '.join([used, *ends])}"
        )
    if not tokens:
        click.echo("there are no tokens")


@token.command()
@click.argument("pk", type=int)
@config_option
@database_option
@merchant_option
def revoke(pk: int, config: Path, database_url: str | None, merchant: str | None) -> None:
    """Make a token void at once; PK as `vezne operator token list` shows it."""
    from vezne_host.cli.operation import Operation, actor, refuse
    from vezne_host.storage.operators import Tokens

    operation = Operation(config, database_url, None, merchant)
    shop = operation.only()
    if not operation.on_database(lambda lane: Tokens(lane).revoke(shop, pk, actor=actor())):
        raise refuse(f"merchant {shop} has no token {pk} that is good", "see vezne operator token list")
    click.echo(f"token {pk} is void")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
