from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vezne_core import (
    BASKET,
    CARD,
    CLIENT,
    CONFIG,
    CONTACT,
    DUE,
    GATEWAY,
    INSTALLMENT,
    LINE_PRICES,
    OFFERS,
    PAYMENT_OPTION,
    SHOPPER,
    UNPAID,
    Adjustment,
    AppliedOffers,
    Basket,
    BasketLine,
    Bin,
    Card,
    CardInfo,
    CheckoutSettings,
    ChosenInstallment,
    ChosenPayment,
    Client,
    Config,
    Contact,
    GatewayInfo,
    Installment,
    KlassRule,
    Message,
    Money,
    PreOrder,
    Product,
    Refused,
    RuleBook,
    Secret,
    Shopper,
    StoredCard,
    Unpaid,
    World,
)
from vezne_core.card_rules import CARD_RULES
from vezne_core.promotions import due, line_totals
from vezne_host.services.card_rules import CardRules
from vezne_host.services.cards import CardLimits, CardService, offer
from vezne_host.services.failed_tries import FailedTries
from vezne_host.services.keyring import KeyRing
from vezne_host.services.saved_cards import CardWallet, SavedCardRow

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, tzinfo=UTC)
KEYS = KeyRing([("k", Secret("a-key-of-at-least-thirty-two-characters"))], "tries")
BOOK = RuleBook(CARD_RULES)

RECORDS = (
    Card(pk=1, name="Bonus", slug="anadolu-bonus", bank=1),
    Card(pk=2, name="Debit", slug="bosphorus-debit", bank=2, category="debit"),
    Card(pk=9, name="Other", slug="other", bank=1),
    Bin(pk=1, number="542119", card=1),
    Bin(pk=2, number="54211900", card=2),
    Bin(pk=3, number="GPAY00", card=9),
    Installment(pk=3, card=1, installment_count=6, rate=Decimal("4.50")),
    Installment(pk=1, card=1, installment_count=1, label="Tek çekim"),
    Installment(pk=2, card=1, installment_count=3),
    Installment(pk=5, card=1, installment_count=12, rate=Decimal(10), is_active=False),
    Installment(pk=11, card=2, installment_count=1),
)


class Records:
    """A snapshot of the configuration."""

    def __init__(self, *records, revision=1) -> None:
        self.records = records
        self.revision = revision

    def all(self, type):
        return tuple(record for record in self.records if isinstance(record, type))

    def get(self, type, pk):
        return next((record for record in self.all(type) if record.pk == pk), None)


class Rows:
    """The table of stored cards; holds one."""

    def __init__(self) -> None:
        self.row: SavedCardRow | None = None

    async def list(self, merchant, user):
        return [self.row] if self.row and self.row.user == user else []

    async def add(self, merchant, **fields):
        self.row = SavedCardRow(pk=1, **fields)
        return 1

    async def get(self, merchant, user, pk):
        return self.row if self.row and (self.row.user, self.row.pk) == (user, pk) else None


@pytest.fixture
def catalogue() -> Records:
    return Records(*RECORDS)


@pytest.fixture
def wallet() -> CardWallet:
    return CardWallet("acme", Rows(), KEYS)


@pytest.fixture
def make(cache, catalogue, wallet):
    """Make the service of a merchant with these settings."""

    def made(*, limits=CardLimits(), **checkout) -> CardService:
        config = configuration(**checkout)
        return CardService(
            catalogue, lambda: config, lambda: BOOK, FailedTries("acme", cache, KEYS), wallet, limits
        )

    return made


def configuration(**checkout) -> Config:
    return Config(revision=1, checkout=CheckoutSettings(**checkout))


def basket(price="1000.00", category="home") -> Basket:
    money = Money.of(price, "TRY")
    product = Product(
        pk=1, sku="A", name="A", price=money, tax_rate=Decimal(20), weight=Decimal(1), category=category
    )
    line = BasketLine(pk=1, product=product, quantity=1, unit_price=money)
    return Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)


