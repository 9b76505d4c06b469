"""A folder that messages are put into, each whole or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4


class MessageFolder:
    """Keeps one file per message; the same message put again takes the place of the first."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.path = folder
        self._suffix = suffix

    async def put(self, id: str, content: bytes) -> Path:
        """Write a message and return its file."""
        return await asyncio.to_thread(self._write, f"{quote(id, safe='')}{self._suffix}", content)

    def _write(self, name: str, content: bytes) -> Path:
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f".{uuid4().hex}.part"
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return unfinished.replace(self.path / name)
        finally:
            unfinished.unlink(missing_ok=True)
