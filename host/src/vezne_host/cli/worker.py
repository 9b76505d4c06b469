"""``vezne worker``: what happens after the commit."""

from __future__ import annotations

from pathlib import Path

import click

from vezne_core import Refused
from vezne_host.cli.option import (
    config_option,
    configuration,
    database_option,
    messages_option,
    redis_option,
    tell,
)
from vezne_host.servers import servers


@click.command()
@config_option
@database_option
@redis_option
@messages_option
@click.option(
    "--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Deliveries at a time."
)
def worker(
    config: Path, database_url: str | None, redis_url: str | None, messages: Path, threads: int
) -> None:
    """Relay the outbox and deliver it: mails, text messages, events of plugins.

    Any number of workers may run; each message is delivered at least once and
    has its effect once.
    """
    from vezne_host.log import set_up
    from vezne_host.process import working
    from vezne_host.worker.process import run_worker

    set_up()
    configured = configuration(config)
    try:
        with servers(configured.host, database_url, redis_url) as addresses:
            click.echo(f"worker with {threads} threads; messages go to {messages}")
            run_worker(
                addresses.database_url,
                addresses.redis_url,
                working(configured, addresses, messages=messages),
                threads=threads,
            )
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
