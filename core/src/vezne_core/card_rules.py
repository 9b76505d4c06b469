"""The contract's rules about cards: INSTALLMENT_FILTERS and THREE_D_SECURE_RULES.

Both are configured as ``{klass, …}`` and matched by the last part of ``klass``
(contract: decisions, "`klass` of rules and filters"). Their judges are pure: a
case carries everything they look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from vezne_core.catalogue import Card, Installment
from vezne_core.money import Money
from vezne_core.outcome import Message, Text
from vezne_core.rules import Judge, Role, RuleBook, RuleType
from vezne_core.world import Basket, BasketLine, Shopper

_P = TypeVar("_P", bound=Struct)

_Count = Annotated[int, Meta(ge=1)]

_SINGLE_ONLY = "Installments are not available for this order."
_AT_MOST = "Up to {n} installments are available for this order."

_MASTERPASS = frozenset({"masterpass", "masterpass_rest"})


def _check_range(lower: Decimal, upper: Decimal | None = None) -> None:
    """Refuse amounts that are none: msgspec takes ``inf`` and cannot constrain a Decimal.

    :raises ValueError: with the reason.
    """
    for amount in (lower, upper):
        if amount is not None and not (amount.is_finite() and amount >= 0):
            raise ValueError(f"{amount} is no amount")
    if upper is not None and upper < lower:
        raise ValueError(f"{lower} is above {upper}")


# Installment filters.


class InstallmentCase(Struct, frozen=True, kw_only=True):
    """What an installment filter looks at."""

    basket: Basket
    amount: Money
    """The basket less its discounts."""
    installments: tuple[Installment, ...]
    """What earlier filters left of the card's installments."""
    card: Card | None = None
    email: str | None = None
    segments: frozenset[str] = frozenset()
    offers: frozenset[int] = frozenset()
    """Offers that give something to this basket."""


class Filtered(Struct, frozen=True, kw_only=True):
    """What a filter leaves, what it tells the shopper, and whether it has the last word."""

    options: tuple[Installment, ...]
    messages: tuple[Text, ...] = ()
    final: bool = False


def apply_filters(case: InstallmentCase, filters: Iterable[Judge]) -> Filtered:
    """Run filters in their order until one is final; each sees what the earlier ones left.

    A filter can only take options away.
    """
    messages: list[Text] = []
    for judge in filters:
        found: Filtered = judge(case)
        left = tuple(option for option in case.installments if option in found.options)
        case = msgspec.structs.replace(case, installments=left)
        messages += [message for message in found.messages if message not in messages]
        if found.final:
            break
    return Filtered(options=case.installments, messages=tuple(messages))


class InstallmentLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of every filter. One payment at once is never taken away."""

    max_installment: _Count
    message: str = ""
    """The merchant's own words for the shopper, in place of the usual ones."""


class _Categories(InstallmentLimit, frozen=True, kw_only=True):
    categories: frozenset[str]


class _CategoryPrices(_Categories, frozen=True, kw_only=True):
    min_price: Decimal = Decimal(0)
    max_price: Decimal | None = None

    def __post_init__(self) -> None:
        _check_range(self.min_price, self.max_price)


class _Attribute(InstallmentLimit, frozen=True, kw_only=True):
    attribute: str
    value: str | bool | int | float


class _Amounts(InstallmentLimit, frozen=True, kw_only=True):
    min_amount: Decimal = Decimal(0)
    max_amount: Decimal | None = None

    def __post_init__(self) -> None:
        _check_range(self.min_amount, self.max_amount)


class _Segments(InstallmentLimit, frozen=True, kw_only=True):
    segments: frozenset[str]


class _Offers(InstallmentLimit, frozen=True, kw_only=True):
    offers: frozenset[int]


class _Currencies(InstallmentLimit, frozen=True, kw_only=True):
    currencies: frozenset[str]


def _filter(
    name: str,
    params: type[_P],
    concerns: Callable[[_P, InstallmentCase], bool],
    *,
    final: bool = False,
) -> RuleType:
    """Make a filter kind that caps the number of installments of the cases it concerns."""

    def ready(limit: Any, book: RuleBook) -> Judge:
        most = limit.max_installment
        message = limit.message or (_SINGLE_ONLY if most == 1 else Message(_AT_MOST, {"n": most}))

        def judge(case: InstallmentCase) -> Filtered:
            if not concerns(limit, case):
                return Filtered(options=case.installments)
            left = tuple(option for option in case.installments if option.installment_count <= most)
            said = (message,) if len(left) < len(case.installments) else ()
            return Filtered(options=left, messages=said, final=final)

        return judge

    return RuleType(role=Role.INSTALLMENT_FILTER, name=name, params=params, judge=ready)


def _within(amount: Decimal, lower: Decimal, upper: Decimal | None) -> bool:
    return lower <= amount and (upper is None or amount <= upper)


def _same_text(wanted: Any, found: Any) -> bool:
    """Compare as text: attributes come from feeds as ``true``, ``"true"`` or ``1``."""
    if isinstance(found, list | tuple):
        return any(_same_text(wanted, item) for item in found)
    return found is not None and str(wanted).casefold() == str(found).casefold()


def _in_category(limit: _Categories, line: BasketLine) -> bool:
    return line.product.category in limit.categories


def _category(limit: _Categories, case: InstallmentCase) -> bool:
    return any(_in_category(limit, line) for line in case.basket.lines)


def _category_price(limit: _CategoryPrices, case: InstallmentCase) -> bool:
    return any(
        _in_category(limit, line) and _within(line.unit_price.amount, limit.min_price, limit.max_price)
        for line in case.basket.lines
    )


