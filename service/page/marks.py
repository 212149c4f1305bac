"""The text of an answer, cut where something was found in it, for the page to mark."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, Protocol, TypeVar

from classifier.explain import Evidence, Explanation
from classifier.normalise import blank_markup

LONGEST: Final = 100_000
"""Characters of a text that is shown; a longer one is answered and not shown again."""


class Placed(Protocol):
    """Something that was found between two offsets."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """Where it has ended."""


Found = TypeVar("Found", bound=Placed)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text; ``tool`` is what it names and ``naming`` the role, each empty where it does not."""

    text: str
    tool: str
    naming: str


@dataclass(frozen=True, slots=True)
class Run:
    """Parts that lie together: all of them one piece of evidence, its number from 0, or none of them (None)."""

    number: int | None
    parts: tuple[Part, ...]


def runs(explanation: Explanation) -> tuple[Run, ...]:
    """Return the text without its markup as runs, in order; nothing where it is too long to be shown."""
    if len(explanation.text) > LONGEST:
        return ()
    evidence = explanation.evidence
    numbers = {item: number for number, item in enumerate(evidence)}
    covering = _finder(evidence)

    def number(place: tuple[int, int]) -> int | None:
        found: Evidence | None = covering(place[0])
        return None if found is None else numbers[found]

    grouped = groupby(_places(explanation), number)
    part = _parts(explanation)
    return tuple(Run(owner, tuple(part(start, end) for start, end in places)) for owner, places in grouped)


def _places(explanation: Explanation) -> Iterator[tuple[int, int]]:
    """Yield the stretches of the text in which nothing begins or ends."""
    naming = [item for item in explanation.naming if item.place == "text"]
    spans: list[Placed] = [*explanation.evidence, *explanation.tools, *naming]
    edges = {0, len(explanation.text)} | {edge for span in spans for edge in (span.start, span.end)}
    return pairwise(sorted(edges))


def _parts(explanation: Explanation) -> Callable[[int, int], Part]:
    text = blank_markup(explanation.text)
    tool = _finder(explanation.tools)
    names = [item for item in explanation.naming if item.place == "text"]

    def part(start: int, end: int) -> Part:
        named = tool(start)
        naming = next((item.role for item in names if item.start <= start < item.end), "")
        return Part(text[start:end], "" if named is None else named.name, naming)

    return part


def _finder(spans: Sequence[Found]) -> Callable[[int], Found | None]:
    """Return what tells which of some spans, that lie apart, covers an offset."""
    ordered = sorted(spans, key=lambda span: span.start)
    starts = [span.start for span in ordered]

    def find(place: int) -> Found | None:
        index = bisect_right(starts, place) - 1
        return ordered[index] if index >= 0 and place < ordered[index].end else None

    return find
