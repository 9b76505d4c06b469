"""From a configuration to merchants at work; what is wrong with one does not stop the others."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from vezne_core import Problem, Refused
from vezne_host.catalogue import Snapshot
from vezne_host.config import Configuration
from vezne_host.discovery import Found
from vezne_host.runtime import MerchantRuntime, Process


class Assembled(Struct, frozen=True):
    """The merchants that serve, and why the others do not."""

    runtimes: Mapping[str, MerchantRuntime]
    refused: Mapping[str, tuple[Problem, ...]]

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong with any of them."""
        return [problem for several in self.refused.values() for problem in several]


def assemble(
    configuration: Configuration, found: Found, process: Process, snapshots: Mapping[str, Snapshot]
) -> Assembled:
    """Make a runtime of every merchant that can have one.

    :param snapshots: the configuration tables by merchant.
    """
    runtimes: dict[str, MerchantRuntime] = {}
    refused: dict[str, tuple[Problem, ...]] = dict(configuration.refused)
    for name, merchant in configuration.merchants.items():
        problems = [found.problems[plugin] for plugin in merchant.plugins if plugin in found.problems]
        try:
            runtime = MerchantRuntime(merchant, process, snapshots.get(name) or Snapshot(0))
        except Refused as error:
            problems += error.problems
        else:
            if not problems:
                runtimes[name] = runtime
        if problems:
            refused[name] = (*refused.get(name, ()), *problems)
    return Assembled(runtimes, refused)
