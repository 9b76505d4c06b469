"""Move the money: authorise, challenge, complete, capture, void, refund, and answer what became of it."""

import secrets
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import msgspec

from vezne_payment_sandbox.bank.cards import Card, Catalogue, is_card_number, is_expired, masked
from vezne_payment_sandbox.bank.ledger import CardOnFile, Entry, GivenAnswer, Kind, Ledger, Payment, Row, now
from vezne_payment_sandbox.bank.notices import Notices
from vezne_payment_sandbox.bank.protocol import (
    Answer,
    Approved,
    Authorize,
    Campaigns,
    Capture,
    CardQuestion,
    Complete,
    Declined,
    ForgetCard,
    Forgotten,
    Found,
    HandOff,
    Moved,
    Query,
    Refund,
    Refusal,
    Rewards,
    StoredCard,
    ThreeDRequired,
    Void,
    check_return_url,
    money,
    shown,
)
from vezne_payment_sandbox.bank.replies import Call, NotProcessed, Reply, Said, Silence
from vezne_payment_sandbox.bank.statement import leading, view

ZERO = Decimal("0.00")


@dataclass
class Challenge:
    """A card holder who is being authenticated. Lives in memory only, and knows the card only by its row."""

    token: str
    payment: Payment
    card: Card
    order: Authorize
    expires: float
    used: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether the access page may still be answered."""
        return not self.used and time.monotonic() < self.expires


@dataclass
class Accounts:
    """Every payment of every terminal.

    A check and the change that it allows stand between two awaits, so that they cannot interleave.
    """

    catalogue: Catalogue
    ledger: Ledger
    notices: Notices
    challenge_seconds: int
    payments: dict[str, Payment] = field(default_factory=dict)
    by_reference: dict[tuple[str, str], Payment] = field(default_factory=dict)
    by_order: dict[tuple[str, str], list[Payment]] = field(default_factory=dict)
    challenges: dict[str, Challenge] = field(default_factory=dict)
    challenge_of: dict[str, Challenge] = field(default_factory=dict)
    expiry: dict[str, float] = field(default_factory=dict)
    """By payment, until when its page is open, on the clock of `time.monotonic`."""
    on_file: dict[str, CardOnFile] = field(default_factory=dict)
    failed_once: set[tuple[str, str, str]] = field(default_factory=set)

    def restore(self, entries: list[Entry]) -> None:
        """Take up what an earlier bank wrote; the last state of a payment counts."""
        latest = {entry.payment.id: entry.payment for entry in entries}
        for payment in latest.values():
            self._keep(payment)
        for entry in entries:
            if entry.stored_card is not None:
                self.on_file[entry.stored_card.token] = entry.stored_card

    def clear(self) -> None:
        """Forget every payment, challenge and stored card."""
        for kept in (self.payments, self.by_reference, self.by_order, self.challenges, self.challenge_of):
            kept.clear()
        self.expiry.clear()
        self.on_file.clear()
        self.failed_once.clear()

    # -- taking money ------------------------------------------------------------------------------------

    async def authorize(self, call: Call, order: Authorize, base_url: str) -> Reply:
        """Decide about a sale or a reservation, or ask for the card holder first."""
        self.check_order(call.terminal, order)
        payment = new_payment(call.terminal, order, self._shown_card(call.terminal, order))
        card, decline = self.judge(call.terminal, order)
        if card is None:
            self._keep(payment)
            return await self._decline(call, payment, decline)
        if order.three_d or card.three_d == "always":
            if order.success_url is None or order.failure_url is None:
                self._keep(payment)
                return await self._decline(call, payment, "65")
            challenge = self.challenge(payment, card, order)
            return Said(_encoded(self._three_d_required(challenge, base_url)))
        return await self.provision(call, payment, card, order)

    async def complete(self, call: Call, message: Complete) -> Reply:
        """Make the provision after the access page; a second completion repeats the first's decision."""
        payment = self._own(call.terminal, message.payment_id)
        challenge = self.challenge_of.get(payment.id)
        self.expire(payment)
        match payment.state:
            case "declined":
                return await self._decline(call, payment, payment.code or "05")
            case "challenged" if challenge is not None and payment.authenticated:
                return await self.provision(call, payment, challenge.card, challenge.order)
            case "none" if challenge is not None:
                return Silence()
            case "challenged":
                raise Refusal(409, "not_authenticated", "The access page was not answered yet.")
            case _ if payment.auth_code is not None:
                return await self._record(call, payment, [], self._approved(payment))
        raise Refusal(404, "unknown_payment", "No such payment.", "payment_id")

    def check_order(self, terminal: str, order: Authorize) -> None:
        """Refuse what no bank could act on, before anything is decided."""
        if (order.card is None) == (order.card_token is None):
            raise Refusal(400, "invalid", "Send either card or card_token.", "card")
        if order.card is not None and not is_card_number(order.card.number):
            raise Refusal(400, "invalid", "The card number fails its check digit.", "card.number")
        self.check_terms(terminal, order)
        if order.three_d and (order.success_url is None or order.failure_url is None):
            raise Refusal(400, "invalid", "3-D Secure needs success_url and failure_url.", "success_url")

    def check_terms(self, terminal: str, order: Authorize) -> None:
        """Refuse what goes wrong whatever card is charged."""
        if money(order.amount) <= ZERO:
            raise Refusal(400, "invalid", "The amount must be above zero.", "amount")
        for name in ("success_url", "failure_url", "notice_url"):
            if (url := getattr(order, name)) is not None:
                check_return_url(url, name)
        if (terminal, order.reference) in self.by_reference:
            raise Refusal(409, "duplicate_reference", "This reference was used before.", "reference")

    def judge(self, terminal: str, order: Authorize) -> tuple[Card | None, str]:
        """Find the card of an order, or the code of the decline."""
        if order.card is not None:
            card = self.catalogue.by_number(order.card.number)
            if card is None:
                return None, "14"
            if is_expired(order.card.expiry_month, order.card.expiry_year):
                return None, "54"
            if order.card.cvv != self.catalogue.cvv:
                return None, "82"
        else:
            card = self._card_on_file(terminal, order.card_token)
            if card is None:
                return None, "14"
        if order.campaign is not None and order.campaign not in {each.code for each in card.campaigns}:
            return None, "C1"
        if any(money(used) > money(card.rewards.get(kind, "0.00")) for kind, used in order.rewards.items()):
            return None, "R1"
        return card, ""

    def challenge(self, payment: Payment, card: Card, order: Authorize) -> Challenge:
        """Open an access page. The typed card is dropped here; only its row in the catalogue is kept."""
        token, expires = secrets.token_urlsafe(24), self.await_shopper(payment)
        challenge = Challenge(token, payment, card, msgspec.structs.replace(order, card=None), expires)
        self.challenges[token] = self.challenge_of[payment.id] = challenge
        return challenge

    def await_shopper(self, payment: Payment) -> float:
        """Wait for an answer to a page; return until when."""
        payment.state = "challenged"
        self._keep(payment)
        self.expiry[payment.id] = time.monotonic() + self.challenge_seconds
        return self.expiry[payment.id]

    def open_for(self, terminal: str, reference: str) -> Challenge | None:
        """Find the open access page of a reference."""
        payment = self.by_reference.get((terminal, reference))
        challenge = self.challenge_of.get(payment.id) if payment is not None else None
        return challenge if challenge is not None and challenge.is_open else None

    def answer_challenge(self, challenge: Challenge, otp: str | None) -> bool:
        """Use the access page up, and tell whether the holder is authenticated; no OTP means cancelled."""
        challenge.used = True
        payment = challenge.payment
        payment.authenticated = otp is not None and self.is_password(otp)
        if not payment.authenticated:
            self.close(payment, "3C" if otp is None else "3D")
        return payment.authenticated

    def is_password(self, otp: str) -> bool:
        """Tell whether a one-time password is right."""
        return secrets.compare_digest(otp.encode(errors="replace"), self.catalogue.otp.encode())

    def close(self, payment: Payment, code: str) -> None:
        """Decline a payment whose page came to nothing."""
        payment.state, payment.code, payment.text = "declined", code, self.catalogue.declines[code]

    async def provision(self, call: Call, payment: Payment, card: Card, order: Authorize) -> Reply:
        """Charge a card that was found and, where needed, authenticated; it does what its row says."""
        if card.does == "fail_first" and call.identity not in self.failed_once:
            self.failed_once.add(call.identity)
            return NotProcessed()
        if card.does == "lose_request":
            payment.state = "none"
            return Silence()
        self._keep(payment)
        if card.does == "decline":
            return await self._decline(call, payment, card.code)
        payment.state = "approved"
        payment.auth_code = f"{secrets.randbelow(1_000_000):06d}"
        rows = [_row(call, payment, "authorization", payment.amount)]
        if payment.capture:
            payment.captured = payment.amount
            rows.append(_row(call, payment, "capture", payment.amount))
        stored = None
        if order.store_card:
            stored = _card_on_file(payment)
            self.on_file[stored.token] = stored
        said = await self._record(call, payment, rows, self._approved(payment, stored), stored)
        if order.notice_url is not None:
            await self.notices.announce(payment, order.notice_url)
        return Said(said.body, lost=card.does == "lose_answer")

    async def _decline(self, call: Call, payment: Payment, code: str) -> Said:
        self.close(payment, code)
        answer = Declined(
            transaction_id=payment.id,
            reference=payment.reference,
            order_number=payment.order_number,
            code=code,
            text=payment.text or "",
        )
        return await self._record(call, payment, [], answer)

    # -- moving taken money ------------------------------------------------------------------------------

    async def capture(self, call: Call, message: Capture) -> Said:
        """Take reserved money, at most what was authorised."""
        payment = self._own(call.terminal, message.transaction_id)
        if payment.state != "approved":
            raise Refusal(409, "wrong_state", f"The payment is {payment.state}.")
        left = money(payment.amount) - money(payment.captured)
        amount = _portion(message.amount, left, "exceeds_authorized")
        payment.captured = shown(money(payment.captured) + amount)
        return await self._move(call, payment, "capture", amount)

    async def void(self, call: Call, message: Void) -> Said:
        """Undo a payment of which nothing was refunded or settled."""
        payment = self._own(call.terminal, message.transaction_id)
        if payment.state != "approved":
            raise Refusal(409, "wrong_state", f"The payment is {payment.state}.")
        if money(payment.refunded) > ZERO:
            raise Refusal(409, "already_refunded", "A part of the payment was refunded; refund the rest.")
        if payment.settled:
            raise Refusal(409, "already_settled", "The day of the payment is closed; refund it.")
        payment.state = "voided"
        return await self._move(call, payment, "void", money(payment.captured))

    async def refund(self, call: Call, message: Refund) -> Said:
        """Give captured money back, never more than was captured."""
        payment = self._own(call.terminal, message.transaction_id)
        if payment.state != "approved":
            raise Refusal(409, "wrong_state", f"The payment is {payment.state}.")
        left = money(payment.captured) - money(payment.refunded)
        amount = _portion(message.amount, left, "exceeds_captured")
        payment.refunded = shown(money(payment.refunded) + amount)
        if payment.refunded == payment.amount:
            payment.state = "refunded"
        return await self._move(call, payment, "refund", amount)

    async def _move(
        self, call: Call, payment: Payment, kind: Literal["capture", "void", "refund"], amount: Decimal
    ) -> Said:
        answer = Moved(
            transaction_id=payment.id,
            kind=kind,
            amount=shown(amount),
            currency=payment.currency,
            state=payment.state,
            captured=payment.captured,
            refunded=payment.refunded,
        )
        return await self._record(call, payment, [_row(call, payment, kind, shown(amount))], answer)

    def settle(self) -> None:
        """Close the day: what is captured can no longer be voided."""
        for payment in self.payments.values():
            payment.settled = payment.settled or money(payment.captured) > ZERO

    # -- answering ---------------------------------------------------------------------------------------

    def query(self, terminal: str, message: Query) -> Found:
        """Tell what became of a reference, a transaction, or every try of an order number."""
        given = [name for name in ("reference", "order_number", "transaction_id") if getattr(message, name)]
        if len(given) != 1:
            raise Refusal(400, "invalid", "Send exactly one of reference, order_number, transaction_id.")
        if message.order_number:
            found = self.by_order.get((terminal, message.order_number), [])
        elif message.reference:
            found = [payment] if (payment := self.by_reference.get((terminal, message.reference))) else []
        else:
            payment = self.payments.get(message.transaction_id or "")
            found = [payment] if payment is not None and payment.terminal == terminal else []
        for payment in found:
            self.expire(payment)
        found = [payment for payment in found if payment.state != "none"]
        return Found(state=leading(found), payments=[view(payment) for payment in found])

    def rewards(self, terminal: str, question: CardQuestion) -> Rewards:
        """Tell the points of a card; a card without any, or unknown, has none."""
        card = self._asked_card(terminal, question)
        return Rewards(rewards=dict(card.rewards) if card else {})

    def campaigns(self, terminal: str, question: CardQuestion) -> Campaigns:
        """Tell the campaigns of a card."""
        card = self._asked_card(terminal, question)
        return Campaigns(campaigns=list(card.campaigns) if card else [])

    def forget_card(self, terminal: str, message: ForgetCard) -> Forgotten:
        """Drop a stored card; a repeat is harmless."""
        known = self.on_file.get(message.card_token)
        if known is not None and known.terminal == terminal:
            del self.on_file[message.card_token]
        return Forgotten()

    def order_number_of(self, terminal: str, transaction_id: str) -> str | None:
        """Name the order of a transaction, for the control API."""
        payment = self.payments.get(transaction_id)
        return payment.order_number if payment is not None and payment.terminal == terminal else None

    # -- helpers -----------------------------------------------------------------------------------------

    async def _record(
        self, call: Call, payment: Payment, rows: list[Row], answer: Answer, stored: CardOnFile | None = None
    ) -> Said:
        body = _encoded(answer)
        given = None
        if call.operation != "session":  # a shopper's payment answers no call of the merchant
            given = GivenAnswer(
                terminal=call.terminal,
                operation=call.operation,
                key=call.key,
                digest=call.digest,
                body=msgspec.Raw(body),
            )
        await self.ledger.append(Entry(rows=rows, payment=payment, answer=given, stored_card=stored))
        return Said(body)

    def _own(self, terminal: str, transaction_id: str) -> Payment:
        payment = self.payments.get(transaction_id)
        if payment is None or payment.terminal != terminal:
            raise Refusal(404, "unknown_payment", "No such payment.")
        return payment

    def _keep(self, payment: Payment) -> None:
        if payment.id not in self.payments:
            self.payments[payment.id] = self.by_reference[payment.terminal, payment.reference] = payment
            self.by_order.setdefault((payment.terminal, payment.order_number), []).append(payment)

    def expire(self, payment: Payment) -> None:
        """Decline a payment whose page was not answered in time."""
        expires = self.expiry.get(payment.id)
        if payment.state == "challenged" and expires is not None and time.monotonic() >= expires:
            self.close(payment, "3E")

    def _card_on_file(self, terminal: str, token: str | None) -> Card | None:
        known = self.on_file.get(token or "")
        if known is None or known.terminal != terminal:
            return None
        return self.catalogue.by_masked(known.masked_card)

    def _asked_card(self, terminal: str, question: CardQuestion) -> Card | None:
        if (question.card_number is None) == (question.card_token is None):
            raise Refusal(400, "invalid", "Send either card_number or card_token.")
        if question.card_number is not None:
            return self.catalogue.by_number(question.card_number)
        return self._card_on_file(terminal, question.card_token)

    def _shown_card(self, terminal: str, order: Authorize) -> str:
        if order.card is not None:
            return masked(order.card.number)
        card = self._card_on_file(terminal, order.card_token)
        return masked(card.number) if card else ""

    def _approved(self, payment: Payment, stored: CardOnFile | None = None) -> Approved:
        return Approved(
            transaction_id=payment.id,
            auth_code=payment.auth_code or "",
            reference=payment.reference,
            order_number=payment.order_number,
            amount=payment.amount,
            currency=payment.currency,
            installments=payment.installments,
            interest=payment.interest,
            masked_card=payment.masked_card,
            captured=payment.capture,
            at=payment.at,
            stored_card=_told(stored) if stored else None,
        )

    def _three_d_required(self, challenge: Challenge, base_url: str) -> ThreeDRequired:
        url = f"{base_url}/access/{challenge.token}"
        payment = challenge.payment
        return ThreeDRequired(
            payment_id=payment.id,
            reference=payment.reference,
            order_number=payment.order_number,
            session_token=challenge.token,
            access_url=url,
            hand_off=HandOff(url, {"session_token": challenge.token, "reference": payment.reference}),
            expires_in=self.challenge_seconds,
        )


