"""What the funds transfer pages remember beside the slots of core."""

from __future__ import annotations

from vezne_core import (
    CONFIG,
    DEAL,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    Catalogue,
    PreOrder,
    Slot,
    Source,
    Value,
    World,
)
from vezne_payment_funds_transfer.account import BankAccountView, account_view, active_account


class ChosenAccount(Value, frozen=True):
    """The account the shopper will transfer to."""

    pk: int


class Reference(Value, frozen=True):
    """What the shopper states with the transfer; always filled, ``code`` only where there are codes."""

    code: str | None = None


def _show(
    chosen: ChosenAccount, preorder: PreOrder, catalogue: Catalogue, language: str
) -> BankAccountView | None:
    account = active_account(catalogue, chosen.pk)
    return account_view(account, catalogue, language) if account else None


BANK_ACCOUNT = Slot(
    "payment_funds_transfer.account", ChosenAccount, depends_on=(PAYMENT_OPTION,),
    wire="funds_transfer_bank", show=_show,
)  # fmt: skip
REFERENCE = Slot("payment_funds_transfer.reference", Reference, depends_on=(BANK_ACCOUNT, ORDER_NUMBER, DEAL))


def check_account(preorder: PreOrder, world: World) -> ChosenAccount | None:
    """Drop an account that takes no transfers any more."""
    chosen = preorder.get(BANK_ACCOUNT)
    return chosen if chosen and active_account(world.catalogue, chosen.pk) else None


ACCOUNT_CHECK = Source(BANK_ACCOUNT, check_account, reads=(CONFIG,))
