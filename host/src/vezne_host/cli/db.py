"""``vezne db``: the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from vezne_core import Refused
from vezne_host.cli.option import config_option, configuration, database_option, tell
from vezne_host.config import Configuration
from vezne_host.servers import servers


@click.group()
def db() -> None:
    """Bring the database up to date, or fill it with the demo shop."""


@db.command()
@config_option
@database_option
def upgrade(config: Path, database_url: str | None) -> None:
    """Apply the migrations of the host and of every enabled plugin; safe to run at any time."""
    from vezne_host.database import bring_up

    configured = configuration(config)
    try:
        with servers(configured.host, database_url, "redis://unused") as addresses:
            applied = asyncio.run(bring_up(configured, addresses.database_url))
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
    for each in applied:
        click.echo(f"{each.branch}: {each.revision}")
    click.echo("the database is up to date")


@db.command("seed-demo")
@config_option
@database_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def seed_demo(config: Path, database_url: str | None, yes: bool) -> None:
    """Load the demo shops anew: everything their merchants had is deleted, orders included."""
    configured = configuration(config)
    if not yes:
        click.confirm("Delete everything that the demo merchants have, and load them anew?", abort=True)
    try:
        with servers(configured.host, database_url, "redis://unused") as addresses:
            asyncio.run(_seed(configured, addresses.database_url))
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None


@db.command()
@config_option
@database_option
@click.option("--merchant", required=True, help="Whose tables.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(config: Path, database_url: str | None, merchant: str, file: Path) -> None:
    """Load rows into the tables of plugins, such as gift cards; what is there already stays as it is.

    FILE is TOML: a list of tables per kind, as the plugin's README says.
    """
    from vezne_host.database import load_file

    configured = configuration(config)
    try:
        with servers(configured.host, database_url, "redis://unused") as addresses:
            loaded = asyncio.run(load_file(configured, addresses.database_url, merchant, file))
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
    for kind, new in loaded.items():
        click.echo(f"{kind}: {new} new")


async def _seed(configured: Configuration, database_url: str) -> None:
    from vezne_host.database import bring_up, seed_demo

    await bring_up(configured, database_url)
    await seed_demo(configured, database_url, click.echo)