def _commercial(limit: InstallmentLimit, case: InstallmentCase) -> bool:
    return case.card is not None and case.card.is_commercial


def _product_attribute(limit: _Attribute, case: InstallmentCase) -> bool:
    return any(
        _same_text(limit.value, line.product.attributes.get(limit.attribute)) for line in case.basket.lines
    )


def _basket_attribute(limit: _Attribute, case: InstallmentCase) -> bool:
    return _product_attribute(limit, case) or any(
        _same_text(limit.value, line.attributes.get(limit.attribute)) for line in case.basket.lines
    )


INSTALLMENT_FILTER_TYPES: tuple[RuleType, ...] = (
    _filter("CategoryInstallmentFilter", _Categories, _category),
    _filter("CategorySpecialInstallmentFilter", _CategoryPrices, _category_price),
    _filter("CommerceCardInstallmentFilter", InstallmentLimit, _commercial, final=True),
    _filter(
        "CategorySpecialInstallmentCommerceCardFilter", _CategoryPrices,
        lambda limit, case: _commercial(limit, case) and _category_price(limit, case),
    ),
    _filter("ProductInstallmentFilter", _Attribute, _product_attribute),
    _filter("AttributeFilter", _Attribute, _basket_attribute),
    _filter(
        "AmountInstallmentFilter", _Amounts,
        lambda limit, case: _within(case.amount.amount, limit.min_amount, limit.max_amount),
    ),
    _filter(
        "SegmentInstallmentFilter", _Segments, lambda limit, case: bool(limit.segments & case.segments)
    ),
    _filter("CampaignInstallmentFilter", _Offers, lambda limit, case: bool(limit.offers & case.offers)),
    _filter(
        "CurrencyInstallmentFilter", _Currencies,
        lambda limit, case: case.basket.currency in {code.upper() for code in limit.currencies},
    ),
)  # fmt: skip


# 3-D Secure rules.


class TrialLimit(Struct, frozen=True):
    """So many declined payments of one e-mail or address within so many minutes."""

    by: Literal["email", "ip"]
    limit: _Count
    minutes: _Count


class ThreeDCase(Struct, frozen=True, kw_only=True):
    """What a 3-D Secure rule looks at."""

    gateway: str
    payment_type: str
    shopper: Shopper
    total: Money
    """What would be charged, with interest."""
    card: Card | None = None
    bin_number: str = ""
    email: str | None = None
    ip: str = ""
    use_three_d: bool | None = None
    """The shopper's wish."""
    spent: frozenset[TrialLimit] = frozenset()
    """Those of the asked limits that this e-mail or address has reached."""


class TrialRule:
    """Requires 3-D Secure once a limit of declined payments is reached.

    ``trials`` tells who keeps the counters what to count; a judge of a
    third party may have it too.
    """

    __slots__ = ("trials",)

    def __init__(self, limit: TrialLimit) -> None:
        self.trials = (limit,)

    def __call__(self, case: ThreeDCase) -> bool:
        """Tell whether the limit is reached."""
        return any(limit in case.spent for limit in self.trials)


def trials_of(rules: Iterable[Judge]) -> frozenset[TrialLimit]:
    """Return the limits whose counters these rules want to know."""
    return frozenset(limit for rule in rules for limit in getattr(rule, "trials", ()))


class _Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _AmountLimit(Struct, frozen=True, forbid_unknown_fields=True):
    limit: Decimal

    def __post_init__(self) -> None:
        _check_range(self.limit)


class _PosSlugs(Struct, frozen=True, forbid_unknown_fields=True):
    pos_slugs: frozenset[str]


class _Trials(Struct, frozen=True, forbid_unknown_fields=True):
    limit: _Count
    minutes: _Count


class _PaymentCurrencies(Struct, frozen=True, forbid_unknown_fields=True):
    currencies: frozenset[str]


def _rule(name: str, params: type[_P], holds: Callable[[_P, ThreeDCase], bool]) -> RuleType:
    def ready(decoded: Any, book: RuleBook) -> Judge:
        return lambda case: holds(decoded, case)

    return RuleType(role=Role.THREE_D, name=name, params=params, judge=ready)


def _trial_rule(name: str, by: Literal["email", "ip"]) -> RuleType:
    def ready(decoded: Any, book: RuleBook) -> Judge:
        return TrialRule(TrialLimit(by, decoded.limit, decoded.minutes))

    return RuleType(role=Role.THREE_D, name=name, params=_Trials, judge=ready)


THREE_D_RULE_TYPES: tuple[RuleType, ...] = (
    _rule("amount_limit", _AmountLimit, lambda rule, case: case.total.amount > rule.limit),
    _rule(
        "masterpass_amount_limit", _AmountLimit,
        lambda rule, case: case.payment_type in _MASTERPASS and case.total.amount > rule.limit,
    ),
    _rule("check_pos_slug_three_d_only", _PosSlugs, lambda rule, case: case.gateway in rule.pos_slugs),
    _trial_rule("trial_limit_per_user_email", "email"),
    _trial_rule("trial_limit_per_remote_addr", "ip"),
    _rule("only_guest_user", _Nothing, lambda rule, case: case.shopper.is_guest),
    # A guest has no orders that anybody knows of.
    _rule("is_first_order", _Nothing, lambda rule, case: case.shopper.orders == 0),
    _rule(
        "payment_currency", _PaymentCurrencies,
        lambda rule, case: case.total.currency in {code.upper() for code in rule.currencies},
    ),
)  # fmt: skip

CARD_RULES: tuple[RuleType, ...] = (*INSTALLMENT_FILTER_TYPES, *THREE_D_RULE_TYPES)
"""What the host registers on every merchant's behalf."""
