"""Which segments match a documented responsibility: one pass of the kernel over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.explain.findings import Evidence, Span
from classifier.explain.segments import Segments, cut
from classifier.model import Model, Texts, softmax
from classifier.normalise import blank_markup
from classifier.records import RESPONSIBILITIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_TOKENS: Final = 3
"""Words of a segment below which it is no evidence: headings and single names."""

MIN_STRENGTH: Final = 0.5
"""Probability of a responsibility from which on it is likelier than all else together, none included."""

EDGES: Final = " \t\r\n\f\v\u00a0*-\u2013\u2014\u00b7\u2022\u2023\u25cf\u25cb\u25e6\u25aa\u25a0\u25b8"
"""White space and bullets, which no quotation begins or ends with."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Segments that match: their numbers, the responsibility of each, and how strongly (0 to 1)."""

    segments: Ints
    responsibilities: Ints
    strengths: Floats


def matches(model: Model, segments: Segments) -> Matches:
    """Return the segments that a responsibility is likelier for than all else together."""
    readings = model.read(segments.texts, model.responsibility)
    probabilities = softmax(readings.logits) if len(segments.texts) else readings.logits
    best = probabilities.argmax(axis=1)
    strength = probabilities.max(axis=1)
    named = (best < len(RESPONSIBILITIES)) & (strength >= MIN_STRENGTH)
    found = np.flatnonzero(named & (readings.stats[:, 0] >= MIN_TOKENS))
    return Matches(found, best[found], strength[found])


def responsibilities(model: Model, texts: Texts) -> list[tuple[str, ...]]:
    """Return the responsibilities found in each of n texts, by their strongest segment, strongest first."""
    segments = cut(texts)
    found = matches(model, segments)
    strongest = np.zeros((len(texts), len(RESPONSIBILITIES)))
    np.maximum.at(strongest, (segments.owners()[found.segments], found.responsibilities), found.strengths)
    order = np.argsort(-strongest, axis=1, kind="stable")
    counts = (strongest > 0).sum(axis=1)
    return [
        tuple(RESPONSIBILITIES[place] for place in row[:count])
        for row, count in zip(order.tolist(), counts.tolist(), strict=True)
    ]


def spans(text: str, segments: Segments) -> list[Span]:
    """Return the segments of one text with offsets in characters, without bullets and markup at their ends."""
    plain = blank_markup(text)
    places = _characters(segments.texts)
    found = []
    for begin, end in zip(places[:-1].tolist(), places[1:].tolist(), strict=True):
        piece = plain[begin:end]
        start = begin + len(piece) - len(piece.lstrip(EDGES))
        stop = max(start, begin + len(piece.rstrip(EDGES)))
        found.append(Span(start, stop, text[start:stop]))
    return found


def evidence(found: Matches, pieces: Sequence[Span], statements: dict[str, str]) -> tuple[Evidence, ...]:
    """Return what matches as records, in the order of the text."""
    rows = zip(found.segments.tolist(), found.responsibilities.tolist(), found.strengths.tolist(), strict=True)
    items = []
    for segment, place, strength in rows:
        piece, name = pieces[segment], RESPONSIBILITIES[place]
        items.append(Evidence(piece.start, piece.end, name, statements.get(name, ""), strength, piece.quote))
    return tuple(items)


def _characters(texts: Texts) -> Ints:
    """Return the offsets of one text's segments in characters instead of bytes."""
    starts = np.concatenate([[0], np.cumsum((texts.data & 0xC0) != 0x80)])
    places: Ints = starts[texts.offsets].astype(np.int64)
    return places
