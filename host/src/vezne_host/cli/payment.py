"""``vezne payment``: money that goes back, and money that comes by bank transfer."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vezne_core import Problem
from vezne_core.money import parse_amount
from vezne_host.cli.option import config_option, database_option, fail, merchant_option, redis_option, tell

if TYPE_CHECKING:
    from vezne_host.cli.operation import Operation
    from vezne_host.payments.refund_answer import Wish
    from vezne_host.payments.transfer import Matched

ACTION = click.option(
    "--action", required=True, metavar="ID",
    help="Id of your own for this: asked again with the same id, it is not done twice.",
)  # fmt: skip


@click.group()
def payment() -> None:
    """Give money back, or confirm what came by bank transfer."""


@payment.command()
@click.argument("number")
@ACTION
@config_option
@database_option
@redis_option
@merchant_option
def void(
    number: str,
    action: str,
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    merchant: str | None,
) -> None:
    """Undo the whole payment of an order, as long as the bank has not settled it."""
    from vezne_host.cli.operation import Operation, actor
    from vezne_host.payments.refund_answer import Wish

    operation = Operation(config, database_url, redis_url, merchant)
    _give_back(operation, Wish(number=number, action=action, kind="void", actor=actor()))


@payment.command()
@click.argument("number")
@ACTION
@click.option("--amount", metavar="AMOUNT", help="A part, like 12.50; without it all that is left.")
@click.option(
    "--by-hand", is_flag=True, help="You have sent the money yourself: note it, and ask no gateway."
)
@config_option
@database_option
@redis_option
@merchant_option
def refund(
    number: str,
    action: str,
    amount: str | None,
    by_hand: bool,
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    merchant: str | None,
) -> None:
    """Give money of an order back, all of it or a part: to the card first, then to gift cards and the like.

    Where nothing is settled yet the payment is undone instead. Exit code 3:
    it is not known yet; the worker asks again until it is.
    """
    from vezne_host.cli.operation import Operation, actor
    from vezne_host.payments.refund_answer import Wish

    operation = Operation(config, database_url, redis_url, merchant)
    part = _amount(amount)
    _give_back(operation, Wish(number=number, action=action, amount=part, by_hand=by_hand, actor=actor()))


@payment.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@config_option
@database_option
@redis_option
@merchant_option
def confirm(
    file: Path,
    dry_run: bool,
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    merchant: str | None,
) -> None:
    """Confirm orders whose money has come by bank transfer, from a statement of the bank.

    CSV in UTF-8 that begins with `reference,amount,currency,date,transaction_id`.
    The reference is the code that the shopper was told, or the number of the
    order. Lines that were taken before do nothing. Exit code 1: some line
    needs you.
    """
    from vezne_host.cli.operation import Operation, actor
    from vezne_host.payments.statement import read

    operation = Operation(config, database_url, redis_url, merchant)
    lines, problems = read(file.read_bytes(), file.name)
    if problems:
        tell(problems)
        click.echo(f"{len(problems)} problem(s) in {file.name}; nothing was confirmed", err=True)
        raise SystemExit(1)
    matched = operation.on_merchant(
        lambda runtime: (runtime.transfers.rehearse if dry_run else runtime.transfers.confirm)(
            lines, actor=actor()
        )
    )
    _report(matched, dry_run=dry_run)


def _give_back(operation: Operation, wish: Wish) -> None:
    from vezne_host.cli.operation import NOT_KNOWN, refuse
    from vezne_host.payments.refund_answer import Given, NotGiven, Open

    match operation.on_order(wish.number, lambda runtime: runtime.refunds.give_back(wish)):
        case NotGiven(fact=fact, remedy=remedy):
            raise refuse(fact, remedy)
        case Open(amount=amount, reason=reason):
            click.echo(f"not known yet whether {amount.wire} {amount.currency} went back: {reason}", err=True)
            click.echo(f"the worker asks again; so does this command with --action {wish.action}", err=True)
            raise SystemExit(NOT_KNOWN)
        case Given(amount=amount, kept=kept, status=status):
            click.echo(
                f"{amount.wire} {amount.currency} of order {wish.number} went back; "
                f"{kept.wire} {kept.currency} are left, its status is {status}"
            )


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return parse_amount(text)
    except ValueError:
        raise fail(Problem("--amount", f"{text!r} is no amount", "write it like 12.50")) from None


def _report(matched: list[Matched], *, dry_run: bool) -> None:
    marks = {"confirmed": "✓", "known": "·", "surplus": "!", "wrong": "✗"}
    for each in matched:
        calm = each.outcome in ("confirmed", "known")
        line = f"{marks[each.outcome]} {each.line.place}: {each.fact}"
        click.secho(line, fg=None if calm else "red", err=not calm)
        if each.remedy:
            click.echo(f"    → {each.remedy}", err=True)
    counted = Counter[str](each.outcome for each in matched)
    click.echo(", ".join(f"{counted[outcome]} {outcome}" for outcome in marks))
    if dry_run:
        click.echo("nothing was changed")
    if counted["surplus"] or counted["wrong"]:
        raise SystemExit(1)
