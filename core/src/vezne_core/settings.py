"""Settings as structs: unknown keys are refused, secrets have no default and no repr."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, NoReturn

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the settings of a plugin, decoded strictly from ``[merchants.M.settings.<plugin>]``."""


class Secret:
    """A text that cannot be printed, logged, pickled or encoded by accident.

    In ``plugins.toml`` it is ``{ env = "NAME_OF_THE_VARIABLE" }`` or plain text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; only where it leaves for its destination."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(Secret)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


class KlassRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of the contract, named by the last part of ``klass``."""

    klass: str
    kwargs: dict[str, Any] = {}
    defaults: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """What the rule is matched by."""
        return self.klass.rpartition(".")[2]

    @property
    def params(self) -> dict[str, Any]:
        """What the rule is given."""
        return self.kwargs | self.defaults


class GiftBoxConfigurations(Struct, frozen=True, forbid_unknown_fields=True):
    """GIFT_BOX_CONFIGURATIONS."""

    is_active: bool = False
    sku: str | None = None


class GiftCardConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """GIFT_CARD_CONFIG."""

    multi_card_enabled: bool = False
    max_amount_per_order: Decimal = Decimal(0)
    """In the currency of the basket; zero is no cap beyond what the order costs."""
    balance_cache_ttl: Positive = 1800
    """Seconds."""
    otp_resend_cooldown: NotNegative = 60
    """Seconds; of no effect without a provider of one-time passwords."""
    void_task_countdown: NotNegative = 1800
    """Seconds; of no effect where a payment that fails gives back at once."""

    def __post_init__(self) -> None:
        if not (self.max_amount_per_order.is_finite() and self.max_amount_per_order >= 0):
            raise ValueError("max_amount_per_order is an amount that is not below zero")


class CheckoutSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the contract, under its own names (``contract/settings.md``).

    They stand in ``[merchants.M.checkout]``; dynamic ones may be overridden by
    a row of the configuration tables.
    """

    CAN_GUEST_PURCHASE: bool = True
    USER_PHONE_FORMAT: str = "05999999999"
    USER_PHONE_REGEX: str = r"^(05)[0-9]{9}$"
    DEFAULT_COUNTRY_CODE: str | None = None
    CHECKOUT_DELIVERY_OPTION_SELECTION_PAGE: str = "DeliveryOptionSelectionPage"
    CHECKOUT_SHIPPING_OPTION_SELECTION_PAGE: str = "ShippingOptionSelectionPage"
    AUTOSELECT_SHIPPING: bool = False
    IDENTITY_NUMBER_REQUIRED_AMOUNT: Decimal | None = None
    DEFAULT_CARD_SLUG: str | None = None
    INSTALLMENT_FILTERS: tuple[KlassRule, ...] = ()
    THREE_D_SECURE_ENABLED: bool = False
    THREE_D_SECURE_RULES: tuple[KlassRule, ...] = ()
    USE_ONE_TIME_TOKEN: bool = True
    ORDERS_USE_ISOLATED_PRE_ORDER_ON_RETURN: bool = False
    GIFT_BOX_CONFIGURATIONS: GiftBoxConfigurations = GiftBoxConfigurations()
    GIFT_CARD_CONFIG: GiftCardConfig = GiftCardConfig()
    ADDRESS_PHONE_MIN_LENGTH: Positive = 11
    ADDRESS_DISTRICT_REQUIRED: bool = False

    @property
    def skus(self) -> frozenset[str]:
        """The products that settings name: loaded with every request, beside the basket's."""
        gift_box = self.GIFT_BOX_CONFIGURATIONS
        return frozenset({gift_box.sku} if gift_box.is_active and gift_box.sku else ())
