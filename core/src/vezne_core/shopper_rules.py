"""Rules over who is buying."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from vezne_core.rule_kind import Bounds, Listed, Params, Test, availability


class _Segments(Listed, frozen=True, kw_only=True):
    segments: Annotated[frozenset[str], Meta(min_length=1)]


class _Membership(Params, frozen=True, kw_only=True):
    membership: Literal["registered", "guest"]


def _in_segment(given: _Segments) -> Test:
    return lambda case: not given.segments.isdisjoint(case.shopper.segments)


def _of_membership(given: _Membership) -> Test:
    guest = given.membership == "guest"
    return lambda case: case.shopper.is_guest is guest


def _ordered_before(given: Bounds) -> Test:
    return lambda case: given.hold(case.shopper.orders)


SHOPPER_RULES = (
    *availability(
        "user-segment-rule",
        _Segments,
        _in_segment,
        "This payment option is not available for your customer group.",
    ),
    *availability(
        "user-membership-rule",
        _Membership,
        _of_membership,
        "This payment option depends on whether you are signed in.",
    ),
    *availability(
        "user-order-history-rule",
        Bounds,
        _ordered_before,
        "This payment option depends on your earlier orders.",
    ),
)
