"""Bank accounts of the merchant, as shoppers see them."""

from __future__ import annotations

from msgspec import Struct

from vezne_core import Bank, BankAccount, Catalogue


class BankView(Struct, frozen=True):
    """The bank of an account."""

    pk: int
    name: str
    slug: str
    logo: str | None


class BankAccountView(Struct, frozen=True):
    """An account to transfer to (contract: objects, BankAccount)."""

    pk: int
    bank: BankView | None
    description: str
    holder_name: str
    iban: str
    sort_order: int
    currency: str


def account_view(account: BankAccount, catalogue: Catalogue, language: str) -> BankAccountView:
    """Show an account with its bank."""
    bank = catalogue.get(Bank, account.bank)
    return BankAccountView(
        account.pk,
        BankView(bank.pk, bank.text("name", language), bank.slug, bank.logo) if bank else None,
        account.text("description", language),
        account.holder_name,
        account.iban,
        account.sort_order,
        account.currency,
    )


def active_account(catalogue: Catalogue, pk: int) -> BankAccount | None:
    """Return an account that still takes transfers, or None."""
    account = catalogue.get(BankAccount, pk)
    return account if account is not None and account.is_active else None


def active_accounts(catalogue: Catalogue) -> list[BankAccount]:
    """Return the accounts that take transfers, in the merchant's order."""
    return [account for account in catalogue.all(BankAccount) if account.is_active]
