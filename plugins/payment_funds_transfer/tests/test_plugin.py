"""The plugin as a whole: settings, gateway, slots and what a change costs."""

from datetime import UTC, datetime

import msgspec
import pytest

from vezne_core import (
    BASKET,
    DEAL,
    ORDER_NUMBER,
    PAYMENT_OPTION,
    Approved,
    Buyer,
    Capability,
    CheckoutSettings,
    ChosenPayment,
    Client,
    Config,
    Junction,
    Money,
    PaymentAttempt,
    Pending,
    PreOrder,
    Secret,
    Shopper,
    SlotGraph,
    Source,
    World,
)
from vezne_core.standard import SLOTS
from vezne_payment_funds_transfer.plugin import FundsTransfer, FundsTransferSettings
from vezne_payment_funds_transfer.slot import (
    ACCOUNT_CHECK,
    BANK_ACCOUNT,
    REFERENCE,
    ChosenAccount,
    Reference,
)

pytestmark = pytest.mark.anyio

KEY = Secret("a-reference-key-of-thirty-two-letters")
NOW = datetime(2026, 5, 4, tzinfo=UTC)


class Lent:
    """Services that are handed on, not asked."""

    catalogue = gateways = numbers = links = None


PLUGIN = FundsTransfer(FundsTransferSettings(reference_key=KEY), Lent())
GRAPH = SlotGraph(
    [*SLOTS, *PLUGIN.vezne_register_slots()],
    [
        *(
            Source(slot, lambda preorder, world: None, reads=(BASKET,) if slot is DEAL else ())
            for slot in SLOTS
            if slot.fact
        ),
        *PLUGIN.vezne_register_sources(),
    ],
)
CHOSEN = PreOrder.of(
    PAYMENT_OPTION.fill(ChosenPayment(2, "funds_transfer")), BANK_ACCOUNT.fill(ChosenAccount(1)),
    ORDER_NUMBER.fill("1234567890123"), REFERENCE.fill(Reference()),
)  # fmt: skip
ALL = {BANK_ACCOUNT, ORDER_NUMBER, REFERENCE}


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (DEAL.fill(b"another"), {BANK_ACCOUNT, ORDER_NUMBER}),
        (BANK_ACCOUNT.fill(ChosenAccount(2)), {BANK_ACCOUNT, ORDER_NUMBER}),
        (ORDER_NUMBER.fill("9"), {BANK_ACCOUNT, ORDER_NUMBER}),
        (BANK_ACCOUNT.clear(), {ORDER_NUMBER}),
        (PAYMENT_OPTION.fill(ChosenPayment(1, "credit_card")), set()),
        (BANK_ACCOUNT.fill(ChosenAccount(1)), ALL),
    ],
    ids=["deal", "account", "number", "account closed", "payment option", "same account"],
)
def test_a_change_voids_the_code_and_no_more_than_hangs_on_it(change, left) -> None:
    after, _ = CHOSEN.apply(GRAPH, [change])

    assert {slot for slot in ALL if after.has(slot)} == left


@pytest.mark.parametrize(("pk", "kept"), [(1, True), (3, False), (77, False)])
def test_an_account_that_is_closed_is_dropped(shop, pk, kept) -> None:
    world = World(
        shopper=Shopper(), client=Client(), basket=None, catalogue=shop, now=NOW,
        config=Config(revision=1, checkout=CheckoutSettings()),
    )  # fmt: skip
    preorder = PreOrder.of(BANK_ACCOUNT.fill(ChosenAccount(pk)))

    assert ACCOUNT_CHECK.read(preorder, world) == (ChosenAccount(pk) if kept else None)


def test_the_account_shows_as_a_bank_account_with_its_bank(shop) -> None:
    shown = msgspec.to_builtins(BANK_ACCOUNT.show(ChosenAccount(1), PreOrder.of(), shop, "en"))

    assert BANK_ACCOUNT.wire == "funds_transfer_bank"
    assert shown == {
        "pk": 1, "bank": {"pk": 1, "name": "Anadolu Bank", "slug": "anadolu", "logo": "/a.png"},
        "description": "Transfers", "holder_name": "Shop A.Ş.", "iban": "TR320006200000000001234567",
        "sort_order": 0, "currency": "TRY",
    }  # fmt: skip


async def test_the_gateway_takes_orders_as_waiting_and_moves_nothing() -> None:
    (gateway,) = PLUGIN.vezne_register_gateways()
    attempt = PaymentAttempt(
        id="a", merchant="acme", key="k", reference="123456789012301", order_number="1234567890123",
        amount=Money.of("250", "TRY"), interest=Money.zero("TRY"), buyer=Buyer(email="ada@example.com"),
        client=Client(), option=2, gateway="funds_transfer", success_url="", failure_url="", notice_url="",
        expires=NOW,
    )  # fmt: skip

    assert gateway.name == "funds_transfer"
    assert gateway.capabilities == {Capability.REFERENCE_CODES}
    assert await gateway.begin(attempt, None) == Pending()
    assert await gateway.ask(attempt) == Pending()
    assert not isinstance(await gateway.refund(attempt, attempt.amount, "x"), Approved)


def test_the_chain_serves_funds_transfer_and_orders_that_are_paid_later() -> None:
    (chain,) = PLUGIN.vezne_register_chains()

    assert (chain.junction, chain.serves) == (Junction.PAYMENT, "funds_transfer")
    assert [page.name for page in chain.pages] == ["FundsTransferChoicePage", "FundsTransferPage"]
    assert all(page.post_order for page in chain.pages)
    assert [page.pays for page in chain.pages] == [False, True]


def test_the_key_does_not_show_in_the_settings() -> None:
    assert KEY.reveal() not in repr(PLUGIN.settings)
