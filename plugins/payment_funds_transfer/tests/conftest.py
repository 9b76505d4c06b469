"""A merchant around the pages of funds transfer: records, gateways, numbers and links."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from vezne_core import (
    BASKET,
    BILLING_ADDRESS,
    CLIENT,
    CONTACT,
    DESTINATION,
    PAYMENT_OPTION,
    SHOPPER,
    UNPAID,
    Address,
    Bank,
    BankAccount,
    Basket,
    BasketLine,
    ChosenPayment,
    Client,
    Contact,
    Destination,
    Money,
    PaymentOption,
    PreOrder,
    Product,
    Secret,
    Shopper,
    Unpaid,
    decode,
)
from vezne_payment_funds_transfer.gateway import FundsTransferGateway

NOW = datetime(2026, 5, 4, tzinfo=UTC)
KEY = Secret("a-reference-key-of-thirty-two-letters")
ADDRESS = Address(pk=1, country=1, city=34, township=3401, line="Moda Cd. 1")

ANADOLU = BankAccount(
    pk=1, bank=1, holder_name="Shop A.Ş.", iban="TR320006200000000001234567", currency="TRY",
    description="EFT ve havale", translations={"en": {"description": "Transfers"}},
)  # fmt: skip
BOSPHORUS = BankAccount(
    pk=2, bank=2, holder_name="Shop A.Ş.", iban="TR130009900000000007654321", currency="TRY", sort_order=1
)
CLOSED = BankAccount(
    pk=3, bank=1, holder_name="Shop A.Ş.", iban="TR000000000000000000000000", currency="TRY", is_active=False
)
BANKS = (
    Bank(pk=1, name="Anadolu Bank", slug="anadolu", logo="/a.png"),
    Bank(pk=2, name="Bosphorus Bank", slug="bosphorus"),
)


class Shop:
    """Catalogue, gateways, numbers and links of a merchant, answering as they are set."""

    def __init__(self) -> None:
        self.records = [*BANKS, ANADOLU, BOSPHORUS, CLOSED]
        self.option_of()
        self.gateway = FundsTransferGateway(KEY)
        self.given = 0

    def option_of(self, gateway=None) -> None:
        """Let the payment option name a gateway."""
        option = PaymentOption(
            pk=2, name="Havale", slug="havale", payment_type="funds_transfer", gateway=gateway
        )
        self.records = [one for one in self.records if not isinstance(one, PaymentOption)] + [option]

    def all(self, type):
        return tuple(one for one in self.records if isinstance(one, type))

    def get(self, type, pk):
        return next((one for one in self.all(type) if one.pk == pk), None)

    def of(self, preorder):
        return self.gateway

    def fresh(self):
        self.given += 1
        return f"900000000000{self.given}"

    def path(self, path):
        return f"https://shop.example{path}"


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def snapshot():
    """Make the pre-order of a shopper who has chosen funds transfer, with changes."""

    def made(*fills, total="250.00", email="ada@example.com") -> PreOrder:
        amount = Money.of(total, "TRY")
        product = Product(
            pk=1, sku="A", name="A", price=amount, tax_rate=Decimal(20), weight=Decimal(1)
        )  # fmt: skip
        line = BasketLine(pk=1, product=product, quantity=1, unit_price=amount)
        return PreOrder.of(
            SHOPPER.fill(Shopper(user=7)), CLIENT.fill(Client(language="en")), CONTACT.fill(Contact(email)),
            BASKET.fill(Basket(pk=1, currency="TRY", lines=(line,), created=NOW, modified=NOW)),
            UNPAID.fill(Unpaid(amount=amount)), PAYMENT_OPTION.fill(ChosenPayment(2, "funds_transfer")),
            DESTINATION.fill(Destination(kind="customer", address=ADDRESS)), BILLING_ADDRESS.fill(ADDRESS),
            *fills,
        )  # fmt: skip

    return made


@pytest.fixture
def submit():
    """Post a form to a page as the engine does: decode, then process."""

    async def posted(page, preorder, sent):
        form, errors = decode(page.form, sent)
        return errors if form is None else await page.process(preorder, form)

    return posted
