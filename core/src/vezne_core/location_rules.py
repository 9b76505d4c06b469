"""Rules over the address that the goods go to (contract: objects, Location rules)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from vezne_core.rule_case import RuleCase
from vezne_core.rule_kind import Listed, Test, availability

_Keys = Annotated[frozenset[int], Meta(min_length=1)]

_ELSEWHERE = "This payment option is not available for this delivery address."


class _Countries(Listed, frozen=True, kw_only=True):
    countries: _Keys


class _Cities(Listed, frozen=True, kw_only=True):
    cities: _Keys


class _Townships(Listed, frozen=True, kw_only=True):
    townships: _Keys


class _Districts(Listed, frozen=True, kw_only=True):
    districts: _Keys


class _PostalCodes(Listed, frozen=True, kw_only=True):
    postal_codes: Annotated[tuple[str, ...], Meta(min_length=1)]


def _among(place: str, keys: frozenset[int]) -> Test:
    # Without an address nothing matches, so that `exclude` stays the exact opposite.
    def lies(case: RuleCase) -> bool:
        return case.destination is not None and getattr(case.destination, place) in keys

    return lies


def _normal(postal_code: str) -> str:
    """Drop what people write differently: ``sw1a 1aa`` is ``SW1A1AA``."""
    return "".join(postal_code.split()).replace("-", "").upper()


def _posted(given: _PostalCodes) -> Test:
    codes = frozenset(map(_normal, given.postal_codes))

    def lies(case: RuleCase) -> bool:
        return case.destination is not None and _normal(case.destination.postcode or "") in codes

    return lies


LOCATION_RULES = (
    *availability("country-rule", _Countries, lambda given: _among("country", given.countries), _ELSEWHERE),
    *availability("city-rule", _Cities, lambda given: _among("city", given.cities), _ELSEWHERE),
    *availability("township-rule", _Townships, lambda given: _among("township", given.townships), _ELSEWHERE),
    *availability("district-rule", _Districts, lambda given: _among("district", given.districts), _ELSEWHERE),
    *availability("postal-code-rule", _PostalCodes, _posted, _ELSEWHERE),
)
