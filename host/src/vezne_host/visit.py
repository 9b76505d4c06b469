"""One request to the checkout: as it comes in, while it is worked on, as it is answered."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from vezne_core import Answer, Client, Page, PlacedOrder, PreOrder, Text, VezneError, World
from vezne_core.outcome import GENERAL
from vezne_core.refresh import Readings
from vezne_host.present import Envelope
from vezne_host.storage.checkouts import Loaded, encode_body


class CheckoutRequest(Struct, frozen=True, kw_only=True):
    """A request as the transport hands it in."""

    client: Client
    session: str | None = None
    """Public id from the cookie."""
    page: Page[Any] | None = None
    fields: dict[str, Any] = {}
    """Body, with the query string beneath it where the page answers from outside."""
    answer: Answer = Answer()
    token: str | None = None
    """One-time token of a return address."""
    reference: str | None = None
    """Order number and try that a return address names, their signature verified."""


class Reply(Struct, frozen=True, kw_only=True):
    """What the transport sends."""

    envelope: Envelope
    public_id: str | None = None
    """A new id for the session's cookie."""
    order: PlacedOrder | None = None


class Visit:
    """One request's view of a checkout while it is being worked on."""

    __slots__ = (
        "asked",
        "before",
        "cleared",
        "in_session",
        "loaded",
        "memory",
        "notes",
        "open",
        "preorder",
        "readings",
        "tried",
        "world",
    )

    def __init__(self, loaded: Loaded, preorder: PreOrder, world: World) -> None:
        self.loaded = loaded
        self.world = world
        self.preorder = preorder
        self.memory = loaded.memory.copy()
        self.before = encode_body(preorder, loaded.memory)
        self.readings: Readings = {}
        self.cleared: set[str] = set()
        self.tried: set[str] = set()
        self.notes: dict[str, list[Text]] = {}
        self.asked = False
        """The gateway of the open attempt has been asked in this request."""
        self.open: Any = None
        """Row of the live attempt, once it was looked at."""
        self.in_session = True
        """The shopper's own browser waits for the answer, with its cookie."""

    @property
    def changed(self) -> bool:
        """Tell whether there is something to save."""
        return encode_body(self.preorder, self.memory) != self.before

    def note(self, text: Text) -> None:
        """Tell the shopper something beside the page."""
        sentences = self.notes.setdefault(GENERAL, [])
        if text not in sentences:
            sentences.append(text)


class ProgrammingError(VezneError):
    """A plugin broke its promise; the request fails and the log names it."""


class UnknownReturn(VezneError):
    """A return that belongs to no attempt."""


class ForgedNotice(VezneError):
    """A server-to-server message that is not from the provider; the reason is for the log."""


class Status(Struct, frozen=True):
    """How the payment of a session stands."""

    state: str
    """none, waiting, challenged, placed or failed."""
    redirect_url: str | None = None
    retry_after: int = 2
    """Seconds after which asking again makes sense; 0 when nothing will change."""
