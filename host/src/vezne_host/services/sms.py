"""Core's ``Sms``: into a folder, or onto a terminal. Providers are plugins' business."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from vezne_host.services.folder import MessageFolder


class FolderSms:
    """Puts each message into a folder as a text file: the number, an empty line, the text."""

    def __init__(self, folder: Path) -> None:
        self._folder = MessageFolder(folder, ".txt")

    async def send(self, phone: str, text: str, *, id: str | None = None) -> None:
        """Write a message; under the id of an earlier one it takes its place."""
        await self._folder.put(id or uuid4().hex, f"{phone}\n\n{text}\n".encode())


class ConsoleSms:
    """Writes each message onto a terminal, for development."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    async def send(self, phone: str, text: str, *, id: str | None = None) -> None:
        """Write a message."""
        print(f"SMS to {phone}: {text}", file=self._stream, flush=True)
