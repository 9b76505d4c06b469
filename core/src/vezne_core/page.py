"""A page of the checkout: declarations in the head, decisions in a few methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from vezne_core.junctions import Junction
from vezne_core.outcome import Outcome
from vezne_core.slots import Slot

if TYPE_CHECKING:
    from vezne_core.preorder import PreOrder

F = TypeVar("F", bound=Struct)

Slots = tuple[Slot[Any], ...]


class NoForm(Struct, frozen=True):
    """The form of a page that asks for nothing; whatever is sent is ignored."""


class NoContext(Struct, frozen=True):
    """The context of a page that tells nothing: ``{}``."""


class Page(Generic[F]):
    """A stateless step of the checkout.

    The class name is the wire name, its lower case the slug. Subclass it
    directly, assign nothing outside ``__init__``, take request data from
    arguments only. Methods decide; the engine acts.
    """

    aliases: ClassVar[tuple[str, ...]] = ()
    """Further wire names under which published clients know this page."""
    junction: ClassVar[Junction | None] = None
    """Where the chain enters the flow; on the first page of a chain only."""
    serves: ClassVar[str | None] = None
    """The value of the junction's key that the chain serves."""
    form: ClassVar[type[Struct]] = NoForm
    """What a POST is decoded into."""
    context_type: ClassVar[type[Struct]] = NoContext
    """What ``context`` returns; for the API description."""
    needs: ClassVar[Slots] = ()
    """Slots and facts that must be filled to show or submit the page."""
    fills: ClassVar[Slots] = ()
    """Slots that ``process`` fills; when all are, the page is done."""
    touches: ClassVar[Slots] = ()
    """Slots of core that ``process`` may change beside its fills."""
    resets: ClassVar[Slots] = ()
    """Slots cleared, with their cascade, before the changes of every accepted submit."""
    forgets: ClassVar[Slots] = ()
    """Slots cleared when the shopper goes back over this page."""
    pays: ClassVar[bool] = False
    """``process`` may return ``Pay``."""
    challenge: ClassVar[Slot[Any] | None] = None
    """The slot that holds what the gateway gave for the next step."""
    returns: ClassVar[bool] = False
    """Answered from outside; matched by its attempt, not by where the shopper stands."""
    independent: ClassVar[bool] = False
    """May be submitted at any time; does not move the flow."""
    post_order: ClassVar[bool] = False
    """Usable when paying for an existing order."""
    effects: ClassVar[bool] = False
    """``process`` calls the outside: not repeated on a conflict, rate-limited."""
    refuses_fields: ClassVar[bool] = False
    """Any submitted field is an error; elsewhere unknown fields are ignored."""

    @property
    def name(self) -> str:
        """The wire name."""
        return type(self).__name__

    @property
    def slug(self) -> str:
        """The wire slug."""
        return type(self).__name__.lower()

    def applies(self, preorder: PreOrder) -> bool:
        """Tell whether the page belongs to this flow now. Only looks."""
        return True

    def done(self, preorder: PreOrder) -> bool:
        """Tell whether nothing is left to ask here. Only looks."""
        if self.pays:
            return self.challenge is not None and preorder.has(self.challenge)
        return bool(self.fills) and all(preorder.has(slot) for slot in self.fills)

    async def preset(self, preorder: PreOrder) -> F | None:
        """Return the form that the server answers itself, where there is no choice."""
        return None

    async def context(self, preorder: PreOrder) -> Struct:
        """Return what a shopper needs to see to answer. Reads only."""
        return NoContext()

    async def process(self, preorder: PreOrder, form: F) -> Outcome:
        """Decide about a submit; change nothing, return what is to happen."""
        raise TypeError(f"{self.name} has a form but does not process it")
