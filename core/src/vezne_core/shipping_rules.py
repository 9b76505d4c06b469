"""The contract's kinds of availability rules, for shipping options and for payment options.

All rules of an option must pass. Every kind judges a :class:`RuleCase`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

from msgspec import Meta

from vezne_core.basket_rules import BASKET_RULES
from vezne_core.catalogue import Rule
from vezne_core.location_rules import LOCATION_RULES
from vezne_core.rule_kind import ROLES, Params, availability, code
from vezne_core.rules import Judge, Role, RuleBook, RuleType
from vezne_core.shopper_rules import SHOPPER_RULES
from vezne_core.time_rules import TIME_RULES

_NOT_THIS_ORDER = "This payment option is not available for this order."


class _Child(Params, frozen=True, kw_only=True):
    child: Rule


class _Children(Params, frozen=True, kw_only=True):
    children: Annotated[tuple[Rule, ...], Meta(min_length=1)]


def _not(role: Role, given: _Child, book: RuleBook) -> Judge:
    child = book.judge(role, given.child, "not-rule child")
    return lambda case: not child(case)


def _and(role: Role, given: _Children, book: RuleBook) -> Judge:
    children = book.judges(role, given.children, "and-rule child")
    return lambda case: all(child(case) for child in children)


def _or(role: Role, given: _Children, book: RuleBook) -> Judge:
    children = book.judges(role, given.children, "or-rule child")
    return lambda case: any(child(case) for child in children)


def _connectives(role: Role) -> Iterator[RuleType]:
    """Return the kinds made of rules; their children are rules of the same role."""
    kinds: tuple[tuple[str, type[Params], Callable[[Role, Any, RuleBook], Judge]], ...] = (
        ("not-rule", _Child, _not),
        ("and-rule", _Children, _and),
        ("or-rule", _Children, _or),
    )
    for name, params, make in kinds:
        yield RuleType(
            role=role,
            name=name,
            params=params,
            judge=partial(make, role),
            code=code(name),
            message=_NOT_THIS_ORDER,
        )


RULE_TYPES: tuple[RuleType, ...] = (
    *availability("any-rule", Params, lambda given: lambda case: True),
    *(kind for role in ROLES for kind in _connectives(role)),
    *LOCATION_RULES,
    *BASKET_RULES,
    *SHOPPER_RULES,
    *TIME_RULES,
)
"""The kinds of core, in the roles of shipping and of payment options."""
