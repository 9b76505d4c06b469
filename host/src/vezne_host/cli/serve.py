"""``vezne serve``: the checkout API."""

from __future__ import annotations

import os
from pathlib import Path

import click

from vezne_core import Refused
from vezne_host.cli.option import (
    CONFIG,
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
    "--host", envvar="VEZNE_HOST", show_envvar=True, help="Address to listen at. [default: 127.0.0.1]"
)
@click.option(
    "--port", type=click.IntRange(1, 65535), envvar="VEZNE_PORT", show_envvar=True, help="[default: 8000]"
)
@click.option(
    "--workers", type=click.IntRange(1, 256), envvar="VEZNE_WORKERS", show_envvar=True,
    help="Processes. [default: 1]",
)  # fmt: skip
def serve(
    config: Path,
    database_url: str | None,
    redis_url: str | None,
    messages: Path,
    host: str | None,
    port: int | None,
    workers: int | None,
) -> None:
    """Serve the checkout of every merchant of the configuration.

    The database must be up to date (`vezne db upgrade`). A merchant with a
    problem answers 503 and the others serve; `vezne check` names the problems.
    """
    from vezne_host.asgi import MESSAGES, run

    configured = configuration(config)
    settings = configured.host
    try:
        with servers(settings, database_url, redis_url) as addresses:
            # the processes that uvicorn starts read these
            os.environ[CONFIG] = str(config.absolute())
            os.environ["VEZNE_DATABASE_URL"] = addresses.database_url
            os.environ["VEZNE_REDIS_URL"] = addresses.redis_url
            os.environ[MESSAGES] = str(messages)
            run(host or settings.host, port or settings.port, workers or settings.workers)
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None
