"""What a page answers to a submit; the engine acts on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vezne_core.junctions import Junction
from vezne_core.slots import Change

if TYPE_CHECKING:
    from vezne_core.page import Page
    from vezne_core.payments import Answer, CardDetails, ReturnAddress

GENERAL = "non_field_errors"
"""Key of errors that belong to no field."""


class Message(Struct, frozen=True):
    """A sentence for the shopper with places to fill: ``Message("At most {n}.", {"n": 3})``.

    The template is looked up in the catalogues of the answer's language, then filled.
    """

    template: str
    values: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return self.template.format(**self.values)


Text = str | Message
Errors = Mapping[str, Sequence[Text]]
Back = type["Page[Any]"] | Junction


class Proceed:
    """The submit is accepted; these changes are applied and the walk goes on."""

    __slots__ = ("changes",)

    def __init__(self, *changes: Change) -> None:
        self.changes = changes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proceed) and self.changes == other.changes

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Proceed{self.changes!r}"


class Reject(Struct, frozen=True):
    """The submit is refused and nothing of it is kept.

    :param errors: sentences by field; ``non_field_errors`` for general ones.
    :param back_to: an earlier page of the plugin, or a junction, to ask anew.
    """

    errors: Errors
    back_to: Back | None = None

    @classmethod
    def because(cls, *sentences: Text, back_to: Back | None = None) -> Reject:
        """Refuse for a reason that belongs to no field."""
        return cls({GENERAL: list(sentences)}, back_to)


class Pay:
    """Hand the payment to the runner.

    Without ``answer`` an attempt is begun, with it the open one is resumed.

    :param changes: kept when the gateway approves or challenges, dropped when it declines.
    :param challenged: applied only when the gateway challenges.
    :param answer: what came from outside, or the form of a later step.
    :param card: the card to charge; never stored by anybody but the vault.
    :param three_d: whether the shopper must be authenticated; None leaves it to the gateway.
    :param save_card: the name under which the shopper wants the card kept, or None.
    :param return_address: how an answer from outside finds the attempt; by a one-time token by default.
    :param transfer_code: what the shopper states with a bank transfer, for his money to be matched by.
    :param back_to: where a decline leads; the page itself by default.
    """

    __slots__ = (
        "answer", "back_to", "card", "challenged", "changes", "return_address", "save_card", "three_d",
        "transfer_code",
    )  # fmt: skip

    def __init__(
        self,
        *changes: Change,
        challenged: Sequence[Change] = (),
        answer: Answer | None = None,
        card: CardDetails | None = None,
        three_d: bool | None = None,
        save_card: str | None = None,
        return_address: ReturnAddress | None = None,
        transfer_code: str | None = None,
        back_to: Back | None = None,
    ) -> None:
        self.changes = changes
        self.challenged = tuple(challenged)
        self.answer = answer
        self.card = card
        self.three_d = three_d
        self.save_card = save_card
        self.return_address = return_address
        self.transfer_code = transfer_code
        self.back_to = back_to

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pay) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Pay(changes={self.changes!r}, resumes={self.answer is not None})"


Outcome = Proceed | Reject | Pay
