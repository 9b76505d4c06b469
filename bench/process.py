"""What processes use: seconds of the processor and bytes of memory, as Linux counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return a process and all that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], ())
    return found


def seconds(pid: int) -> float:
    """Return the processor time of a process, of all that it started, and of those that have ended."""
    return sum(_ticks(pid)) / _TICK


def _ticks(pid: int) -> Iterator[int]:
    for each in family(pid):
        fields = _stat(each)
        if fields:  # user and system time, its own and that of the children it has buried
            yield sum(int(field) for field in fields[11:15])


def peak(pid: int) -> int:
    """Return the most memory that each process of a family has had, summed up, in bytes."""
    total = 0
    for each in family(pid):
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) * 1024
    return total


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name in ``/proc/PID/stat``; none when the process has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
