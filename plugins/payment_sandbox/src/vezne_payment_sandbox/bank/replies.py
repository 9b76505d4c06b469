"""Answer an idempotency key once: a repeat hears the first answer, a concurrent repeat waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from vezne_payment_sandbox.bank.protocol import Operation, Refusal
from vezne_payment_sandbox.bank.signing import same


@dataclass(frozen=True)
class Call:
    """Who asks for what under which key, and the keyed digest of the body."""

    terminal: str
    operation: Operation
    key: str
    digest: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two calls repeats of each other."""
        return self.terminal, self.operation, self.key


@dataclass(frozen=True)
class Said:
    """The bank decided. `lost` means that this answer never reaches the client; a repeat gets it."""

    body: bytes
    lost: bool = False


@dataclass(frozen=True)
class NotProcessed:
    """The bank did nothing and says so: HTTP 500 with `{"processed": false}`."""


@dataclass(frozen=True)
class Silence:
    """The bank did nothing and says nothing."""


Reply = Said | NotProcessed | Silence


@dataclass
class _Open:
    digest: str
    reply: Reply | None = None
    decided: asyncio.Event = field(default_factory=asyncio.Event)


class Replies:
    """The replies given so far, by terminal, operation and key."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str, str], _Open] = {}

    def clear(self) -> None:
        """Forget every key."""
        self._given.clear()

    def restore(self, call: Call, body: bytes) -> None:
        """Remember an answer that an earlier bank gave."""
        entry = _Open(call.digest, Said(body))
        entry.decided.set()
        self._given[call.identity] = entry

    async def once(self, call: Call, work: Callable[[], Awaitable[Reply]]) -> Reply:
        """Do the work unless it was done under this key; raise `Refusal` 409 where the body is another one.

        Only what the bank said is remembered: after an error, a refusal or a silence the key is free again.
        """
        while (known := self._given.get(call.identity)) is not None:
            if not same(known.digest, call.digest):
                raise Refusal(409, "key_reused", "This idempotency key was used with another body.")
            await known.decided.wait()
            if known.reply is not None:
                return replace(known.reply, lost=False) if isinstance(known.reply, Said) else known.reply
        entry = self._given[call.identity] = _Open(call.digest)
        try:
            entry.reply = await work()
        finally:
            if not isinstance(entry.reply, Said) and self._given.get(call.identity) is entry:
                del self._given[call.identity]
            entry.decided.set()
        return entry.reply
