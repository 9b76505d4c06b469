"""``vezne plugins``: what is enabled, and what it brought."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click
import msgspec

from vezne_core import Settings
from vezne_host.cli.option import config_option, configuration, merchant_option, tell
from vezne_host.discovery import Installed
from vezne_host.runtime import MerchantRuntime


@click.command()
@config_option
@merchant_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins(config: Path, merchant: str | None, as_json: bool) -> None:
    """Show the enabled plugins of each merchant: version, API, hooks, pages, settings."""
    from vezne_host.inspection import inspected

    assembled = asyncio.run(inspected(configuration(config), None))
    tell(assembled.problems)
    shown = {
        name: [_described(runtime, plugin) for plugin in runtime.plugins]
        for name, runtime in assembled.runtimes.items()
        if merchant in (None, name)
    }
    if as_json:
        click.echo(json.dumps(shown, indent=2))
    else:
        for name, several in shown.items():
            click.secho(name, bold=True)
            for one in several:
                _print(one)
    if merchant and merchant not in shown:
        click.echo(f"there is no merchant {merchant} that serves", err=True)
        raise SystemExit(1)


def _described(runtime: MerchantRuntime, name: str) -> dict[str, Any]:
    plugin = runtime.plugins[name]
    installed: Installed | None = runtime.installed.get(name)
    return {
        "name": name,
        "about": (type(plugin).__doc__ or "").strip().splitlines()[0],
        "distribution": installed.distribution if installed else "vezne-host",
        "version": installed.version if installed else None,
        "api": ".".join(map(str, plugin.api)),
        "hooks": sorted(hook for hook in dir(type(plugin)) if hook.startswith("vezne_")),
        "pages": [p.name for c in runtime.flow.chains if c.plugin == name for p in c.pages],
        "settings": _settings(plugin.settings),
    }


def _settings(settings: Settings) -> dict[str, str]:
    """Name the settings with their type; values may be secret and are not shown."""
    return {info.encode_name: str(info.type) for info in msgspec.structs.fields(settings)}


def _print(one: dict[str, Any]) -> None:
    version = f" {one['version']}" if one["version"] else ""
    click.echo(f"  {one['name']}  ({one['distribution']}{version}, API {one['api']})")
    click.echo(f"    {one['about']}")
    for key in ("hooks", "pages"):
        if one[key]:
            click.echo(f"    {key}: {', '.join(one[key])}")
    if one["settings"]:
        click.echo(f"    settings: {', '.join(one['settings'])}")
