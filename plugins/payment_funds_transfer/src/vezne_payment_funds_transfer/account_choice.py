"""The page on which the account to transfer to is chosen."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from vezne_core import (
    BILLING_ADDRESS,
    CLIENT,
    CONTACT,
    DESTINATION,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    SHOPPER,
    UNPAID,
    BankAccount,
    Buyer,
    Capability,
    Catalogue,
    Client,
    ExpectedTransfer,
    Gateways,
    Junction,
    Links,
    Money,
    Numbers,
    Outcome,
    Page,
    PaymentOption,
    PreOrder,
    Proceed,
    Reject,
    Unavailable,
)
from vezne_payment_funds_transfer.account import (
    BankAccountView,
    account_view,
    active_account,
    active_accounts,
)
from vezne_payment_funds_transfer.gateway import FundsTransferGateway
from vezne_payment_funds_transfer.slot import BANK_ACCOUNT, REFERENCE, ChosenAccount, Reference

NOT_LISTED = "Please choose one of the bank accounts listed."
NO_AMOUNT = "The amount of this order cannot be transferred."
NO_CODE = "We could not prepare your transfer just now. Please try again."


class FundsTransferChoiceForm(Struct, frozen=True):
    """Key of a bank account."""

    bank_account: int


class FundsTransferChoiceContext(Struct, frozen=True):
    """The accounts that take transfers."""

    bank_accounts: list[BankAccountView]


class FundsTransferChoicePage(Page[FundsTransferChoiceForm]):
    """Choose the bank account you will transfer the amount to."""

    junction = Junction.PAYMENT
    serves = "funds_transfer"
    form = FundsTransferChoiceForm
    context_type = FundsTransferChoiceContext
    needs = (PAYMENT_OPTION,)
    fills = (BANK_ACCOUNT, ORDER_NUMBER, REFERENCE)
    post_order = True

    def __init__(self, catalogue: Catalogue, gateways: Gateways, numbers: Numbers, links: Links) -> None:
        self._catalogue = catalogue
        self._gateways = gateways
        self._numbers = numbers
        self._links = links

    async def preset(self, preorder: PreOrder) -> FundsTransferChoiceForm | None:
        """Choose where there is no choice: the account chosen before, or the only one without a POS.

        The first happens when the deal has changed and with it the code.
        """
        chosen = preorder.get(BANK_ACCOUNT)
        if chosen is not None:
            return FundsTransferChoiceForm(chosen.pk)
        accounts = active_accounts(self._catalogue)
        if len(accounts) == 1 and not self._names_pos(preorder):
            return FundsTransferChoiceForm(accounts[0].pk)
        return None

    def _names_pos(self, preorder: PreOrder) -> bool:
        """Tell whether the option names a gateway other than this plugin's: the contract's POS slug."""
        option = self._catalogue.get(PaymentOption, preorder.require(PAYMENT_OPTION).pk)
        return option is not None and option.gateway not in (None, FundsTransferGateway.name)

    async def context(self, preorder: PreOrder) -> FundsTransferChoiceContext:
        """List the accounts that take transfers."""
        language = (preorder.get(CLIENT) or Client()).language
        return FundsTransferChoiceContext(
            [account_view(each, self._catalogue, language) for each in active_accounts(self._catalogue)]
        )

    async def process(self, preorder: PreOrder, form: FundsTransferChoiceForm) -> Outcome:
        """Take the account, give the order its number and the transfer its code."""
        account = active_account(self._catalogue, form.bank_account)
        if account is None:
            return Reject({"bank_account": [NOT_LISTED]})
        unpaid = preorder.get(UNPAID)
        if unpaid is None or unpaid.amount < Money.zero(unpaid.amount.currency):
            return Reject.because(NO_AMOUNT)
        number = preorder.get(ORDER_NUMBER) or self._numbers.fresh()
        try:
            code = await self._code(preorder, account, number, unpaid.amount)
        except Unavailable:
            return Reject.because(NO_CODE)
        return Proceed(
            BANK_ACCOUNT.fill(ChosenAccount(account.pk)),
            ORDER_NUMBER.fill(number),
            REFERENCE.fill(Reference(code)),
        )

    async def _code(self, preorder: PreOrder, account: BankAccount, number: str, amount: Money) -> str | None:
        gateway = self._gateways.of(preorder)
        if gateway is None or Capability.REFERENCE_CODES not in gateway.capabilities:
            return None
        contact, shopper = preorder.get(CONTACT), preorder.get(SHOPPER)
        destination = preorder.get(DESTINATION)
        return await gateway.reference_code(
            ExpectedTransfer(
                order_number=number,
                amount=amount,
                buyer=Buyer(email=contact.email if contact else "", user=shopper.user if shopper else None),
                shipping_address=destination.address if destination else None,
                billing_address=preorder.get(BILLING_ADDRESS),
                account=account.iban,
                site=urlsplit(self._links.path("/")).hostname or "",
            )
        )
