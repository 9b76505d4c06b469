"""``python -m vezne_host``: the same as ``vezne``."""

from vezne_host.cli import main

main(prog_name="vezne")