def snapshot(*fills, goods=None, unpaid=None, adjustments=(), **checkout) -> PreOrder:
    goods = goods or basket()
    owed = due(lines=line_totals(goods), shipping=Money.zero("TRY"), adjustments=adjustments)
    return PreOrder.of(
        CONFIG.fill(configuration(**checkout)), BASKET.fill(goods), DUE.fill(owed),
        UNPAID.fill(Unpaid(amount=Money.of(unpaid, "TRY") if unpaid else owed.amount)),
        SHOPPER.fill(Shopper(user=7)), CONTACT.fill(Contact("Ada@Example.com")),
        CLIENT.fill(Client(ip="192.0.2.1")), PAYMENT_OPTION.fill(ChosenPayment(1, "credit_card")),
        CARD.fill(CardInfo("542119", 1)), *fills,
    )  # fmt: skip


def rule(klass, **params) -> KlassRule:
    return KlassRule(klass=f"omnishop.{klass}", kwargs=params)


CAP_AT_THREE = (rule("AmountInstallmentFilter", min_amount="500", max_installment=3),)


# BIN


@pytest.mark.parametrize(
    ("bin_number", "card"),
    [("542119", 1), ("54211999", 1), ("54211900", 2), ("GPAY00", 9), ("400000", 9), ("54211", 9)],
    ids=["known", "longer than known", "longest wins", "virtual", "unknown", "shorter than known"],
)
def test_the_longest_known_prefix_tells_the_card_else_the_default(make, bin_number, card) -> None:
    assert make(DEFAULT_CARD_SLUG="other").lookup(bin_number) == CardInfo(bin_number, card)


@pytest.mark.parametrize("slug", [None, "nowhere"])
def test_an_unknown_bin_without_a_default_card_is_no_card(make, slug) -> None:
    assert make(DEFAULT_CARD_SLUG=slug).lookup("400000") is None


def test_the_record_of_a_card_is_found(make) -> None:
    assert make().card(CardInfo("542119", 1)).slug == "anadolu-bonus"
    assert make().card(CardInfo("542119", 77)) is None


def test_a_new_snapshot_is_noticed(make, catalogue) -> None:
    service = make()
    assert service.lookup("400000") is None

    catalogue.records += (Bin(pk=4, number="400000", card=2),)
    catalogue.revision = 2

    assert service.lookup("400000") == CardInfo("400000", 2)


# Installments


def test_installments_are_the_active_ones_of_the_card_by_count(make) -> None:
    listed = make().installments(snapshot())

    assert [(one.installment.pk, one.total.wire, one.monthly.wire) for one in listed.options] == [
        (1, "1000.00", "1000.00"),
        (2, "1000.00", "333.33"),
        (3, "1045.00", "174.17"),
    ]
    assert listed.messages == ()


def test_installments_are_computed_on_what_is_unpaid(make) -> None:
    listed = make().installments(snapshot(unpaid="200.00"))

    assert [one.total.wire for one in listed.options] == ["200.00", "200.00", "209.00"]


def test_without_a_card_there_are_no_installments(make) -> None:
    assert make().installments(snapshot().without(["card"])).options == ()


@given(
    amount=st.integers(0, 10**12),
    rate=st.decimals(0, 100, places=2),
    count=st.integers(1, 36),
    currency=st.sampled_from(["TRY", "JPY", "KWD"]),
)
@settings(deadline=None)
def test_the_parts_make_the_total_up_to_rounding(amount, rate, count, currency) -> None:
    money = Money.of(Decimal(amount) / 1000, currency)
    made = offer(money, Installment(pk=1, card=1, installment_count=count, rate=rate))

    assert made.total >= money
    assert made.total == money + Money.of(money.amount * rate / 100, currency)
    assert 2 * abs((made.monthly * count - made.total).minor) <= count


def test_filters_take_options_away_and_say_so(make) -> None:
    listed = make().installments(snapshot(INSTALLMENT_FILTERS=CAP_AT_THREE))

    assert [one.installment.installment_count for one in listed.options] == [1, 3]
    assert listed.messages == (Message("Up to {n} installments are available for this order.", {"n": 3}),)


