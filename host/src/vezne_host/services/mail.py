"""Core's ``Mail``: into a folder, or onto a terminal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from vezne_host.services.folder import MessageFolder

SENDER = "no-reply@localhost"


def compose(sender: str, to: str, subject: str, text: str, id: str) -> EmailMessage:
    """Write a message of plain text; the same id gives the same Message-ID.

    :raises ValueError: an address is none, or the subject has several lines.
    """
    if "@" not in to:
        raise ValueError("not an e-mail address")
    message = EmailMessage(policy=SMTPUTF8)
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


class FolderMail:
    """Puts each message into a folder as an ``.eml`` file that mail programs open."""

    def __init__(self, folder: Path, sender: str = SENDER) -> None:
        self._folder = MessageFolder(folder, ".eml")
        self._sender = sender

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        """Write a message; under the id of an earlier one it takes its place."""
        id = id or uuid4().hex
        await self._folder.put(id, compose(self._sender, to, subject, text, id).as_bytes())


class ConsoleMail:
    """Writes each message onto a terminal, for development."""

    def __init__(self, stream: TextIO | None = None, sender: str = SENDER) -> None:
        self._stream = stream or sys.stderr
        self._sender = sender

    async def send(self, to: str, subject: str, text: str, *, id: str | None = None) -> None:
        """Write a message."""
        compose(self._sender, to, subject, text, id or uuid4().hex)  # refuses what a mail server would
        print(f"To: {to}\nSubject: {subject}\n\n{text}\n", file=self._stream, flush=True)
