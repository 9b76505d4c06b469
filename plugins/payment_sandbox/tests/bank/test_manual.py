"""The README is the bank's manual: its examples are true and it leaves nothing out."""

import re
from pathlib import Path

import msgspec
import pytest

from vezne_payment_sandbox.bank import faults, ledger, notices, protocol
from vezne_payment_sandbox.bank.cards import catalogue, demo_terminals
from vezne_payment_sandbox.bank.signing import form_hash, signature

MANUAL = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SOURCE = Path(protocol.__file__).parent
STRUCTS = [
    *protocol.MESSAGES.values(),
    *protocol.Answer.__subclasses__(),
    protocol.StoredCard,
    protocol.HandOff,
    protocol.InstallmentOffer,
    protocol.PaymentView,
    protocol.Notice,
    protocol.Buyer,
    protocol.CardData,
    ledger.Row,
    faults.Fault,
    notices.Posted,
]


def test_the_examples_of_the_signatures_are_true() -> None:
    made = signature("sandbox-secret-demo", "1790000000", "query", "", b'{"reference":"10011"}')
    assert f"`{made}`" in MANUAL
    assert (
        f"`{form_hash('sandbox-secret-demo', {'amount': '229.80', 'note': '', 'card_cvv': '1'})}`" in MANUAL
    )


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_is_described(struct: type[msgspec.Struct]) -> None:
    for field in msgspec.structs.fields(struct):
        assert re.search(rf'[`"]{field.encode_name}[`"]', MANUAL), field.name


def test_every_card_terminal_and_decline_is_described() -> None:
    for card in catalogue().cards:
        assert card.number in MANUAL
    for terminal in demo_terminals():
        assert f"`{terminal}`" in MANUAL
    for code in catalogue().declines:
        assert f"`{code}`" in MANUAL


def test_every_way_to_pay_in_parts_is_described() -> None:
    for way in catalogue().installments:
        assert f"| {way.count} | {way.interest} % |" in MANUAL


def test_every_error_code_is_described() -> None:
    codes = {
        code
        for module in SOURCE.glob("*.py")
        for code in re.findall(r'Refusal\(\s*[0-9]+,\s*"([a-z_]+)"', module.read_text("utf-8"))
    }
    assert len(codes) > 10
    for code in codes - {"declined"}:
        assert f"`{code}`" in MANUAL
