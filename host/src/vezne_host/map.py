"""The map of a merchant's checkout, as data and drawn."""

from __future__ import annotations

from typing import Any

from vezne_core import Junction, Page
from vezne_host.runtime import MerchantRuntime


def mapped(runtime: MerchantRuntime) -> dict[str, Any]:
    """Return junctions with their chains and pages, and the slots with their edges."""
    return {
        "merchant": runtime.name,
        "junctions": [
            {
                "name": junction.value,
                "series": junction.series,
                "chains": [
                    {
                        "plugin": chain.plugin,
                        "serves": chain.serves,
                        "pages": [_page(page) for page in chain.pages],
                    }
                    for chain in runtime.flow.at(junction)
                ],
            }
            for junction in Junction
        ],
        "independent": [
            {"plugin": chain.plugin, "pages": [_page(page) for page in chain.pages]}
            for chain in runtime.flow.chains
            if chain.junction is None
        ],
        "slots": [
            {
                "name": slot.name,
                "fact": slot.fact,
                "dependents": sorted(runtime.graph.dependents(slot.name)),
            }
            for slot in runtime.graph.slots.values()
        ],
    }


def _page(page: Page[Any]) -> dict[str, Any]:
    return {
        "name": page.name,
        "about": (type(page).__doc__ or "").strip().splitlines()[0],
        "needs": [slot.name for slot in page.needs],
        "fills": [slot.name for slot in page.fills],
        "resets": [slot.name for slot in page.resets],
        "forgets": [slot.name for slot in page.forgets],
        "flags": [flag for flag in ("independent", "pays", "returns", "post_order") if getattr(page, flag)],
    }


def as_text(drawn: dict[str, Any]) -> str:
    """Draw for a terminal."""
    lines = []
    for junction in drawn["junctions"]:
        if not junction["chains"]:
            continue
        lines.append(junction["name"])
        for chain in junction["chains"]:
            serves = f" [{chain['serves']}]" if chain["serves"] else ""
            lines.append(f"  {chain['plugin']}{serves}")
            lines += [_line(page) for page in chain["pages"]]
    lines.append("independent")
    for chain in drawn["independent"]:
        lines.append(f"  {chain['plugin']}")
        lines += [_line(page) for page in chain["pages"]]
    lines.append("what clears what")
    for slot in drawn["slots"]:
        if slot["dependents"]:
            lines.append(
                f"  {slot['name']}{' (fact)' if slot['fact'] else ''} → {', '.join(slot['dependents'])}"
            )
    return "\n".join(lines)


def _line(page: dict[str, Any]) -> str:
    parts = [f"    {page['name']}"]
    if page["needs"]:
        parts.append(f"needs {', '.join(page['needs'])}")
    if page["fills"]:
        parts.append(f"fills {', '.join(page['fills'])}")
    if page["flags"]:
        parts.append(f"({', '.join(page['flags'])})")
    return "  ".join(parts)


def as_mermaid(drawn: dict[str, Any]) -> str:
    """Draw for a page of documentation."""
    lines = ["flowchart TD"]
    last: list[str] = []
    for junction in drawn["junctions"]:
        if not junction["chains"]:
            continue
        lines.append(f"  subgraph {junction['name']}")
        ends = []
        for chain in junction["chains"]:
            names = [page["name"] for page in chain["pages"]]
            lines.append("    " + " --> ".join(names))
            ends.append((chain["serves"], names))
        lines.append("  end")
        for before in last:
            for serves, names in ends:
                label = f"|{serves}|" if serves else ""
                lines.append(f"  {before} -->{label} {names[0]}")
        last = [names[-1] for _, names in ends]
    return "\n".join(lines)
