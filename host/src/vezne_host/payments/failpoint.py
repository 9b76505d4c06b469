"""Named places between claim and answer at which a test can have the process killed."""

from __future__ import annotations

import os
import signal

POINTS = (
    "before_claim", "after_claim", "after_resume", "after_charge", "before_place", "after_place",
    "after_refund_asked", "after_refund", "before_refund_settled", "after_refund_settled",
)  # fmt: skip
"""Every failpoint; a step without one fails a test."""

_ARMED = os.environ.get("VEZNE_FAILPOINT")


def failpoint(name: str) -> None:
    """Do nothing, except in a process that was started with this point armed."""
    if name == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
