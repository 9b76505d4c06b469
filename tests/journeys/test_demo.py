"""The first command of the README."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from vezne_host.testing.house import free_port

ROOT = Path(__file__).parents[2]


def demo(database_url: str, redis_url: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable, "-m", "vezne_host", "demo", "--walk", "--database-url", database_url,
        "--redis-url", redis_url, "--port", str(free_port()), "--sandbox-port", str(free_port()), *options,
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_demo_walks_one_checkout_and_tells_every_page(
    fresh_database: Callable[[], AbstractContextManager[str]], session_redis_url: str
) -> None:
    with fresh_database() as database_url:
        result = demo(database_url, session_redis_url)
        assert result.returncode == 0, result.stdout + result.stderr
        told = result.stdout
        for page in ("IndexPage", "AddressSelectionPage", "CreditCardConfirmationPage", "ThankYouPage"):
            assert page in told
        assert "types 000000" in told
        assert "types 123456" in told
        assert re.search(r"Order [0-9]{13}: [0-9]+\.[0-9]{2} TL", told)
        assert "5421190000000009" not in told + result.stderr

        again = demo(database_url, session_redis_url, "--keep")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "loading the demo shop" not in again.stdout
