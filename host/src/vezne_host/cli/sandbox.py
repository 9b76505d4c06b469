"""``vezne sandbox``: the remote services of the demo shop."""

from __future__ import annotations

from pathlib import Path

import click

from vezne_host.cli.option import tell
from vezne_host.discovery import sandboxes


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8001, show_default=True)
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="Append every movement of money to this file and read it at the start, so that a kill loses none.",
)  # fmt: skip
def sandbox(host: str, port: int, ledger: Path | None) -> None:
    """Serve the sandbox bank: real HTTP, a ledger, cards for every case.

    `GET /ledger?order_number=N` tells what it did with an order. Its protocol
    stands in the README of vezne-payment-sandbox.
    """
    import uvicorn

    from vezne_host.sandbox import mounted

    factories, problems = sandboxes()
    tell(problems.values())
    if problems or not factories:
        if not factories:
            click.echo("no installed distribution offers a sandbox; install vezne-payment-sandbox", err=True)
        raise SystemExit(1)
    app = mounted(factories, ledger=ledger, public_url=f"http://{host}:{port}")
    click.echo(f"sandbox of {', '.join(sorted(factories))} at http://{host}:{port}")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
