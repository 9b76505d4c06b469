"""Who must be named by an identity number before so much is charged."""

from __future__ import annotations

from stdnum.tr import tckimlik

from vezne_core import CONFIG, DESTINATION, GENERAL, Catalogue, Country, Errors, PreOrder, totals

MISSING = "An identity number is required in the shipping address for an order of this amount."
INVALID = "The identity number of the shipping address is not valid."


def identity_fault(preorder: PreOrder, catalogue: Catalogue) -> Errors:
    """Return what is wrong with the identity number of the shipping address.

    The contract checks it here again, because installments add interest: one is
    needed when the total with interest is above IDENTITY_NUMBER_REQUIRED_AMOUNT.
    The address of a store or a pickup point is nobody's and has none.
    """
    limit = preorder.require(CONFIG).checkout.IDENTITY_NUMBER_REQUIRED_AMOUNT
    sums, destination = totals(preorder), preorder.get(DESTINATION)
    if limit is None or sums is None or sums.with_interest.amount <= limit:
        return {}
    if destination is None or destination.address.pk is None:
        return {}
    number = (destination.address.identity_number or "").strip()
    if not number:
        return {GENERAL: [MISSING]}
    country = catalogue.get(Country, destination.address.country)
    turkish = country is not None and country.code.lower() == "tr"
    return {GENERAL: [INVALID]} if turkish and not tckimlik.is_valid(number) else {}
