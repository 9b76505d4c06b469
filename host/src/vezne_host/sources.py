"""Where the facts of core come from, and how its answers are held against the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CARD,
    CLIENT,
    CONFIG,
    CONTACT,
    COUPONS,
    DEAL,
    DELIVERY_OPTION,
    DELIVERY_RANGE,
    DESTINATION,
    DUE,
    GATEWAY,
    LINE_PRICES,
    OFFERS,
    PAYMENT_OPTION,
    SHIPPING,
    SHIPPING_AMOUNT,
    SHOPPER,
    UNPAID,
    VOUCHER,
    Address,
    Adjustment,
    AppliedOffers,
    Card,
    ChosenDelivery,
    ChosenPayment,
    ChosenShipping,
    DeliveryMode,
    Destination,
    Due,
    Flow,
    Gateway,
    GatewayInfo,
    Junction,
    Money,
    PaymentOption,
    PreOrder,
    Promotion,
    Shipping,
    Slot,
    Source,
    Stage,
    Unpaid,
    World,
)
from vezne_core.promotions import due, line_totals, unpaid
from vezne_core.slots import digest
from vezne_host.late import Late
from vezne_host.spine.payment import PaymentOptions

CUSTOMER = "customer"
"""Kind of a destination that is an address of the shopper's own."""

_DEAL: tuple[Slot[Any], ...] = (
    BASKET, LINE_PRICES, CONTACT, DELIVERY_OPTION, DESTINATION, BILLING_ADDRESS, SHIPPING, DELIVERY_RANGE,
    UNPAID,
)  # fmt: skip
"""What a payment would be for."""

Brought = Sequence[tuple[str, Any]]


def read_slots(promotions: Iterable[tuple[str, Promotion]], stage: Stage) -> tuple[Slot[Any], ...]:
    """Return what the promotions of a stage look at."""
    return tuple(dict.fromkeys(s for _, p in promotions if p.stage is stage for s in p.reads))


