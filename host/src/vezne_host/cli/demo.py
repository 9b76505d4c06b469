"""``vezne demo``: everything at once, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from vezne_core import Refused
from vezne_host.cli.option import config_option, configuration, database_option, redis_option, tell


@click.command()
@config_option
@database_option
@redis_option
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--sandbox-port", type=click.IntRange(1, 65535), help="Port of the sandbox bank. [default: port + 1]"
)
@click.option("--walk", is_flag=True, help="Drive one whole checkout, print every page, and end.")
@click.option("--keep", is_flag=True, help="Keep the shop as the last demo left it.")
def demo(
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    port: int,
    sandbox_port: int | None,
    walk: bool,
    keep: bool,
) -> None:
    """Start everything: PostgreSQL, Valkey, the demo shop, the sandbox bank, the API and its worker.

    The embedded servers live in a folder of the user (VEZNE_HOME) and end with
    the demo.
    """
    from vezne_host.demo.party import Party, Trouble
    from vezne_host.demo.walk import WalkFailed

    configured = configuration(config)
    party = Party(
        configured,
        database_url=database_url,
        redis_url=redis_url,
        port=port,
        sandbox_port=sandbox_port or port + 1,
        say=click.echo,
    )
    try:
        if walk:
            party.walk(keep=keep)
        else:
            party.serve(keep=keep)
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
    except (Trouble, WalkFailed) as error:
        click.secho(f"✗ {error}", fg="red", err=True)
        raise SystemExit(1) from None
