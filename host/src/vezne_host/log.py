"""Structured logs: one line an event, no values of local variables, nothing secret."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(*, console: bool | None = None, level: int = logging.INFO) -> None:
    """Write events to stderr: as JSON, or readable where somebody is looking.

    Tracebacks never show local variables: one of them may hold a card.
    """
    readable = sys.stderr.isatty() if console is None else console
    shown: list[structlog.typing.Processor]
    if readable:
        shown = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    else:
        without_locals = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shown = [
            structlog.processors.ExceptionRenderer(without_locals),
            structlog.processors.JSONRenderer(),
        ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
