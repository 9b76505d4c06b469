"""Who must be named by an identity number before so much is shipped."""

from __future__ import annotations

from stdnum.tr import tckimlik

from vezne_core import BASKET, CONFIG, Address, Catalogue, Country, PreOrder, totals

MISSING = "An identity number is required in the shipping address for an order of this amount."
INVALID = "The identity number of the shipping address is not valid."


def identity_error(preorder: PreOrder, address: Address, catalogue: Catalogue) -> str | None:
    """Return what is wrong with the identity number of a shipping address, or None.

    One is needed when the total with interest is above
    IDENTITY_NUMBER_REQUIRED_AMOUNT. In Turkey it is a T.C. kimlik number;
    other countries number their people otherwise, there it must be given.
    """
    limit = preorder.require(CONFIG).checkout.IDENTITY_NUMBER_REQUIRED_AMOUNT
    if limit is None:
        return None
    sums = totals(preorder)
    total = sums.with_interest if sums else preorder.require(BASKET).total
    if total.amount <= limit:
        return None
    number = (address.identity_number or "").strip()
    if not number:
        return MISSING
    country = catalogue.get(Country, address.country)
    turkish = country is not None and country.code.lower() == "tr"
    return INVALID if turkish and not tckimlik.is_valid(number) else None