def new_payment(terminal: str, order: Authorize, masked_card: str) -> Payment:
    """Open a payment in which nothing has happened yet."""
    return Payment(
        id=f"tx-{secrets.token_hex(10)}",
        terminal=terminal,
        reference=order.reference,
        order_number=order.order_number,
        amount=shown(money(order.amount)),
        currency=order.currency,
        installments=order.installments,
        capture=order.capture,
        masked_card=masked_card,
        at=now(),
    )


def _card_on_file(payment: Payment) -> CardOnFile:
    token = f"card-{secrets.token_hex(12)}"
    return CardOnFile(token=token, terminal=payment.terminal, masked_card=payment.masked_card)


def _told(stored: CardOnFile) -> StoredCard:
    return StoredCard(stored.token, stored.masked_card[-4:], stored.masked_card)


def _row(call: Call, payment: Payment, kind: Kind, amount: str) -> Row:
    return Row(
        kind=kind,
        order_number=payment.order_number,
        amount=amount,
        currency=payment.currency,
        idempotency_key=call.key,
        at=now(),
        terminal=payment.terminal,
        reference=payment.reference,
        transaction_id=payment.id,
    )


def _portion(asked: str | None, left: Decimal, code: str) -> Decimal:
    amount = left if asked is None else money(asked)
    if left <= ZERO or amount > left:
        raise Refusal(409, code, f"At most {shown(max(left, ZERO))} is left.", "amount")
    if amount <= ZERO:
        raise Refusal(400, "invalid", "The amount must be above zero.", "amount")
    return amount


def _encoded(answer: Answer) -> bytes:
    return msgspec.json.encode(answer)
