"""A merchant around the card pages: what the services would answer, without a host."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from vezne_core import (
    BASKET,
    CARD,
    CLIENT,
    CONFIG,
    DESTINATION,
    DUE,
    GATEWAY,
    INSTALLMENT,
    SHOPPER,
    Address,
    Basket,
    BasketLine,
    Card,
    CardInfo,
    CheckoutSettings,
    ChosenInstallment,
    Client,
    Config,
    Country,
    Destination,
    Due,
    GatewayInfo,
    Installment,
    InstallmentList,
    InstallmentOffer,
    Money,
    PreOrder,
    Product,
    Shopper,
    decode,
)

TRY = "TRY"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Shop:
    """Cards, catalogue, texts and clock of a merchant, answering as they are set."""

    def __init__(self) -> None:
        self.time = NOW
        self.known = {"542119": 1, "54211900": 1}
        self.default: int | None = 9
        self.cards = {1: Card(pk=1, name="Bonus", slug="bonus", bank=1, logo="/bonus.png")}
        self.listed = InstallmentList(())
        self.required = False
        self.asked: list[tuple[str, bool | None]] = []
        self.exhausted: set[str] = set()
        self.countries = (Country(pk=1, name="Türkiye", code="tr"), Country(pk=2, name="DE", code="de"))
        self.dictionary: dict[str, str] = {}

    def now(self) -> datetime:
        return self.time

    def lookup(self, bin_number):
        card = self.known.get(bin_number, self.default)
        return CardInfo(bin_number, card) if card else None

    def card(self, info):
        return self.cards.get(info.card)

    def installments(self, preorder):
        return self.listed

    async def three_d_required(self, preorder, gateway, wished):
        self.asked.append((gateway, wished))
        return self.required

    async def may_try(self, preorder, number):
        return number.reveal() not in self.exhausted

    def get(self, type, pk):
        return next((one for one in self.countries if isinstance(one, type) and one.pk == pk), None)

    def translate(self, text, language):
        template = getattr(text, "template", text)
        values = getattr(text, "values", {})
        return self.dictionary.get(f"{language}:{template}", template).format(**values)

    def offer(self, pk, count, total, monthly, **more):
        record = Installment(pk=pk, card=1, installment_count=count, **more)
        return InstallmentOffer(record, Money.of(total, TRY), Money.of(monthly, TRY))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def snapshot():
    """Make the pre-order of a shopper who has chosen installments, with changes."""

    def made(*fills, identity_number=None, country=1, pk=1, total="1000.00", **settings) -> PreOrder:
        timezone = settings.pop("timezone", "Europe/Istanbul")
        config = Config(revision=1, checkout=CheckoutSettings(**settings), timezone=timezone)
        amount = Money.of(total, TRY)
        product = Product(
            pk=1, sku="A", name="A", price=amount, tax_rate=Decimal(20), weight=Decimal(1)
        )  # fmt: skip
        line = BasketLine(pk=1, product=product, quantity=1, unit_price=amount)
        address = Address(pk=pk, country=country, city=34, township=3401, identity_number=identity_number)
        return PreOrder.of(
            CONFIG.fill(config), SHOPPER.fill(Shopper(user=7)),
            CLIENT.fill(Client(ip="192.0.2.1", accept="text/html", user_agent="Lynx")),
            BASKET.fill(Basket(pk=1, currency=TRY, lines=(line,), created=NOW, modified=NOW)),
            DUE.fill(Due(lines=amount, shipping=Money.zero(TRY), adjustments=(), amount=amount)),
            DESTINATION.fill(Destination(kind="customer", address=address)),
            CARD.fill(CardInfo("542119", 1)), INSTALLMENT.fill(ChosenInstallment(pk=1, count=1)),
            GATEWAY.fill(GatewayInfo("sandbox")), *fills,
        )  # fmt: skip

    return made


@pytest.fixture
def card_form():
    """Return what a browser posts for a good card, with changes; None leaves a field out."""

    def made(**changes) -> dict[str, object]:
        good = {
            "card_number": "5421190000000009", "card_holder": "ADA LOVELACE", "card_month": "12",
            "card_year": "2030", "card_cvv": "123", "agreement": "1",
        }  # fmt: skip
        return {name: value for name, value in (good | changes).items() if value is not None}

    return made


@pytest.fixture
def submit():
    """Post a form to a page as the engine does: decode, then process."""

    async def posted(page, preorder, sent, **more):
        form, errors = decode(page.form, sent, **more)
        return errors if form is None else await page.process(preorder, form)

    return posted
