"""Show the page on which a shopper pays, and send him back to the shop when he has."""

from html import escape

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vezne_payment_sandbox.bank.connection import hang_up, hold
from vezne_payment_sandbox.bank.desk import Bank
from vezne_payment_sandbox.bank.markup import HttpRequest, page, read_form, way_back
from vezne_payment_sandbox.bank.protocol import InstallmentOffer, money, shown
from vezne_payment_sandbox.bank.sessions import Session, Step, returning
from vezne_payment_sandbox.bank.signing import form_hash

TITLE = "Sandbox bank: pay"


@get("/pay/{token:str}")
async def show_hosted_page(token: FromPath[str], bank: NamedDependency[Bank]) -> Response[str]:
    """Show the page; one that was answered leads on to the shop."""
    seen = bank.journal.open("hosted-page")
    session = bank.sessions.find(token)
    if session is not None:
        session.said = ""
    answer = _shown(bank, session, "ask" if session and session.is_open else "leave")
    seen.status = answer.status_code
    return answer


@post("/pay/{token:str}", status_code=200)
async def answer_hosted_page(
    request: HttpRequest, token: FromPath[str], bank: NamedDependency[Bank]
) -> Response[str]:
    """Take a card, a password or the cancellation."""
    seen = bank.journal.open("hosted-answer")
    fields = await read_form(request)
    seen.body = {name: "***" for name in fields if name.startswith("card_") or name in ("otp", "cancel")}
    session = bank.sessions.find(token)
    step = await bank.sessions.answer(session, fields) if session is not None else "leave"
    if step == "hang":
        await hold(request.receive, bank.hold_seconds, bank.closing)
        await hang_up(request.receive)
        return Response("", status_code=502)
    answer = _shown(bank, session, step)
    seen.status = answer.status_code
    return answer


def _shown(bank: Bank, session: Session | None, step: Step) -> Response[str]:
    if session is None:
        return page("Nothing here", "<p>The bank does not know this page.</p>", 404)
    if step == "leave":
        url, fields = returning(session)
        return way_back(url, {**fields, "hash": form_hash(bank.terminals[session.payment.terminal], fields)})
    return _password_page(bank, session) if step == "password" else _card_page(session)


def _card_page(session: Session) -> Response[str]:
    offers = "".join(_offer(each, session) for each in session.offers)
    return page(
        TITLE,
        f"{_alert(session)}{_due(session)}"
        f'<form method="post" action="{session.token}">'
        f"<fieldset><legend>Installments</legend>{offers}</fieldset>"
        '<label for="number">Card number</label>'
        '<input id="number" name="card_number" inputmode="numeric" autocomplete="cc-number" required>'
        '<label for="holder">Name on the card</label>'
        '<input id="holder" name="card_holder" autocomplete="cc-name" required>'
        '<label for="month">Month (MM)</label>'
        '<input id="month" name="card_expiry_month" autocomplete="cc-exp-month" required>'
        '<label for="year">Year (YYYY)</label>'
        '<input id="year" name="card_expiry_year" autocomplete="cc-exp-year" required>'
        '<label for="cvv">Security code</label>'
        '<input id="cvv" name="card_cvv" inputmode="numeric" autocomplete="cc-csc" required>'
        f"<button>Pay</button></form>{_cancel(session)}",
    )


def _password_page(bank: Bank, session: Session) -> Response[str]:
    return page(
        "Sandbox bank: confirm your payment",
        f"{_alert(session)}{_due(session)}"
        f'<form method="post" action="{session.token}"><label for="otp">One-time password</label>'
        '<input id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code" required>'
        f"<button>Confirm</button></form>{_cancel(session)}"
        f"<p>This bank is a toy: the password is {escape(bank.accounts.catalogue.otp)}.</p>",
    )


def _offer(offer: InstallmentOffer, session: Session) -> str:
    currency, checked = session.payment.currency, " checked" if offer is session.chosen else ""
    monthly = shown(money(offer.amount) / offer.count)
    text = f"{offer.count} × {monthly} {currency}, {offer.amount} {currency} in all"
    choice = f'<input type="radio" name="installments" value="{offer.count}"{checked}>'
    return f"<label>{choice}{text}</label><br>"


def _due(session: Session) -> str:
    order = session.order
    return (
        f"<dl><dt>Order</dt><dd>{escape(order.order_number)}</dd>"
        f"<dt>Amount</dt><dd>{order.amount} {order.currency}</dd></dl>"
    )


def _alert(session: Session) -> str:
    return f'<p role="alert">{escape(session.said)}</p>' if session.said else ""


def _cancel(session: Session) -> str:
    return (
        f'<form method="post" action="{session.token}">'
        '<button name="cancel" value="1">Cancel and go back to the shop</button></form>'
    )
