"""Serve the bank with uvicorn so that a held connection does not hold up the end."""

import socket

import uvicorn
from litestar import Litestar

from vezne_payment_sandbox.bank.desk import Bank


class BankServer(uvicorn.Server):
    """A uvicorn server that lets held connections go before it waits for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the bank first: uvicorn tells the application only after every request has ended."""
        app = self.config.app
        if isinstance(app, Litestar) and isinstance(bank := app.state.get("bank"), Bank):
            bank.closing.set()
        await super().shutdown(sockets)


def server(app: Litestar, host: str = "127.0.0.1", port: int = 0) -> BankServer:
    """Prepare a server; without an access log, because the path of an access page is its token."""
    return BankServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=2,
            ws="none",
        )
    )
