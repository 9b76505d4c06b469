"""Version of the plugin API.

A new hook, argument, slot or field is a minor change; removing or renaming is
a major one.
"""

API = (1, 0)


def compatible(needed: tuple[int, int]) -> bool:
    """Tell whether a plugin that needs this version works with this core."""
    return needed[0] == API[0] and needed[1] <= API[1]
