"""Every hook is documented, and was needed by somebody before it was there."""

from collections.abc import Callable
from typing import Any

import pytest

from vezne_core import hookspecs
from vezne_core.markers import PROJECT
from vezne_host.assembly import Assembled

HOOKS: dict[str, Callable[..., Any]] = {
    name: hook for name, hook in vars(hookspecs).items() if name.startswith(f"{PROJECT}_")
}


@pytest.fixture(scope="module")
def implemented(assembled: Assembled) -> set[str]:
    return {
        hook
        for runtime in assembled.runtimes.values()
        for plugin in runtime.plugins.values()
        for hook in HOOKS
        if hasattr(getattr(plugin, hook, None), f"{PROJECT}_impl")
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_when_it_is_called_and_what_it_returns(hook: str) -> None:
    first, *_ = (HOOKS[hook].__doc__ or "").strip().splitlines() or [""]

    assert first[:1].isupper()
    assert first.endswith(".")


def test_a_hook_has_a_plugin_that_needs_it(implemented: set[str], reasons: dict[str, Any]) -> None:
    assert set(HOOKS) - implemented == set(reasons["hooks"])
