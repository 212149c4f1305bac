"""Which column holds what, and how ours are named beside those of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from classifier.errors import UsageError

TEXT_NAMES: Final = (
    "description", "text", "body", "job_description", "content", "message", "posting", "job_posting", "ad",
    "job_ad", "details", "full_text", "summary",
)  # fmt: skip
"""Names of a column of texts, the likeliest first."""

TITLE_NAMES: Final = ("title", "job_title", "subject", "headline", "position", "job_name")
"""Names of a column of titles, the likeliest first."""

SHOWN: Final = 30


def find(names: Sequence[str], wanted: str, option: str, where: str) -> int:
    """Return the place of a named column; raise UsageError, which lists the names, if there is none.

    A name counts in any case if none is exactly the same; a number counts from 1 where no name is that.
    """
    for same in (str, _folded):
        if (place := next((i for i, name in enumerate(names) if same(name) == same(wanted)), None)) is not None:
            return place
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise UsageError(
        f"{where}: {option} must be one of its columns ({listed(names)}), got {wanted!r}. Give one, or its number"
    )


def guess(names: Sequence[str], likely: Sequence[str], taken: int | None = None) -> int | None:
    """Return the place of the column whose name is the first of ``likely``; None if there is none."""
    folded = [_folded(name) if place != taken else "" for place, name in enumerate(names)]
    return next((folded.index(name) for name in likely if name in folded), None)


def guess_text(names: Sequence[str], where: str, option: str = "--text-column") -> int:
    """Return the place of the column that holds the texts by its name; raise UsageError if none does."""
    if (place := guess(names, TEXT_NAMES)) is not None:
        return place
    raise UsageError(
        f"{where}: one column must hold the texts, known by a name such as {', '.join(TEXT_NAMES[:4])}, "
        f"got {listed(names)}. Name it with {option}"
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a list on one line, cut where it grows long."""
    shown = [name if name.isprintable() and name else repr(name) for name in names[:SHOWN]]
    shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in shown]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") if shown else "no columns"


def beside(names: Sequence[str], ours: Sequence[str]) -> list[str]:
    """Return the input's names with ``_input`` added, once or more, to those that are ours.

    >>> beside(["id", "role", "role_input"], ["role", "error"])
    ['id', 'role_input_input', 'role_input']
    """
    taken = {*names, *ours}
    renamed = []
    for name in names:
        if name in ours:
            while name in taken:
                name = f"{name}_input"
            taken.add(name)
        renamed.append(name)
    return renamed


def distinct(names: Sequence[str]) -> list[str]:
    """Return names that are all different: a second ``a`` becomes ``a_2``; a missing name ``column_3``."""
    taken, found = set(names), []
    for place, name in enumerate(names):
        fresh = name or f"column_{place + 1}"
        number = 2
        while fresh in found or (fresh != name and fresh in taken):
            fresh = f"{name or 'column'}_{number}"
            number += 1
        found.append(fresh)
    return found


def numbered(count: int) -> list[str]:
    """Return names for the columns of a table without a header."""
    return [f"column_{number}" for number in range(1, count + 1)]


def _folded(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
