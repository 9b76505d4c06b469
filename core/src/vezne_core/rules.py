"""Kinds of rules that a merchant configures by name, and how they are made ready.

A rule type turns its parameters into a judge once, when the configuration is
loaded; a request only calls judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from vezne_core.errors import Problem, Refused

Judge = Callable[[Any], Any]


class Role(Enum):
    """What a rule type is for; names are unique within a role."""

    SHIPPING = "shipping rule"
    PAYMENT = "payment rule"
    CALCULATOR = "calculator"
    INSTALLMENT_FILTER = "installment filter"
    THREE_D = "3-D Secure rule"
    CONDITION = "offer condition"
    BENEFIT = "offer benefit"


class RuleType(Struct, frozen=True, kw_only=True):
    """A kind of rule.

    :param params: struct of its parameters; let it forbid unknown fields.
    :param judge: ``judge(params, book)`` returns what is called per request;
        ``book`` makes the judges of nested rules.
    :param code: names the reason when an availability rule fails.
    :param message: what a shopper is told then.
    """

    role: Role
    name: str
    params: type[Struct]
    judge: Callable[[Any, RuleBook], Judge]
    code: str = ""
    message: str = ""


class RuleBook:
    """The rule types of one merchant, by role and name.

    :raises Refused: two types of one role share a name.
    """

    def __init__(self, types: Iterable[RuleType]) -> None:
        self._types: dict[tuple[Role, str], RuleType] = {}
        problems = []
        for kind in types:
            if (kind.role, kind.name) in self._types:
                problems.append(Problem(f"{kind.role.value} {kind.name}", "is registered twice"))
            self._types[kind.role, kind.name] = kind
        if problems:
            raise Refused(problems)

    def type(self, role: Role, name: str) -> RuleType | None:
        """Return a rule type, or None."""
        return self._types.get((role, name))

    def judge(self, role: Role, config: Mapping[str, Any], place: str = "rule") -> Judge:
        """Make a configured rule ready.

        :param config: ``slug`` and the parameters of the kind.
        :raises Refused: the kind is unknown or its parameters are wrong.
        """
        params = dict(config)
        name = str(params.pop("slug", ""))
        kind = self.type(role, name)
        if kind is None:
            known = ", ".join(sorted(n for r, n in self._types if r is role))
            raise Refused([Problem(place, f"{name!r} is no {role.value}", f"known: {known}")])
        try:
            decoded = msgspec.convert(params, kind.params, strict=False)
        except msgspec.ValidationError as error:
            raise Refused([Problem(f"{place}, {role.value} {name}", str(error))]) from None
        try:
            return kind.judge(decoded, self)
        except Refused as refused:  # of nested rules: say inside which one
            raise Refused(
                Problem(f"{place}, {problem.place}", problem.fact, problem.remedy)
                for problem in refused.problems
            ) from None

    def judges(
        self, role: Role, configs: Iterable[Mapping[str, Any]], place: str = "rule"
    ) -> tuple[Judge, ...]:
        """Make several configured rules ready, in their order.

        :raises Refused: everything that is wrong with any of them, at once.
        """
        made: list[Judge] = []
        problems: list[Problem] = []
        for number, config in enumerate(configs, start=1):
            try:
                made.append(self.judge(role, config, f"{place} {number}"))
            except Refused as refused:
                problems += refused.problems
        if problems:
            raise Refused(problems)
        return tuple(made)
