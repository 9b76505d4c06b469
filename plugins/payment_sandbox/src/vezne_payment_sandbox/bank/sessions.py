"""Let shoppers pay on a page of the bank: sessions, the ways to pay in each, and what is typed there."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from vezne_payment_sandbox.bank.accounts import ZERO, Accounts, new_payment
from vezne_payment_sandbox.bank.cards import Card, is_card_number, masked
from vezne_payment_sandbox.bank.ledger import Payment
from vezne_payment_sandbox.bank.protocol import (
    Authorize,
    CardData,
    InstallmentOffer,
    OpenSession,
    SessionOpened,
    money,
    shown,
)
from vezne_payment_sandbox.bank.replies import Call, NotProcessed, Said, Silence

MAX_TRIES = 3
"""How many declined cards end a session."""
ONCE = 1

Step = Literal["ask", "password", "leave", "hang"]
"""What a shopper sees next: the page with a sentence, the one for the password, the shop, or nothing."""


@dataclass
class Session:
    """A shopper who is to pay here. Lives in memory only, and knows a card only by its row."""

    token: str
    call: Call
    payment: Payment
    order: Authorize
    offers: list[InstallmentOffer]
    chosen: InstallmentOffer
    tries: int = 0
    card: Card | None = None
    """Waits for the one-time password."""
    said: str = ""
    """Why the last answer was not taken."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_open(self) -> bool:
        """Tell whether the page may still be answered."""
        return self.payment.state == "challenged"


@dataclass
class Sessions:
    """Every page on which a shopper pays, by its token.

    Answers to one page are taken one after the other: of two at once, the second finds how the first ended.
    """

    accounts: Accounts
    by_token: dict[str, Session] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget every session."""
        self.by_token.clear()

    def open(self, call: Call, message: OpenSession, base_url: str) -> Said:
        """Make a page for one payment."""
        order = Authorize(
            reference=message.reference,
            order_number=message.order_number,
            amount=message.amount,
            currency=message.currency,
            success_url=message.success_url,
            failure_url=message.failure_url,
            notice_url=message.notice_url,
        )
        self.accounts.check_terms(call.terminal, order)
        payment, offers = new_payment(call.terminal, order, ""), self._offers(order, message.installments)
        session = Session(secrets.token_urlsafe(24), call, payment, order, offers, offers[0])
        self.by_token[session.token] = session
        self.accounts.await_shopper(payment)
        opened = SessionOpened(
            payment_id=payment.id,
            reference=payment.reference,
            order_number=payment.order_number,
            page_url=f"{base_url}/pay/{session.token}",
            installments=offers,
            expires_in=self.accounts.challenge_seconds,
        )
        return Said(msgspec.json.encode(opened))

    def _offers(self, order: Authorize, wanted: list[int]) -> list[InstallmentOffer]:
        known = {each.count: Decimal(each.interest) for each in self.accounts.catalogue.installments}
        counts = [count for count in known if not wanted or count in wanted] or [ONCE]
        offers = []
        for count in counts:
            interest = (money(order.amount) * known[count] / 100).quantize(ZERO, ROUND_HALF_UP)
            offers.append(InstallmentOffer(count, shown(interest), shown(money(order.amount) + interest)))
        return offers

    def find(self, token: str) -> Session | None:
        """Find a session; one whose time is over is declined by that."""
        session = self.by_token.get(token)
        if session is not None:
            self.accounts.expire(session.payment)
        return session

    async def answer(self, session: Session, fields: Mapping[str, str]) -> Step:
        """Take what the shopper posted: a card and a count, the password, or that he cancels."""
        async with session.lock:
            self.accounts.expire(session.payment)
            session.said = ""
            if not session.is_open:
                return "leave"
            if "cancel" in fields:
                self.accounts.close(session.payment, "3C")
                return "leave"
            if "otp" in fields and session.card is not None:
                return await self._authenticate(session, session.card, fields["otp"])
            if "card_number" in fields:
                return await self._pay(session, fields)
            session.card = None
            return "ask"

    async def _pay(self, session: Session, fields: Mapping[str, str]) -> Step:
        offer = next((each for each in session.offers if str(each.count) == fields.get("installments")), None)
        typed = {
            name.removeprefix("card_"): text.strip()
            for name, text in fields.items()
            if name.startswith("card_")
        }
        typed["number"] = typed["number"].replace(" ", "")
        try:
            data = msgspec.convert(typed, CardData)
        except msgspec.ValidationError as error:
            path = str(error).partition("`$.")[2].rstrip("`")
            return self._ask(session, f"Please check what you typed{f': {path}' if path else ''}.")
        if not is_card_number(data.number):
            return self._ask(session, "Please check the card number.")
        if offer is None:
            return self._ask(session, "Please choose in how many parts you pay.")
        card, code = self.accounts.judge(
            session.payment.terminal, msgspec.structs.replace(session.order, card=data)
        )
        if card is None:
            return self._declined(session, code)
        session.chosen = offer
        if card.type == "debit" and offer.count > ONCE:
            return self._ask(session, "A debit card pays at once. Please choose 1 installment.")
        if card.three_d == "always":
            session.card = card
            return "password"
        return await self._charge(session, card)

    async def _authenticate(self, session: Session, card: Card, otp: str) -> Step:
        session.card = None
        if not self.accounts.is_password(otp):
            return self._declined(session, "3D")
        session.payment.authenticated = True
        return await self._charge(session, card)

    async def _charge(self, session: Session, card: Card) -> Step:
        if card.does == "decline":
            return self._declined(session, card.code)
        payment, offer = session.payment, session.chosen
        payment.installments, payment.interest, payment.amount = offer.count, offer.interest, offer.amount
        payment.masked_card = masked(card.number)
        match await self.accounts.provision(session.call, payment, card, session.order):
            case Said(lost=lost):
                return "hang" if lost else "leave"
            case NotProcessed():
                self._undo(session)
                return self._ask(session, "This could not be processed. Nothing was charged. Please repeat.")
            case Silence():
                self._undo(session)
                return "hang"

    def _undo(self, session: Session) -> None:
        payment = session.payment
        payment.state, payment.authenticated, payment.masked_card = "challenged", False, ""
        payment.installments, payment.interest, payment.amount = ONCE, "0.00", session.order.amount

    def _declined(self, session: Session, code: str) -> Step:
        """Let the shopper try another card, but not for ever."""
        session.tries += 1
        if session.tries >= MAX_TRIES:
            self.accounts.close(session.payment, code)
            return "leave"
        return self._ask(session, f"{self.accounts.catalogue.declines[code]} Please use another card.")

    @staticmethod
    def _ask(session: Session, sentence: str) -> Step:
        session.said = sentence
        return "ask"


def returning(session: Session) -> tuple[str, dict[str, str]]:
    """Give where the shopper goes back to, and what he brings along, not yet signed."""
    payment, order = session.payment, session.order
    paid = payment.auth_code is not None
    status = "success" if paid else ("cancelled" if payment.code == "3C" else "failure")
    fields = {
        "terminal": payment.terminal,
        "paymentId": payment.id,
        "status": status,
        "code": "" if paid else payment.code or "",
        "reference": payment.reference,
        "order_number": payment.order_number,
        "amount": payment.amount,
        "currency": payment.currency,
        "installment_count": str(payment.installments),
        "interest_fee": payment.interest,
    }
    return (order.success_url if paid else order.failure_url) or "", fields
