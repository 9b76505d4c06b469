"""Registration of the sandbox gateways."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from vezne_core import Gateway, Plugin, Secret, Settings, hookimpl
from vezne_payment_sandbox.gateway import SandboxGateway
from vezne_payment_sandbox.redirect_gateway import SandboxRedirectGateway


class SandboxSettings(Settings, frozen=True, kw_only=True):
    """A terminal at the sandbox bank."""

    base_url: Annotated[str, Meta(pattern=r"\Ahttps?://[^\s/?#@]+(/[^\s?#]*)?\Z")] = "http://127.0.0.1:8001"
    """Where the bank is; what lies in the own network must stand in ``[host] allow_inside``."""
    terminal: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]
    secret: Secret
    timeout: Annotated[float, Meta(gt=0, le=60)] = 20.0
    """Seconds for one call."""
    settles_after: Annotated[float, Meta(ge=0, le=86400)] = 900.0
    """Seconds for which "never heard of it" is not believed after a call."""


class Sandbox(Plugin[SandboxSettings]):
    """Payments at the sandbox bank: by card, and on the bank's own page."""

    settings_type = SandboxSettings

    @hookimpl
    def vezne_register_gateways(self) -> list[Gateway]:
        settings = self.settings
        return [
            gateway(
                base_url=settings.base_url,
                terminal=settings.terminal,
                secret=settings.secret,
                timeout=settings.timeout,
                settles_after=settings.settles_after,
                http=self.services.http,
                clock=self.services.clock,
            )
            for gateway in (SandboxGateway, SandboxRedirectGateway)
        ]
