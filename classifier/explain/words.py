"""The terms of one text as the kernel counts them, with their weights: the readable twin of its pass."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from classifier import kernel
from classifier.model import Model
from classifier.normalise import token_spans

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of a text: start and end of each (n, 2), hashes (n,), and the numbers of the terms that end there.

    ``terms`` (3, n) holds the numbers of the word, the pair and the triple that end with each token, -1 for none.
    """

    places: Ints
    hashes: Hashes
    terms: Ints


def read_words(model: Model, text: str) -> Words:
    """Read the tokens of a text and find the terms that the model knows."""
    found = token_spans(text)
    numbers: dict[str, int] = {}
    rows = [numbers.setdefault(word, len(numbers)) for word, _, _ in found]
    hashes = _hashes(list(numbers))[rows] if rows else np.zeros(0, np.uint64)
    terms = np.full((3, len(rows)), -1, np.int64)
    joined = hashes
    mix = cast("Any", kernel.mix).py_func  # numpy's arithmetic is the same as the compiled one
    for size in range(3):
        if len(rows) > size:
            if size:
                joined = mix(joined[: len(rows) - size], hashes[size:])
            terms[size, size:] = kernel.find_all(model.grams if size else model.words, joined)
    places = np.array([(start, end) for _, start, end in found], np.int64).reshape(-1, 2)
    return Words(places, hashes, terms)


def _hashes(words: list[str]) -> Hashes:
    letters = np.fromiter(map(ord, chain.from_iterable(words)), np.uint32)
    offsets = np.cumsum([0, *map(len, words)])
    return np.asarray(kernel.hash_terms(letters, offsets), np.uint64)


def weighted(model: Model, words: Words) -> tuple[Ints, Floats]:
    """Return the numbers of a text's terms and their TF-IDF weights, whose squares sum to 1."""
    known = words.terms[words.terms >= 0]
    numbers, counts = np.unique(known, return_counts=True)
    weights = (1.0 + np.log(counts)) * model.idf[numbers]
    norm = np.sqrt(np.square(weights).sum())
    return numbers, weights / norm if norm > 0 else weights
