"""The page that tells how to transfer the money, and takes the order."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import (
    BASKET,
    CLIENT,
    ORDER_NUMBER,
    UNPAID,
    Agreement,
    Catalogue,
    Client,
    Outcome,
    Page,
    Pay,
    PreOrder,
)
from vezne_payment_funds_transfer.account import BankAccountView, account_view, active_account
from vezne_payment_funds_transfer.slot import BANK_ACCOUNT, REFERENCE


class FundsTransferForm(Struct, frozen=True):
    """The agreement to the terms."""

    agreement: Agreement


class FundsTransferContext(Struct, frozen=True):
    """Where to transfer how much, and what to state with it."""

    bank_account: BankAccountView | None
    order_number: str | None
    reference_code: str | None
    total_amount: str | None
    """What is to be transferred."""
    currency: str


class FundsTransferPage(Page[FundsTransferForm]):
    """See where to transfer the amount, and place the order."""

    form = FundsTransferForm
    context_type = FundsTransferContext
    needs = (BANK_ACCOUNT,)
    pays = True
    post_order = True

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def context(self, preorder: PreOrder) -> FundsTransferContext:
        """Tell the payment instructions."""
        language = (preorder.get(CLIENT) or Client()).language
        account = active_account(self._catalogue, preorder.require(BANK_ACCOUNT).pk)
        reference, unpaid = preorder.get(REFERENCE), preorder.get(UNPAID)
        return FundsTransferContext(
            bank_account=account_view(account, self._catalogue, language) if account else None,
            order_number=preorder.get(ORDER_NUMBER),
            reference_code=reference.code if reference else None,
            total_amount=unpaid.amount.wire if unpaid else None,
            currency=preorder.require(BASKET).currency,
        )

    async def process(self, preorder: PreOrder, form: FundsTransferForm) -> Outcome:
        """Take the order; it waits for its money."""
        reference = preorder.get(REFERENCE)
        return Pay(transfer_code=reference.code if reference else None)
