"""The phrase in which a text names its own role: what the surroundings of every name say.

The readable twin of what the kernel adds up, one name at a time and with its place in the text;
a test holds the sums equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier import kernel
from classifier.explain.findings import Naming, Span
from classifier.explain.words import Words
from classifier.model import Model
from classifier.records import ROLES

BEFORE, AFTER = 3, 2
"""Words around a name that are quoted with it."""
MODIFIERS: Final = 4
"""Words between an article and a name that are skipped at most."""


@dataclass(frozen=True, slots=True)
class Name:
    """A role's name in a text: first and last token, the first of its modifiers, and the cues around it."""

    role: int
    first: int
    last: int
    modified: int
    cues: tuple[int, ...]

    def weight(self, model: Model) -> float:
        """Return what its surroundings say, in log-odds."""
        return float(model.cue_weights[list(self.cues)].sum())


def names(model: Model, words: Words) -> Iterator[Name]:
    """Yield every name of a role, or of another job, with its surroundings; the longest that ends at a token counts."""
    size = min(len(words.hashes), kernel.MAX_WALK)
    roles = np.where(words.terms >= 0, model.name_roles[words.terms], 0)[:, :size]
    skips = np.where(words.terms[0] >= 0, model.modifiers[words.terms[0]], False)
    used: set[int] = set()
    for last in np.flatnonzero(roles.any(axis=0)).tolist():
        length = int(np.flatnonzero(roles[:, last]).max())
        role, first = int(roles[length, last]) - 1, last - length
        modified = first
        while modified > 0 and first - modified < MODIFIERS and skips[modified - 1]:
            modified -= 1
        around = _around(words, size, modified, last)
        kinds = [*_kinds(around, first, first > modified), *([] if used else [(kernel.FIRST, [kernel.EDGE])])]
        if role not in used:
            kinds.append((kernel.FIRST_OF_ROLE, [kernel.EDGE]))
        yield Name(role, first, last, modified, _cues(model, kinds, role))
        used.add(role)


def _around(words: Words, size: int, modified: int, last: int) -> list[np.uint64]:
    """Return the hashes of the three words before a name, nearest first, and of the two after it."""
    places = [modified - 1, modified - 2, modified - 3, last + 1, last + 2]
    return [np.uint64(words.hashes[place]) if 0 <= place < size else kernel.EDGE for place in places]


def _kinds(around: Sequence[np.uint64], first: int, modified: bool) -> list[tuple[np.uint64, list[np.uint64]]]:
    """Return the kinds of surroundings of a name: a salt and hashes each, as the kernel mixes them."""
    p1, p2, p3, n1, n2 = around
    place = min(7, (1 + (first >> 3)).bit_length() - 1)
    return [
        (kernel.BEFORE, [p1]), (kernel.BEFORE_2, [p2, p1]), (kernel.BEFORE_3, [p3, p2, p1]),
        (kernel.AFTER, [n1]), (kernel.AFTER_2, [n1, n2]), (kernel.AROUND, [p1, n1]),
        (kernel.PLACE, [np.uint64(place)]), (kernel.MODIFIED, [np.uint64(modified)]), (kernel.ANY, [kernel.EDGE]),
    ]  # fmt: skip


def _cues(model: Model, kinds: list[tuple[np.uint64, list[np.uint64]]], role: int) -> tuple[int, ...]:
    """Return the numbers of the kinds of surroundings that the model has a weight for."""
    other = kernel.OTHER_JOB if role == ROLES.index("none") else np.uint64(0)
    hashes = np.array([kernel.hash_cue(other + salt, np.array(parts)) for salt, parts in kinds], np.uint64)
    found = kernel.find_all(model.cues, hashes)
    return tuple(dict.fromkeys(found[found >= 0].tolist()))


def naming(model: Model, text: str, words: Words, pieces: Sequence[Span], place: str = "text") -> tuple[Naming, ...]:
    """Return, for each role that the text names as its own, the phrase that says so most clearly."""
    best: dict[int, tuple[float, Name]] = {}
    for name in names(model, words):
        weight = name.weight(model)
        if weight > 0 and (name.role not in best or weight > best[name.role][0]):
            best[name.role] = (weight, name)
    found = [_naming(text, words, pieces, name, weight, place) for weight, name in best.values()]
    return tuple(sorted(found, key=lambda item: -item.weight))


def _naming(text: str, words: Words, pieces: Sequence[Span], name: Name, weight: float, place: str) -> Naming:
    """Quote a name with some words around it, within its segment."""
    inner_start, inner_end = int(words.places[name.first, 0]), int(words.places[name.last, 1])
    start = int(words.places[max(0, name.modified - BEFORE), 0])
    end = int(words.places[min(len(words.places) - 1, name.last + AFTER), 1])
    for piece in pieces:
        if piece.start <= inner_start < piece.end:
            start, end = max(start, piece.start), min(end, piece.end)
            break
    start, end = min(start, inner_start), max(end, inner_end)
    return Naming(ROLES[name.role], text[start:end], start, end, weight, place)
