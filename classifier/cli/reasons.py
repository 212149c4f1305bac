"""Why a text was answered as it was, for people at a terminal: coloured by role, whatever the window's width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import RenderableType

    from classifier.explain import Contrast, Explanation

STYLES: Final = {"devops": "cyan", "sre": "red", "platform": "green", "cloud": "magenta", "none": "dim"}
"""Colour of each role."""
TERMS: Final = 8
"""Terms for and against that are shown."""
LABELS: Final = 12
"""Width of the column of labels."""
NARROW: Final = 50
"""Width of a window below which labels stand above what they label."""

Line = tuple[str, str, str]
"""A label, what it labels, and the role by which it is coloured."""


def write(explanation: Explanation) -> None:
    """Write to standard output what speaks for the answer; in colour where that is a terminal."""
    import sys

    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    for label, said, role in lines(explanation):
        console.print(_laid_out(label, said, STYLES.get(role, ""), console.width))


def _laid_out(label: str, said: str, style: str, width: int) -> RenderableType:
    """Return a label beside what it labels, or above it where there is little room."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    if width < NARROW:
        return Text.assemble((label, "bold"), "\n", Text(said, style)) if label else Padding(Text(said, style), (0, 0))
    grid = Table.grid()
    grid.add_column(width=LABELS)
    grid.add_column(overflow="fold")
    grid.add_row(Text(label, "bold"), Text(said, style))
    return grid


def lines(explanation: Explanation) -> Iterator[Line]:
    """Yield what matches a documented responsibility, how roles are named, terms, tools, and what would change it."""
    for item in sorted(explanation.evidence, key=lambda item: -item.strength):
        role = item.responsibility.partition("-")[0]
        yield item.responsibility, f"{item.strength:.2f}  {plain(item.quote)}", role
        yield "", f"  as documented: {item.statement}", "none"
    for name in explanation.naming:
        yield "names", f"{name.role} ({name.weight:+.2f}, in the {name.place}): {plain(name.phrase)}", name.role
    yield from _words(explanation.contrast)
    families: dict[str, dict[str, None]] = {}
    for tool in explanation.tools:
        families.setdefault(tool.family, {})[tool.name] = None
    if families:
        yield "tools", "; ".join(f"{family}: {', '.join(names)}" for family, names in families.items()), ""
    if explanation.change is not None:
        without = "; ".join(plain(span.quote) for span in explanation.change.segments)
        yield "would be", f"{explanation.change.role} without: {without}", explanation.change.role


def _words(contrast: Contrast) -> Iterator[Line]:
    """Yield the difference between the two likeliest roles, taken apart."""
    yield "words", f"{contrast.role} against {contrast.against}, {contrast.difference:+.2f} in all", ""
    for role, sign in ((contrast.role, 1), (contrast.against, -1)):
        terms = [term for term in contrast.terms if term.weight * sign > 0]
        shown = ", ".join(f"{term.term} {term.weight:+.2f}" for term in terms[:TERMS])
        rest = sum(term.weight for term in terms[TERMS:])
        more = f", {len(terms) - TERMS} more {rest:+.2f}" if rest else ""
        if terms:
            yield "", f"for {role}: {shown}{more}", role
    beside = [(f"naming {role}", weight) for role, weight in contrast.names.items()]
    beside += [("naming no role", contrast.unnamed), ("start", contrast.bias)]
    said = ", ".join(f"{name} {weight:+.2f}" for name, weight in beside if weight)
    if said:
        yield "", f"beside the words: {said}", ""


def plain(quote: str) -> str:
    """Return a quote on one line, without its markup."""
    from classifier.normalise import blank_markup

    return " ".join(blank_markup(quote).split())