def test_an_amount_filter_looks_at_the_basket_less_its_discounts(make) -> None:
    off = Adjustment(kind="basket", source="offers", label="x", amount=Money.of("-600", "TRY"))
    listed = make().installments(snapshot(adjustments=[off], INSTALLMENT_FILTERS=CAP_AT_THREE))

    assert len(listed.options) == 3


def test_a_price_filter_looks_at_the_remote_price(make) -> None:
    price = rule("CategorySpecialInstallmentFilter", categories=["home"], min_price="5000", max_installment=1)
    settings = {"INSTALLMENT_FILTERS": (price,)}
    remote = LINE_PRICES.fill({1: Money.of("5000", "TRY")})

    assert len(make().installments(snapshot(**settings)).options) == 3
    assert len(make().installments(snapshot(remote, **settings)).options) == 1


@pytest.mark.parametrize(
    "filters",
    [
        rule("SegmentInstallmentFilter", segments=["vip"], max_installment=1),
        rule("CampaignInstallmentFilter", offers=[201], max_installment=1),
    ],
    ids=["segment", "offer"],
)
def test_filters_know_the_shopper_and_the_offers_that_apply(make, filters) -> None:
    gift = Adjustment(kind="basket", source="offers", label="x", amount=Money.of("-1", "TRY"), offer=201)
    concerned = (
        SHOPPER.fill(Shopper(user=7, segments=("vip",))),
        OFFERS.fill(AppliedOffers(adjustments=(gift,))),
    )

    assert len(make().installments(snapshot(*concerned, INSTALLMENT_FILTERS=(filters,))).options) == 1
    assert len(make().installments(snapshot(INSTALLMENT_FILTERS=(filters,))).options) == 3


@pytest.fixture
def check(make, catalogue):
    """Read the check of the slot INSTALLMENT."""

    def read(preorder: PreOrder) -> ChosenInstallment | None:
        world = World(
            shopper=Shopper(), client=Client(), basket=None, config=preorder.require(CONFIG),
            catalogue=catalogue, now=NOW,
        )  # fmt: skip
        return make().installment_source.read(preorder, world)

    return read


CHOSEN = ChosenInstallment(pk=3, count=6, rate=Decimal("4.50"))


def test_an_installment_that_is_still_offered_stays(check) -> None:
    assert check(snapshot(INSTALLMENT.fill(CHOSEN))) == CHOSEN


def test_an_installment_takes_the_present_rate(check) -> None:
    before = ChosenInstallment(pk=3, count=6, rate=Decimal(1))

    assert check(snapshot(INSTALLMENT.fill(before))) == CHOSEN


@pytest.mark.parametrize("pk", [5, 11, 77], ids=["inactive", "of another card", "gone"])
def test_an_installment_that_is_not_the_cards_is_dropped(check, pk) -> None:
    chosen = ChosenInstallment(pk=pk, count=1)

    assert check(snapshot(INSTALLMENT.fill(chosen))) is None


def test_an_installment_that_a_filter_takes_away_is_dropped(check) -> None:
    preorder = snapshot(INSTALLMENT.fill(CHOSEN), INSTALLMENT_FILTERS=CAP_AT_THREE)

    assert check(preorder) is None


def test_an_installment_made_by_the_provider_is_left_alone(check) -> None:
    remote = ChosenInstallment(pk=900, count=4, interest=Money.of("12", "TRY"))

    assert check(snapshot(INSTALLMENT.fill(remote))) == remote


def test_an_installment_chosen_without_a_card_is_left_alone(check) -> None:
    chosen = ChosenInstallment(pk=900, count=4)

    assert check(snapshot(INSTALLMENT.fill(chosen)).without(["card"])) == chosen


def test_an_installment_is_not_judged_before_there_is_a_sum(check) -> None:
    assert check(snapshot(INSTALLMENT.fill(CHOSEN)).without(["due"])) == CHOSEN


def test_the_check_is_read_after_all_that_it_looks_at(make) -> None:
    source = make().installment_source

    assert source.slot is INSTALLMENT
    assert {CARD, UNPAID, CONFIG, SHOPPER, OFFERS, BASKET} <= set(source.reads)


# 3-D Secure


