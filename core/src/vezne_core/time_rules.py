"""Rules over the time of the order, on the merchant's clock."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from msgspec import Meta

from vezne_core.rule_case import RuleCase
from vezne_core.rule_kind import Listed, Params, Test, availability

_NOT_NOW = "This payment option is not available at this time."

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class _Weekdays(Listed, frozen=True, kw_only=True):
    weekdays: Annotated[
        frozenset[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]],
        Meta(min_length=1),
    ]


class _Window(Params, frozen=True, kw_only=True):
    start: _Clock
    """``"09:00"``; belongs to the window."""
    end: _Clock
    """Does not belong to it; earlier than ``start`` means on the next day."""

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("`start` and `end` are the same")


class _Dates(Params, frozen=True, kw_only=True):
    start: date | None = None
    end: date | None = None
    """The last day, to its end."""

    def __post_init__(self) -> None:
        if self.start is None and self.end is None:
            raise ValueError("needs `start`, `end` or both")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("`start` is after `end`")


def _on_weekday(given: _Weekdays) -> Test:
    return lambda case: _DAYS[case.now.weekday()] in given.weekdays


def _in_window(given: _Window) -> Test:
    start, end = time.fromisoformat(given.start), time.fromisoformat(given.end)

    def within(case: RuleCase) -> bool:
        now = case.now.time()
        return start <= now < end if start < end else now >= start or now < end

    return within


def _in_dates(given: _Dates) -> Test:
    start, end = given.start or date.min, given.end or date.max
    return lambda case: start <= case.now.date() <= end


TIME_RULES = (
    *availability("weekday-rule", _Weekdays, _on_weekday, _NOT_NOW),
    *availability("time-window-rule", _Window, _in_window, _NOT_NOW),
    *availability("date-range-rule", _Dates, _in_dates, _NOT_NOW),
)