class StandardSources:
    """Sources of one merchant's core slots."""

    def __init__(
        self,
        *,
        flow: Late[Flow],
        payments: PaymentOptions,
        delivery: Mapping[str, DeliveryMode],
        shipping: Mapping[str, Shipping],
        promotions: Sequence[tuple[str, Promotion]],
        offers: Callable[[PreOrder, World], AppliedOffers],
        gateways: Mapping[str, Gateway],
        own_gateways: Mapping[str, str],
        slots: frozenset[str],
    ) -> None:
        self._flow = flow
        self._payments = payments
        self._delivery = delivery
        self._shipping = shipping
        self._promotions = promotions
        self._offers = offers
        self._gateways = gateways
        self._own = own_gateways
        self._slots = slots

    def all(self) -> list[Source[Any]]:
        """Return every source of core's slots."""
        before = self._reads(Stage.BEFORE_PAYMENT)
        after = self._reads(Stage.AFTER_PAYMENT)
        return [
            Source(CONFIG, lambda preorder, world: world.config),
            Source(SHOPPER, lambda preorder, world: world.shopper),
            Source(CLIENT, lambda preorder, world: world.client),
            Source(BASKET, lambda preorder, world: world.basket),
            Source(
                OFFERS,
                self._applied,
                reads=(BASKET, LINE_PRICES, SHOPPER, DELIVERY_OPTION, VOUCHER, COUPONS),
            ),
            Source(
                SHIPPING_AMOUNT,
                self._shipping_amount,
                reads=(SHIPPING, BASKET, LINE_PRICES, DESTINATION, CONFIG),
                keep=True,
            ),
            Source(DUE, self._due, reads=(BASKET, LINE_PRICES, SHIPPING_AMOUNT, OFFERS, *before)),
            Source(UNPAID, self._unpaid, reads=(DUE, *after)),
            Source(GATEWAY, self._gateway, reads=(PAYMENT_OPTION, CARD)),
            Source(DEAL, _deal, reads=_DEAL),
            self._delivery_check(),
            Source(DESTINATION, _destination, reads=(SHOPPER, DELIVERY_OPTION)),
            Source(BILLING_ADDRESS, _billing, reads=(SHOPPER,)),
            Source(
                SHIPPING,
                self._shipping_choice,
                reads=(BASKET, LINE_PRICES, DESTINATION, SHOPPER, CONFIG),
            ),
            Source(PAYMENT_OPTION, self._payment, reads=(DUE, CONFIG, SHOPPER)),
        ]

    def _reads(self, stage: Stage) -> tuple[Slot[Any], ...]:
        """Slots of plugins that are not enabled are never filled, so nobody reads them."""
        return tuple(slot for slot in read_slots(self._promotions, stage) if slot.name in self._slots)

    # Prices.

    def _applied(self, preorder: PreOrder, world: World) -> AppliedOffers:
        return self._offers(preorder, world) if preorder.has(BASKET) else AppliedOffers()

    async def _shipping_amount(self, preorder: PreOrder, world: World) -> Money | None:
        choice = preorder.get(SHIPPING)
        if choice is None or not preorder.has(BASKET):
            return None
        if choice.amount is not None:
            return choice.amount
        shipping = self._shipping.get(choice.page)
        return await shipping.amount(preorder, world, choice) if shipping else None

    def _adjustments(self, preorder: PreOrder, world: World, stage: Stage) -> list[Adjustment]:
        return [
            adjustment
            for _, promotion in self._promotions
            if promotion.stage is stage
            for adjustment in promotion.adjust(preorder, world.catalogue)
        ]

    def _due(self, preorder: PreOrder, world: World) -> Due | None:
        basket, offers = preorder.get(BASKET), preorder.get(OFFERS)
        if basket is None or offers is None:
            return None
        shipping = preorder.get(SHIPPING_AMOUNT) or Money.zero(basket.currency)
        adjustments = [*offers.adjustments, *self._adjustments(preorder, world, Stage.BEFORE_PAYMENT)]
        prices = line_totals(basket, preorder.get(LINE_PRICES))
        return due(lines=prices, shipping=shipping, adjustments=adjustments)

    def _unpaid(self, preorder: PreOrder, world: World) -> Unpaid | None:
        owed = preorder.get(DUE)
        if owed is None:
            return None
        return unpaid(owed, self._adjustments(preorder, world, Stage.AFTER_PAYMENT))

    # Choices.

    def _delivery_check(self) -> Source[ChosenDelivery]:
        def check(preorder: PreOrder, world: World) -> Any:
            choice = preorder.require(DELIVERY_OPTION)
            mode = self._delivery.get(choice.page)
            serves = self._flow.get().serving(
                Junction.DELIVERY_MODE, world.config.checkout.CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE
            )
            if mode is None or serves is None or serves.serves != choice.page:
                return None
            return mode.check(preorder, world, choice)

        remote = any(mode.remote for mode in self._delivery.values())
        reads = (CONFIG, BASKET, SHOPPER) if remote else (CONFIG,)
        return Source(DELIVERY_OPTION, check, reads=reads, keep=remote)

    def _shipping_choice(self, preorder: PreOrder, world: World) -> ChosenShipping | None:
        choice = preorder.require(SHIPPING)
        option = preorder.get(DELIVERY_OPTION)
        page = (option.shipping_page if option else None) or (
            world.config.checkout.CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE
        )
        shipping = self._shipping.get(choice.page)
        if shipping is None or choice.page != page:
            return None
        return shipping.check(preorder, world, choice)

    def _payment(self, preorder: PreOrder, world: World) -> ChosenPayment | None:
        choice = preorder.require(PAYMENT_OPTION)
        option = world.catalogue.get(PaymentOption, choice.pk)
        if option is None or option.payment_type != choice.type:
            return None
        return choice if self._payments.offers(preorder, option) else None

    def _gateway(self, preorder: PreOrder, world: World) -> GatewayInfo | None:
        name = self.gateway_name(preorder, world)
        gateway = self._gateways.get(name) if name else None
        if gateway is None:
            return None
        return GatewayInfo(gateway.name, frozenset(each.value for each in gateway.capabilities))

    def gateway_name(self, preorder: PreOrder, world: World) -> str | None:
        """Return the gateway of the card, else of the option, else of the plugin that takes the payment."""
        choice, info = preorder.get(PAYMENT_OPTION), preorder.get(CARD)
        if choice is None:
            return None
        card = world.catalogue.get(Card, info.card) if info else None
        option = world.catalogue.get(PaymentOption, choice.pk)
        named = (card.gateway if card else None) or (option.gateway if option else None)
        return named or self.own_gateway(choice.type)

    def own_gateway(self, payment_type: str) -> str | None:
        """Return the gateway of the plugin that takes a type, where it brings one of its own."""
        return self._own.get(payment_type)


def _destination(preorder: PreOrder, world: World) -> Destination | None:
    """Keep a destination of the kind that the delivery option wants; the shopper's own as it is now."""
    chosen, option = preorder.require(DESTINATION), preorder.get(DELIVERY_OPTION)
    if option is not None and chosen.kind != option.type:
        return None
    if chosen.kind != CUSTOMER:
        return chosen
    own = _own(chosen.address, world)
    return Destination(kind=CUSTOMER, address=own) if own is not None else None


def _billing(preorder: PreOrder, world: World) -> Address | None:
    return _own(preorder.require(BILLING_ADDRESS), world)


def _own(address: Address, world: World) -> Address | None:
    return next((own for own in world.addresses if own.pk == address.pk), None)


def _deal(preorder: PreOrder, world: World) -> bytes | None:
    if not preorder.has(UNPAID):
        return None
    return digest(*map(preorder.identity, _DEAL))
