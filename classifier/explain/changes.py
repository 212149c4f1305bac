"""What would change the answer: few segments without which another role would be the most probable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.explain.findings import Change, Span
from classifier.explain.segments import Segments
from classifier.model import Model, Texts
from classifier.records import ROLES

Ints = npt.NDArray[np.int64]

CANDIDATES: Final = 40
"""Segments that are looked at most closely."""
WORK: Final = 1 << 21
"""Bytes that are read for one look at the text, at most (but once the text itself)."""

Parts = frozenset[int]


def change(model: Model, segments: Segments, pieces: Sequence[Span], title: str | None, role: str) -> Change | None:
    """Return the smallest set of segments that was found without which ``role`` is not the most probable.

    The segments that speak most for the role are taken out, strongest first, until it falls; then
    every one that is not needed is put back. None where all but the whole text would have to go,
    or more than are looked at.
    """
    best = ROLES.index(role)
    candidates = _candidates(model, segments, best)
    if len(candidates) < 1 or len(segments.texts) < 2:
        return None
    answers, margins = _without(model, segments, title, [frozenset([part]) for part in candidates], best)
    falls = np.flatnonzero(answers != best)
    if len(falls):
        first = falls[margins[falls].argmin()]
        return _change({candidates[first]}, pieces, int(answers[first]))
    order = [candidates[place] for place in np.argsort(margins, kind="stable").tolist()]
    tried = [frozenset(order[:size]) for size in range(2, len(order) + 1)]
    answers, _ = _without(model, segments, title, tried, best)
    falls = np.flatnonzero(answers != best)
    if not len(falls):
        return None
    return _needed(model, segments, pieces, title, tried[int(falls[0])], best)


def _needed(
    model: Model, segments: Segments, pieces: Sequence[Span], title: str | None, taken: Parts, best: int
) -> Change:
    """Put back, one after the other, each segment without which the role falls all the same."""
    while True:
        tried = [taken - {part} for part in sorted(taken)]
        answers, margins = _without(model, segments, title, tried, best)
        falls = np.flatnonzero(answers != best)
        if not len(falls) or len(taken) == 1:
            answer, _ = _without(model, segments, title, [taken], best)
            return _change(set(taken), pieces, int(answer[0]))
        taken = tried[int(falls[margins[falls].argmin()])]


def _candidates(model: Model, segments: Segments, best: int) -> list[int]:
    """Return the segments that speak most for a role by themselves, among those that hold words."""
    readings = model.read(segments.texts, model.body)
    logits = model.blended(readings)
    others = np.delete(logits, best, axis=1).max(axis=1)
    worded = np.flatnonzero(readings.stats[:, 0] > 0)
    order = worded[np.argsort(others[worded] - logits[worded, best], kind="stable")]
    size = max(1, len(segments.texts.data))
    return [int(part) for part in order[: max(1, min(CANDIDATES, WORK // size))]]


def _without(
    model: Model, segments: Segments, title: str | None, tried: Iterable[Parts], best: int
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Return what is most probable without each set of segments, and by how much the role leads.

    Where no word is left, the role stays.
    """
    data, offsets = segments.texts.data, segments.texts.offsets.tolist()
    kept: list[bytes] = []
    for parts in tried:
        pieces, at = [], 0
        for part in sorted(parts):
            pieces.append(data[at : offsets[part]].tobytes())
            at = offsets[part + 1]
        kept.append(b"\n".join([*pieces, data[at:].tobytes()]))
    places = np.cumsum([0, *map(len, kept)])
    titles = None if title is None else Texts.of([title] * len(kept))
    scores = model.score(Texts(np.frombuffer(b"".join(kept), np.uint8), places), titles)
    answers = scores.probabilities.argmax(axis=1)
    body = scores.stats[:, 0] if title is None else scores.stats[:, 0] - _tokens(model, title)
    answers[body <= 0] = best
    lead = scores.probabilities[:, best] - np.delete(scores.probabilities, best, axis=1).max(axis=1)
    return answers, lead


def _tokens(model: Model, title: str) -> int:
    return int(model.read(Texts.of([title]), model.title).stats[0, 0])


def _change(parts: Iterable[int], pieces: Sequence[Span], answer: int) -> Change:
    return Change(ROLES[answer], tuple(pieces[part] for part in sorted(parts)))
