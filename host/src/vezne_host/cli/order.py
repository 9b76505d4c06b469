"""``vezne order``: orders that stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vezne_core import Message
from vezne_host.cli.option import config_option, database_option, merchant_option, redis_option


@click.group()
def order() -> None:
    """Look at an order, or move it on."""


@order.command()
@click.argument("number")
@config_option
@database_option
@merchant_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: str, config: Path, database_url: str | None, merchant: str | None, as_json: bool) -> None:
    """Show an order with everything there is of its money: attempts, ledger, refunds, who did what."""
    from vezne_host.cli.operation import Operation
    from vezne_host.storage.dossier import dossier
    from vezne_host.storage.lane import Lane

    operation = Operation(config, database_url, None, merchant)

    async def find(lane: Lane) -> dict[str, Any] | None:
        return await dossier(lane, await operation.owner(lane, number), number)

    found = operation.on_database(find)
    assert found is not None, "its merchant has just been found by it"
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str, ensure_ascii=False))
    else:
        _print(found)


@order.command()
@click.argument("number")
@click.argument("status", type=click.IntRange(0, 999))
@config_option
@database_option
@redis_option
@merchant_option
def move(
    number: str,
    status: int,
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    merchant: str | None,
) -> None:
    """Give an order another status, as the contract numbers them: 450 preparing, 500 shipped, 100 cancelled.

    An order that is cancelled gives back its goods, gift cards and the like;
    money is given back before, with `vezne payment refund`.
    """
    from vezne_host.cli.operation import Operation, actor, refuse
    from vezne_host.orders.move import NotMoved
    from vezne_host.orders.status import STATUS

    operation = Operation(config, database_url, redis_url, merchant)
    answer = operation.on_order(number, lambda runtime: runtime.moves.move(number, status, actor=actor()))
    if isinstance(answer, NotMoved):
        raise refuse(answer.fact, answer.remedy)
    name = STATUS.get(status)
    label = f" ({name})" if isinstance(name, Message) else ""
    if answer.before == status:
        click.echo(f"order {number} is {status}{label} already")
    else:
        click.echo(f"order {number} was {answer.before} and is {status}{label}")


def _print(found: dict[str, Any]) -> None:
    from vezne_host.orders.status import STATUS

    currency = found["currency"]
    click.secho(f"order {found['number']}", bold=True)
    click.echo(f"  status    {found['status']} {STATUS.get(found['status'], '')}")
    click.echo(f"  amount    {found['amount']} {currency}")
    if found["actions"]:
        click.echo(f"  refunded  {found['refunded']} {currency}")
    click.echo(f"  of        {found['email']}, {found['created']:%Y-%m-%d %H:%M %Z}")
    for name in ("attempts", "transactions", "ledger", "actions", "audit"):
        if found[name]:
            click.secho(f"  {name}", bold=True)
        for row in found[name]:
            at = str(row["at"])[:19].replace("T", " ")
            told = [
                f"{key} {_said(value)}" for key, value in row.items() if key != "at" and value is not None
            ]
            click.echo(f"    {at}  {', '.join(told)}")


def _said(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
