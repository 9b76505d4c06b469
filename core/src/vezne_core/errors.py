"""What can go wrong, as values an operator or a page can act on."""

from collections.abc import Iterable

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing an operator has to mend: where it is, what is wrong, what to do."""

    place: str
    fact: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: {self.fact}"
        return f"{text}; {self.remedy}" if self.remedy else text


class VezneError(Exception):
    """Base of every error that this project raises on purpose."""


class Refused(VezneError):
    """A merchant, a plugin or a configuration cannot be served; carries every problem at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Missing(VezneError):
    """A slot was required that is not filled.

    Pages never see this for the slots they declare in ``needs``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"slot {name} is not filled")


class Unavailable(VezneError):
    """A remote service did not answer in time or not sensibly; the reason is for the log.

    :param sent: False where nothing was sent at all, so that surely nothing was done.
    """

    def __init__(self, reason: str = "", *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(reason)
