"""``vezne check``: everything that is wrong, before a deployment finds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from vezne_core import Refused
from vezne_host.cli.option import config_option, configuration, database_option, tell


@click.command()
@config_option
@database_option
def check(config: Path, database_url: str | None) -> None:
    """List every problem of every merchant at once; exit code 1 when there is one.

    With a database the configuration tables are checked as well: rules,
    calculators, offers, and the gateways that payment options name.
    """
    from vezne_host.inspection import inspected

    configured = configuration(config)
    try:
        assembled = asyncio.run(inspected(configured, database_url))
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
    tell(assembled.problems)
    for name, runtime in assembled.runtimes.items():
        click.secho(f"✓ {name}", fg="green", nl=False)
        click.echo(f": {len(runtime.config.plugins)} plugins, {len(runtime.flow.chains)} chains")
    if assembled.problems:
        count = len(assembled.problems)
        click.echo(
            f"{count} problem{'s' if count > 1 else ''} in {len(assembled.refused)} merchant(s)", err=True
        )
        raise SystemExit(1)
    if database_url is None:
        click.echo("the configuration tables were not looked at; give --database-url to check them too")