GUESTS = KlassRule(klass="omnishop.orders.rules.only_guest_user")
NEVER = KlassRule(klass="amount_limit", defaults={"limit": "100000"})
ALWAYS = KlassRule(klass="amount_limit", defaults={"limit": 0})


@pytest.mark.parametrize(
    ("enabled", "rules", "wished", "required"),
    [
        (False, (ALWAYS,), True, False),
        (True, (), None, False),
        (True, (), False, False),
        (True, (), True, True),
        (True, (NEVER,), None, False),
        (True, (NEVER, ALWAYS), None, True),
        (True, (ALWAYS,), False, True),
        (True, (GUESTS,), None, False),
    ],
    ids=["off", "no rule", "not wished", "wished", "no rule holds", "any rule", "wished away", "not a guest"],
)
async def test_three_d_is_the_switch_and_then_any_rule_or_the_wish(
    make, enabled, rules, wished, required
) -> None:
    preorder = snapshot(THREE_D_SECURE_ENABLED=enabled, THREE_D_SECURE_RULES=rules)

    assert await make().three_d_required(preorder, "sandbox", wished) is required


async def test_the_amount_rule_looks_at_the_charge_with_interest(make) -> None:
    above = KlassRule(klass="amount_limit", defaults={"limit": "1044.99"})
    preorder = snapshot(THREE_D_SECURE_ENABLED=True, THREE_D_SECURE_RULES=(above,))

    assert not await make().three_d_required(preorder, "sandbox", None)
    assert await make().three_d_required(preorder.with_value(INSTALLMENT, CHOSEN), "sandbox", None)


async def test_the_gateway_decides_by_its_name(make) -> None:
    pos = KlassRule(klass="check_pos_slug_three_d_only", defaults={"pos_slugs": ["bank-a"]})
    preorder = snapshot(THREE_D_SECURE_ENABLED=True, THREE_D_SECURE_RULES=(pos,))

    assert await make().three_d_required(preorder, "bank-a", None)
    assert not await make().three_d_required(preorder, "bank-b", None)


@pytest.mark.parametrize("kind", ["trial_limit_per_user_email", "trial_limit_per_remote_addr"])
async def test_declines_within_minutes_require_three_d(make, clock, kind) -> None:
    trial = KlassRule(klass=kind, defaults={"limit": 2, "minutes": 10})
    preorder = snapshot(THREE_D_SECURE_ENABLED=True, THREE_D_SECURE_RULES=(trial,))
    service = make()

    await service.declined(preorder)
    assert not await service.three_d_required(preorder, "sandbox", None)
    await service.declined(preorder)
    assert await service.three_d_required(preorder, "sandbox", None)

    clock.forward(minutes=10)
    assert not await service.three_d_required(preorder, "sandbox", None)


async def test_declines_of_one_email_are_counted_whatever_its_case(make) -> None:
    trial = KlassRule(klass="trial_limit_per_user_email", defaults={"limit": 1, "minutes": 10})
    preorder = snapshot(THREE_D_SECURE_ENABLED=True, THREE_D_SECURE_RULES=(trial,))
    service = make()

    await service.declined(preorder)

    other = preorder.with_value(CONTACT, Contact("ada@example.com"))
    stranger = preorder.with_value(CONTACT, Contact("grace@example.com"))
    assert await service.three_d_required(other, "sandbox", None)
    assert not await service.three_d_required(stranger, "sandbox", None)


async def test_a_decline_of_a_frozen_snapshot_is_counted_by_the_rules_in_force(make) -> None:
    trial = KlassRule(klass="trial_limit_per_user_email", defaults={"limit": 1, "minutes": 10})
    checkout = {"THREE_D_SECURE_ENABLED": True, "THREE_D_SECURE_RULES": (trial,)}
    service = make(**checkout)

    await service.declined(snapshot().without(["config"]))

    assert await service.three_d_required(snapshot(**checkout), "sandbox", None)


# Card testing

PAN = Secret("5421190000000017")
OTHER_PAN = Secret("4791840000000004")


