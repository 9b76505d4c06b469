"""``vezne flow``: the map of a merchant's checkout."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from vezne_host.cli.option import config_option, configuration, tell


@click.command()
@config_option
@click.option("--merchant", required=True, metavar="NAME")
@click.option(
    "--format", "form", type=click.Choice(["text", "mermaid", "json"]), default="text", show_default=True
)
def flow(config: Path, merchant: str, form: str) -> None:
    """Show junctions, pages, what each needs and fills, and what depends on what."""
    from vezne_host.inspection import inspected
    from vezne_host.map import as_mermaid, as_text, mapped

    assembled = asyncio.run(inspected(configuration(config), None))
    runtime = assembled.runtimes.get(merchant)
    if runtime is None:
        tell(assembled.refused.get(merchant, ()))
        known = ", ".join(assembled.runtimes) or "none"
        click.echo(f"there is no merchant {merchant} that serves; these do: {known}", err=True)
        raise SystemExit(1)
    drawn = mapped(runtime)
    if form == "json":
        click.echo(json.dumps(drawn, indent=2))
    else:
        click.echo(as_mermaid(drawn) if form == "mermaid" else as_text(drawn))
