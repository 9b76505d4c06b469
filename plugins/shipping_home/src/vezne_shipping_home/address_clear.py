"""The page that empties the addresses."""

from __future__ import annotations

from vezne_core import BILLING_ADDRESS, DESTINATION, NoForm, Outcome, Page, PreOrder, Proceed


class AddressClearPage(Page[NoForm]):
    """Take back the addresses chosen so far."""

    independent = True
    resets = (DESTINATION, BILLING_ADDRESS)

    async def process(self, preorder: PreOrder, form: NoForm) -> Outcome:
        return Proceed()
