"""The model: arrays, and the arithmetic from texts to probabilities.

A :class:`Model` holds no code of its own inside and no library's objects: what
:mod:`classifier.artefact` saves and loads is the dictionary of its arrays and settings.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier import kernel
from classifier.records import ROLES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LINE: Final = 16
"""Whole numbers of 32 bits in a line of the processor's cache."""

HEADS: Final = 2 * len(ROLES) + 1
"""Heads of the body: the five roles read as an ad, the five read as a ticket, and which it is."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts as Arrow lays it out: UTF-8 bytes and n + 1 offsets into them."""

    data: Bytes
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, texts: list[str]) -> Texts:
        """Lay out Python strings; what UTF-8 cannot hold (lone surrogates) becomes '?'."""
        encoded = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.array([0, *accumulate(map(len, encoded))], np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def text(self, index: int) -> str:
        """Return one text as a string; broken bytes become the replacement character."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes().decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Head:
    """One or more linear outputs, laid out so that all the kernel needs of a term is one line of its cache.

    ``rows`` (terms + 1, a multiple of 16) holds a term's weights and, last, its inverse document frequency,
    in units of :data:`classifier.kernel.MICRO`; row 0, that of what is no term, is all zero. ``bias`` (heads,).
    """

    rows: npt.NDArray[np.int32]
    bias: Floats

    @classmethod
    def of(cls, weights: Floats, bias: Floats, idf: Floats) -> Head:
        """Lay out ``weights`` (terms, heads), rounded to six decimals; raise OverflowError from 2147 on."""
        terms, heads = weights.shape
        blocks = -(-heads // kernel.BLOCK) * kernel.BLOCK
        rows = np.zeros((terms + 1, -(-(blocks + 1) // LINE) * LINE), np.int32)
        for part, columns in ((weights, np.s_[1:, :heads]), (idf, np.s_[1:, -1])):
            whole = np.round(part / kernel.MICRO)
            if part.size and np.abs(whole).max() > np.iinfo(np.int32).max:
                raise OverflowError(f"weights must be below 2147, got {np.abs(part).max():.6g}")
            rows[columns] = whole
        return cls(rows, bias)

    def weights(self, terms: Ints | slice = np.s_[:]) -> Floats:
        """Return the weights (n, heads) of these terms, or of all."""
        found: Floats = self.rows[1:, : self.bias.size][terms] * np.float64(kernel.MICRO)
        return found


@dataclass(frozen=True, slots=True)
class Readings:
    """What the kernel read in n texts.

    ``logits`` (n, heads); ``names`` (n, 5), how strongly the text names each role, or another
    job, as its own, in log-odds; ``stats`` (n, 5), counts in the order of :data:`classifier.kernel.STATS`.
    """

    logits: Floats
    names: Floats
    stats: Ints


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities (n, 5) in the order of ROLES, and the counts that the policy asks for."""

    probabilities: Floats
    stats: Ints
    title_conflict: npt.NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Blend:
    """How the readings become one answer; fitted in training, see ``docs/method.md``.

    ``naming`` scales the naming log-odds of an ad and of a ticket, ``other_jobs`` scales those
    of jobs that are none of the four roles once more, ``unnamed`` is what a text that names no
    role gains towards ``none``, ``temperature`` divides the logits of an ad and
    of a ticket, ``title`` scales the title's own logits, ``title_names`` is what a title gives
    a role that it names, and another job that it names, and ``conflict`` is the probability
    that title and body must each give to different answers to be said to disagree.
    """

    naming: tuple[float, float] = (0.4, 0.2)
    other_jobs: float = 0.5
    unnamed: tuple[float, float] = (0.0, 0.0)
    temperature: tuple[float, float] = (1.0, 1.0)
    title: float = 1.0
    title_names: tuple[float, float] = (6.0, 2.0)
    conflict: float = 0.8


class _Counts(threading.local):
    """Zeros to count terms in, a set for each thread: to make them anew takes longer than to read a short text."""

    numbers: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def of(self, rows: int) -> npt.NDArray[np.int32]:
        """Return ``rows`` zeros; the kernel leaves them as it found them."""
        if self.numbers.size < rows:
            self.numbers = np.zeros(rows, np.int32)
        return self.numbers[:rows]


_counts: Final = _Counts()


@dataclass(frozen=True, slots=True)
class Model:
    """All that answers a text. Arrays may be read-only maps of a file shared by processes."""

    id: str
    fold: npt.NDArray[np.uint16]
    expansions: npt.NDArray[np.uint16]
    words: npt.NDArray[np.uint64]
    grams: npt.NDArray[np.uint64]
    sieve: npt.NDArray[np.uint64]
    idf: Floats
    name_roles: Bytes
    modifiers: npt.NDArray[np.bool_]
    cues: npt.NDArray[np.uint64]
    cue_weights: Floats
    body: Head
    title: Head
    responsibility: Head
    terms: Bytes
    term_offsets: Ints
    blend: Blend
    prior: tuple[float, ...]

    def read(self, texts: Texts, head: Head) -> Readings:
        """Run the kernel over the texts with the weights of ``head``."""
        n = len(texts)
        logits = np.zeros((n, head.bias.size))
        names = np.zeros((n, len(ROLES)))
        stats = np.zeros((n, len(kernel.STATS)), np.int64)
        kernel.score(
            texts.data, texts.offsets, self.fold, self.expansions, self.words, self.grams, self.sieve,
            self.name_roles, self.cues, self.cue_weights, head.rows, head.bias, _counts.of(len(head.rows)),
            logits, names, stats,
        )  # fmt: skip
        return Readings(logits, names, stats)

    def score(self, texts: Texts, titles: Texts | None = None) -> Scores:
        """Return the probabilities of n texts, with their titles where given."""
        readings = self.read(texts, self.body)
        logits = self.blended(readings)
        probabilities = softmax(logits)
        conflict = None
        stats = readings.stats
        if titles is not None:
            alone = self.read(titles, self.title)
            stats = stats + alone.stats
            title = self._titled(alone)
            given = (alone.stats[:, 0] > 0)[:, None]
            conflict = self._conflict(probabilities, softmax(title)) & given[:, 0]
            added = self.blend.title * self.trust(readings, probabilities) * title
            probabilities = softmax(logits + np.where(given, added, 0.0))
        probabilities[stats[:, 0] == 0] = self.prior
        return Scores(probabilities, stats, conflict)

    def blended(self, readings: Readings) -> Floats:
        """Return the five logits (n, 5) of what was read: words and names, as an ad or a ticket."""
        blend = self.blend
        logits: Floats = kernel.blend(
            readings.logits, readings.names, readings.stats,
            blend.naming, blend.other_jobs, blend.unnamed, blend.temperature,
        )  # fmt: skip
        return logits

    def trust(self, readings: Readings, probabilities: Floats) -> Floats:
        """Return by how much (n, 1), from 0 to 1, titles count over bodies read and answered so.

        Titles lie: the surer the body is that it belongs to none of the roles, the less its title counts. Over an
        empty body a title counts in full.
        """
        trust: Floats = np.where(readings.stats[:, :1] > 0, 1.0 - probabilities[:, -1:] ** 2, 1.0)
        return trust

    def title_logits(self, readings: Readings, trust: float) -> Floats:
        """Return what titles add to the five logits (n, 5): their words, and the roles and jobs they name."""
        return self.blend.title * trust * self._titled(readings)

    def _titled(self, readings: Readings) -> Floats:
        role, job = self.blend.title_names
        logits: Floats = readings.logits + (readings.names != 0.0) * np.array([role, role, role, role, job])
        return logits

    def _conflict(self, body: Floats, title: Floats) -> npt.NDArray[np.bool_]:
        sure = (body.max(1) >= self.blend.conflict) & (title.max(1) >= self.blend.conflict)
        differ: npt.NDArray[np.bool_] = sure & (body.argmax(1) != title.argmax(1))
        return differ

    def term(self, index: int) -> str:
        """Return the word, pair or triple with this number."""
        return self.terms[self.term_offsets[index] : self.term_offsets[index + 1]].tobytes().decode()

    def to_parts(self) -> dict[str, Any]:
        """Return arrays and plain values under their names, heads and blend taken apart."""
        parts: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Head):
                parts[f"{item.name}.rows"], parts[f"{item.name}.bias"] = value.rows, value.bias
            elif isinstance(value, Blend):
                parts[item.name] = {part.name: getattr(value, part.name) for part in fields(value)}
            else:
                parts[item.name] = value
        return parts

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> Model:
        """Put a model together again; the inverse of :meth:`to_parts`."""
        # Plain arrays on the same memory: numba takes longer to know a map of a file for an array.
        parts = {name: np.asarray(value) if isinstance(value, np.memmap) else value for name, value in parts.items()}
        whole = {name: value for name, value in parts.items() if "." not in name}
        for name in ("body", "title", "responsibility"):
            whole[name] = Head(parts[f"{name}.rows"], parts[f"{name}.bias"])
        whole["blend"] = Blend(**parts["blend"])
        return cls(**whole)


def softmax(logits: Floats) -> Floats:
    """Return rows of probabilities that sum to 1."""
    found: Floats = kernel.softmax(logits)
    return found
