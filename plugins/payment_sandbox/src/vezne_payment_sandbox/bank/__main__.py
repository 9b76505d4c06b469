"""Run the bank on its own: `python -m vezne_payment_sandbox.bank`."""

import argparse
import sys
from pathlib import Path

from vezne_payment_sandbox.bank.app import create_bank
from vezne_payment_sandbox.bank.ledger import Unreadable
from vezne_payment_sandbox.bank.serving import server

DESCRIPTION = "Serve the sandbox bank: a merchant API, 3-D Secure pages, a ledger, and switches for tests."
EPILOG = """\
example:
  python -m vezne_payment_sandbox.bank --port 8001 --ledger ledger.jsonl
  curl 'http://127.0.0.1:8001/ledger?order_number=1001'

Cards and the one-time password are in cards.toml, terminals and their secrets in terminals.toml, the protocol
in the README of vezne-payment-sandbox. /control/ obeys everybody who reaches the port: keep it on loopback.
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 2 if the bank cannot open."""
    parser = argparse.ArgumentParser(
        prog="python -m vezne_payment_sandbox.bank",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help="keep money and answers in FILE (default: in memory)",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="where browsers find this bank (default: as requested)",
    )
    parser.add_argument(
        "--hold",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a lost answer keeps its connection (60)",
    )
    parser.add_argument("--no-control", action="store_true", help="leave out /control/")
    options = parser.parse_args(arguments)
    try:
        app = create_bank(
            ledger=options.ledger,
            public_url=options.public_url,
            hold_seconds=options.hold,
            with_control=not options.no_control,
        )
    except (Unreadable, OSError) as problem:
        print(f"The bank cannot open: {problem}", file=sys.stderr)  # noqa: T201  # a command's own voice
        return 2
    bank_server = server(app, options.host, options.port)
    try:
        bank_server.run()
    except KeyboardInterrupt:
        return 0
    return 0 if bank_server.started else 2


if __name__ == "__main__":
    sys.exit(main())
