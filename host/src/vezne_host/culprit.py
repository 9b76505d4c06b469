"""What foreign code raised, and where: for a problem that names its author."""

from __future__ import annotations

import importlib
import traceback

_OURS = ("<frozen", importlib.__path__[0])


def told(error: BaseException, *callers: str) -> str:
    """Say what was raised, with the file and line of the foreign code.

    :param callers: files or folders of what called it; their lines are left out.
    """
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*_OURS, *callers))
    ]
    return f"{text} ({frames[-1].filename} line {frames[-1].lineno})" if frames else text
