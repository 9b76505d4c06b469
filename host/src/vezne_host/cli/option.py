"""Options that several commands take, and how problems are told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from vezne_core import Problem, Refused
from vezne_host.config import Configuration, load

F = TypeVar("F", bound=Callable[..., Any])

CONFIG = "VEZNE_CONFIG"


def config_option(command: F) -> F:
    """Add ``--config``."""
    return click.option(
        "--config", "config", type=click.Path(path_type=Path, dir_okay=False), default=Path("plugins.toml"),
        envvar=CONFIG, show_default=True, show_envvar=True, help="The file that names merchants and plugins.",
    )(command)  # fmt: skip


def database_option(command: F) -> F:
    """Add ``--database-url``."""
    return click.option(
        "--database-url", envvar="VEZNE_DATABASE_URL", show_envvar=True, metavar="URL",
        help="PostgreSQL, as postgresql://user:password@host/name. Without it the embedded one is started.",
    )(command)  # fmt: skip


def redis_option(command: F) -> F:
    """Add ``--redis-url``."""
    return click.option(
        "--redis-url", envvar="VEZNE_REDIS_URL", show_envvar=True, metavar="URL",
        help="Redis or Valkey, as redis://host:port/0. Without it the embedded one is started.",
    )(command)  # fmt: skip


def merchant_option(command: F) -> F:
    """Add ``--merchant``."""
    return click.option("--merchant", metavar="NAME", help="Only this merchant.")(command)


def configuration(path: Path) -> Configuration:
    """Read plugins.toml, or end with every problem and exit code 1."""
    try:
        return load(path, os.environ)
    except Refused as refused:
        tell(refused.problems)
        raise SystemExit(1) from None


def tell(problems: Iterable[Problem]) -> None:
    """Print problems: place, fact, remedy."""
    for problem in problems:
        click.secho(f"✗ {problem.place}", fg="red", err=True)
        click.echo(f"    {problem.fact}", err=True)
        if problem.remedy:
            click.echo(f"    → {problem.remedy}", err=True)


def fail(problem: Problem) -> SystemExit:
    """Print one problem; raise what this returns."""
    tell([problem])
    return SystemExit(1)


def messages_option(command: F) -> F:
    """Add ``--messages``."""
    from vezne_host.storage.embedded import default_folder

    return click.option(
        "--messages", type=click.Path(path_type=Path, file_okay=False), envvar="VEZNE_MESSAGES",
        default=lambda: default_folder() / "messages", show_envvar=True, metavar="FOLDER",
        help="Where mails and text messages are put. [default: messages, beside the embedded servers]",
    )(command)  # fmt: skip
