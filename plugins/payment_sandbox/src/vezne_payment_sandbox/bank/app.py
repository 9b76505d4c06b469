"""Make the bank's ASGI application."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from vezne_payment_sandbox.bank import access, api, control, hosted
from vezne_payment_sandbox.bank.cards import demo_terminals
from vezne_payment_sandbox.bank.desk import Bank

MAX_BODY_BYTES = 64 * 1024


def create_bank(
    *,
    ledger: str | Path | None = None,
    terminals: Mapping[str, str] | None = None,
    public_url: str | None = None,
    hold_seconds: float = 60.0,
    challenge_seconds: int = 1800,
    with_control: bool = True,
) -> Litestar:
    """Open a bank; without arguments, that of the demo shop, with a ledger in memory.

    `ledger` names the file that keeps money and answers over a kill; one bank at a time may have it.
    `terminals` maps ids to secrets (default: terminals.toml). `public_url` is where browsers find the pages
    of the bank (default: the address of the request). `hold_seconds` is how long a lost answer keeps its
    connection.
    `with_control` false leaves out `/control/`. The bank itself is `app.state.bank`; it works without a
    lifespan too, as a mounted application must.
    """
    bank = Bank(
        demo_terminals() if terminals is None else terminals,
        Path(ledger) if ledger is not None else None,
        public_url,
        hold_seconds,
        challenge_seconds,
    )

    def the_bank() -> Bank:
        return bank

    @asynccontextmanager
    async def open_until_shutdown(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await bank.close()

    handlers: list[ControllerRouterHandler] = [
        api.merchant_api,
        access.show_access_page,
        access.answer_access_page,
        access.gate,
        hosted.show_hosted_page,
        hosted.answer_hosted_page,
        control.read_ledger,
    ]
    if with_control:
        handlers += [
            control.reset,
            control.settle,
            control.add_fault,
            control.list_faults,
            control.drop_faults,
            control.set_notice_mode,
            control.list_notices,
            control.list_requests,
        ]
    app = Litestar(
        handlers,
        dependencies={"bank": Provide(the_bank, sync_to_thread=False)},
        lifespan=[open_until_shutdown],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_BODY_BYTES,
    )
    app.state.bank = bank
    return app
