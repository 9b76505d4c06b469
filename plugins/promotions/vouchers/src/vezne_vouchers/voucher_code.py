"""The page that takes a voucher code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct

from vezne_core import (
    BASKET,
    CLIENT,
    ORDER_NUMBER,
    SHOPPER,
    VOUCHER,
    Cache,
    Catalogue,
    Gives,
    Offer,
    OfferService,
    Outcome,
    Page,
    PreOrder,
    Proceed,
    Reject,
    Text,
)
from vezne_vouchers.code import VoucherCodes
from vezne_vouchers.settings import VouchersSettings
from vezne_vouchers.uses import VoucherUses

UNKNOWN = "This voucher code is not valid."
USED = "This voucher code has already been used."
TOO_MANY = "Too many attempts. Please try again later."


class VoucherCodeForm(Struct, frozen=True):
    """Nothing takes the code back."""

    voucher_code: Annotated[str, Meta(max_length=128)] | None = None


class VoucherCodeContext(Struct, frozen=True):
    """The code in use."""

    voucher_code: str | None


class VoucherCodePage(Page[VoucherCodeForm]):
    """Use a voucher code, or take it back."""

    independent = True
    form = VoucherCodeForm
    context_type = VoucherCodeContext
    needs = (BASKET,)
    fills = (VOUCHER,)
    resets = (VOUCHER,)
    effects = True  # it counts tries, so that codes cannot be guessed

    def __init__(
        self,
        settings: VouchersSettings,
        catalogue: Catalogue,
        codes: VoucherCodes,
        offers: OfferService,
        uses: VoucherUses,
        cache: Cache,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._codes = codes
        self._offers = offers
        self._uses = uses
        self._cache = cache

    async def context(self, preorder: PreOrder) -> VoucherCodeContext:
        return VoucherCodeContext(preorder.get(VOUCHER))

    async def process(self, preorder: PreOrder, form: VoucherCodeForm) -> Outcome:
        typed = (form.voucher_code or "").strip()
        if not typed:
            return Proceed()
        if not await self._may_try(preorder):
            return _reject(TOO_MANY)
        offers = self._codes.find(self._catalogue, typed)
        if not offers:
            return _reject(UNKNOWN)
        code = offers[0].voucher_code or typed
        giving, reason = self._tried(preorder.with_value(VOUCHER, code), offers)
        if not giving:
            return _reject(reason)
        for offer in giving:
            if await self._uses.left(offer, preorder.get(ORDER_NUMBER)) == 0:
                return _reject(USED)
        return Proceed(VOUCHER.fill(code))

    def _tried(self, preorder: PreOrder, offers: Sequence[Offer]) -> tuple[list[Offer], Text]:
        """Return the offers that give something, and why the last of the others does not."""
        giving: list[Offer] = []
        reason: Text = UNKNOWN
        for offer in offers:
            verdict = self._offers.dry_run(preorder, offer)
            if isinstance(verdict, Gives):
                giving.append(offer)
            else:
                reason = verdict.reason
        return giving, reason

    async def _may_try(self, preorder: PreOrder) -> bool:
        """Count a try for the checkout, the account and the address it comes from."""
        shopper, client = preorder.get(SHOPPER), preorder.get(CLIENT)
        limits = {f"voucher:checkout:{preorder.id}": self._settings.tries}
        if shopper is not None and shopper.user is not None:
            limits[f"voucher:user:{shopper.user}"] = self._settings.tries
        if client is not None and client.ip:
            limits[f"voucher:address:{client.ip}"] = self._settings.tries_per_address
        window = timedelta(minutes=self._settings.window_minutes)
        allowed = [await self._cache.allow(key, limit, window) for key, limit in limits.items()]
        return all(allowed)


def _reject(reason: Text) -> Reject:
    return Reject({"voucher_code": [reason]})
