"""Hold together what one bank consists of."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from vezne_payment_sandbox.bank.accounts import Accounts
from vezne_payment_sandbox.bank.cards import catalogue
from vezne_payment_sandbox.bank.faults import Faults
from vezne_payment_sandbox.bank.journal import Journal
from vezne_payment_sandbox.bank.ledger import Ledger
from vezne_payment_sandbox.bank.notices import Notices
from vezne_payment_sandbox.bank.replies import Call, Replies
from vezne_payment_sandbox.bank.sessions import Sessions


class Bank:
    """One bank: its terminals, books, and the switches of the control API."""

    def __init__(
        self,
        terminals: Mapping[str, str],
        ledger: Path | None,
        public_url: str | None,
        hold_seconds: float,
        challenge_seconds: int,
    ) -> None:
        self.terminals = dict(terminals)
        self.public_url = public_url.rstrip("/") if public_url else None
        self.hold_seconds = hold_seconds
        self.closing = asyncio.Event()
        self.journal = Journal()
        self.faults = Faults()
        self.replies = Replies()
        self.notices = Notices(self.terminals)
        self.ledger = Ledger(ledger)
        self.accounts = Accounts(catalogue(), self.ledger, self.notices, challenge_seconds)
        self.sessions = Sessions(self.accounts)
        entries = self.ledger.load()
        self.accounts.restore(entries)
        for given in (entry.answer for entry in entries if entry.answer is not None):
            call = Call(given.terminal, given.operation, given.key, given.digest)
            self.replies.restore(call, bytes(given.body))

    async def reset(self) -> None:
        """Become a bank on its first day, also on disk."""
        self.notices.clear()
        self.faults.waiting.clear()
        self.journal.seen.clear()
        self.replies.clear()
        self.accounts.clear()
        self.sessions.clear()
        await self.ledger.clear()

    async def close(self) -> None:
        """Let go of every held connection and stop telling merchants."""
        self.closing.set()
        await self.notices.close()
