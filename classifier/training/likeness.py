"""Which examples are too alike, and which read more like another role than like their own.

Too alike are the same text twice, two that are nearly the same, and many of one shape.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier

Words = Sequence[Sequence[str]]

RUN: Final = 3
"""Words in a row that near duplicates are compared by."""
ALIKE: Final = 0.5
"""Share of runs, of all that two texts have together, from which on they are near duplicates."""
FAMILY: Final = 12
"""Texts of one shape that are a template family."""
KEPT: Final = 3
"""Words that a shape keeps at least; shorter shapes say nothing."""
COMMON: Final = 100
"""Most frequent words, which a shape keeps."""
FOLDS: Final = 3
MARGIN: Final = 0.4
"""By how much another role must be more probable than an example's own to be said."""


def repeated(words: Words) -> Iterator[list[int]]:
    """Yield the places of texts that hold exactly the same words."""
    seen: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, found in enumerate(words):
        if found:
            seen[tuple(found)].append(place)
    yield from (places for places in seen.values() if len(places) > 1)


def nearly_repeated(words: Words) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of texts, and the share of runs of words they have in common (Jaccard).

    Texts that hold exactly the same words are not among them.
    """
    runs = [_runs(found) for found in words]
    if len(set().union(*runs)) == sum(map(len, runs)):
        return
    shared = CountVectorizer(analyzer=lambda place: runs[place], min_df=2).fit_transform(range(len(words)))
    both = (shared @ shared.T).tocoo()
    sizes = np.array([len(found) for found in runs])
    likeness = both.data / (sizes[both.row] + sizes[both.col] - both.data)
    for pair in np.flatnonzero((both.row < both.col) & (likeness >= ALIKE)):
        first, second = int(both.row[pair]), int(both.col[pair])
        if list(words[first]) != list(words[second]):
            yield first, second, float(likeness[pair])


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def families(words: Words) -> Iterator[tuple[str, list[int]]]:
    """Yield shapes that many texts have, with the places of these texts.

    A shape is a text with a gap for what is its own: once with the most frequent words kept,
    once with the pairs of words that many texts have.
    """
    frequent = {word for word, _ in Counter(word for found in words for word in set(found)).most_common(COMMON)}
    pairs = Counter(pair for found in words for pair in set(pairwise(found)))

    def is_frequent(found: Sequence[str], place: int) -> bool:
        return found[place] in frequent

    def is_paired(found: Sequence[str], place: int) -> bool:
        before = place > 0 and pairs[found[place - 1], found[place]] >= FAMILY
        return before or (place + 1 < len(found) and pairs[found[place], found[place + 1]] >= FAMILY)

    told: set[int] = set()
    for keeps in (is_paired, is_frequent):
        shapes: dict[str, list[int]] = defaultdict(list)
        for place, found in enumerate(words):
            if shape := _shape(found, keeps):
                shapes[shape].append(place)
        for shape, places in shapes.items():
            if len(places) >= FAMILY and not told.issuperset(places):
                told.update(places)
                yield shape, places


def _shape(words: Sequence[str], keeps: Callable[[Sequence[str], int], bool]) -> str:
    """Return the kept words with '_' for each gap; nothing where there is no gap or too little is kept."""
    shape: list[str] = []
    for place, word in enumerate(words):
        if keeps(words, place):
            shape.append(word)
        elif not shape or shape[-1] != "_":
            shape.append("_")
    gaps = shape.count("_")
    return " ".join(shape) if gaps and len(shape) - gaps >= KEPT else ""


def strangers(words: Words, labels: npt.NDArray[np.int64], seed: int = 0) -> Iterator[tuple[int, int]]:
    """Yield texts that read clearly more like another label, with that label.

    Each third of the texts is judged by a linear model trained on the other two.
    """
    vectorizer = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, min_df=2)
    try:
        rows = vectorizer.fit_transform(words)
    except ValueError:  # no word stands in two texts: nothing reads like anything
        return
    fold = np.random.default_rng(seed).permutation(len(labels)) % FOLDS
    for part in range(FOLDS):
        train, test = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        if len(set(labels[train].tolist())) < 2 or not len(test):
            continue
        model = SGDClassifier(
            loss="log_loss", alpha=1e-4, max_iter=8, tol=None, random_state=seed, class_weight="balanced"
        )
        model.fit(rows[train], labels[train])
        probabilities = model.predict_proba(rows[test])
        own = np.where(model.classes_ == labels[test][:, None], probabilities, 0.0).sum(axis=1)
        for place in np.flatnonzero(probabilities.max(axis=1) - own >= MARGIN):
            yield int(test[place]), int(model.classes_[probabilities[place].argmax()])


def _words_and_pairs(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]