async def test_a_card_that_was_declined_too_often_may_not_be_tried_elsewhere(make) -> None:
    service = make(limits=CardLimits(card=2))
    here, elsewhere = snapshot(), PreOrder("another", "merchant")
    await service.declined(here, PAN)
    assert await service.may_try(elsewhere, PAN)
    await service.declined(here, PAN)

    assert not await service.may_try(elsewhere, PAN)
    assert await service.may_try(elsewhere, OTHER_PAN)


async def test_a_checkout_that_tried_too_many_cards_may_not_try_more(make) -> None:
    service = make(limits=CardLimits(preorder=2))
    await service.declined(snapshot(), PAN)
    await service.declined(snapshot(), OTHER_PAN)

    assert not await service.may_try(snapshot(), Secret("5421190000000009"))


async def test_an_address_that_tries_cards_in_many_checkouts_may_not_try_more(make) -> None:
    service = make(limits=CardLimits(ip=2))
    client = CLIENT.fill(Client(ip="192.0.2.1"))
    for id in ("a", "b"):
        await service.declined(PreOrder.of(client, id=id))

    assert not await service.may_try(PreOrder.of(client, id="c"), PAN)
    assert await service.may_try(PreOrder.of(CLIENT.fill(Client(ip="192.0.2.2")), id="c"), PAN)


async def test_it_may_be_tried_again_after_an_hour(make, clock) -> None:
    service = make(limits=CardLimits(card=1))
    await service.declined(snapshot(), PAN)
    clock.forward(minutes=60)

    assert await service.may_try(snapshot(), PAN)


async def test_the_limits_and_the_rules_count_apart(make) -> None:
    """A rule with the very numbers of a limit must not count every decline twice."""
    trial = KlassRule(klass="trial_limit_per_remote_addr", defaults={"limit": 2, "minutes": 60})
    preorder = snapshot(THREE_D_SECURE_ENABLED=True, THREE_D_SECURE_RULES=(trial,))
    service = make(limits=CardLimits(ip=2))
    await service.declined(preorder)

    assert await service.may_try(preorder, PAN)
    assert not await service.three_d_required(preorder, "sandbox", None)


# Rules


def test_every_wrong_rule_is_named_at_once() -> None:
    checkout = CheckoutSettings(
        INSTALLMENT_FILTERS=(rule("NoSuchFilter"), rule("CommerceCardInstallmentFilter")),
        THREE_D_SECURE_RULES=(KlassRule(klass="amount_limit", defaults={"limit": "inf"}),),
    )

    with pytest.raises(Refused) as refused:
        CardRules.ready(checkout, BOOK, "merchants.acme.checkout")

    places = [problem.place for problem in refused.value.problems]
    assert places == [
        "merchants.acme.checkout.INSTALLMENT_FILTERS 1",
        "merchants.acme.checkout.INSTALLMENT_FILTERS 2, installment filter CommerceCardInstallmentFilter",
        "merchants.acme.checkout.THREE_D_SECURE_RULES 1, 3-D Secure rule amount_limit",
    ]


# Stored cards


async def test_the_stored_cards_are_those_of_the_shopper_at_this_gateway(make, wallet) -> None:
    service = make()
    await wallet.add(7, "sandbox", StoredCard(token=Secret("tok"), last_four="0009"), "Mine", 1)
    mine = snapshot(GATEWAY.fill(GatewayInfo("sandbox")))

    assert [card.name for card in await service.saved(mine)] == ["Mine"]
    assert await service.token(mine, 1) == Secret("tok")
    assert await service.token(mine, 2) is None


@pytest.mark.parametrize(
    "other",
    [
        snapshot(GATEWAY.fill(GatewayInfo("elsewhere"))),
        snapshot(GATEWAY.fill(GatewayInfo("sandbox")), SHOPPER.fill(Shopper())),
        snapshot(GATEWAY.fill(GatewayInfo("sandbox")), SHOPPER.fill(Shopper(user=8))),
        snapshot(),
    ],
    ids=["another gateway", "a guest", "another shopper", "no gateway"],
)
async def test_nobody_else_gets_a_stored_card(make, wallet, other) -> None:
    service = make()
    await wallet.add(7, "sandbox", StoredCard(token=Secret("tok"), last_four="0009"), "Mine", 1)

    assert list(await service.saved(other)) == []
    assert await service.token(other, 1) is None
