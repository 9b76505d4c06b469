"""The command ``vezne``."""

from __future__ import annotations

import click

from vezne_host.cli.check import check
from vezne_host.cli.db import db
from vezne_host.cli.demo import demo
from vezne_host.cli.events import events
from vezne_host.cli.flow import flow
from vezne_host.cli.operator import operator
from vezne_host.cli.order import order
from vezne_host.cli.outbox import outbox
from vezne_host.cli.payment import payment
from vezne_host.cli.plugins import plugins
from vezne_host.cli.sandbox import sandbox
from vezne_host.cli.serve import serve
from vezne_host.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vezne-host", prog_name="vezne")
def main() -> None:
    """Vezne, a checkout server built from plugins.

    Try it: `vezne demo --walk` drives one whole checkout with a card and 3-D
    Secure against real servers, and shows every step.
    """


for command in (
    demo, serve, worker, sandbox, check, plugins, flow, db, order, payment, outbox, events, operator,
):  # fmt: skip
    main.add_command(command)
