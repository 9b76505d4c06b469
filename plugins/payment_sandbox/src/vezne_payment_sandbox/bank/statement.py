"""Tell how payments stand."""

from vezne_payment_sandbox.bank.ledger import Payment
from vezne_payment_sandbox.bank.protocol import PaymentView, State


def leading(payments: list[Payment]) -> State:
    """Give the state that matters of several tries: money held first, then the newest."""
    if not payments:
        return "none"
    return next((each.state for each in payments if each.state == "approved"), payments[-1].state)


def view(payment: Payment) -> PaymentView:
    """Show a payment as `/api/query` does."""
    return PaymentView(
        transaction_id=payment.id,
        reference=payment.reference,
        order_number=payment.order_number,
        state=payment.state,
        amount=payment.amount,
        currency=payment.currency,
        installments=payment.installments,
        interest=payment.interest,
        captured=payment.captured,
        refunded=payment.refunded,
        masked_card=payment.masked_card,
        auth_code=payment.auth_code,
        code=payment.code,
        text=payment.text,
        authenticated=payment.authenticated,
        at=payment.at,
    )
