"""Fit the heads: scikit-learn's TF-IDF and logistic regression over counted terms."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

Labels = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

DECIMALS: Final = 6
"""Fitted numbers are rounded, so that the last bits of a sum on another machine don't change a model's id."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows: counts (n, terms), class numbers (n,) and weights (n,)."""

    counts: sp.csr_matrix
    labels: Labels
    weights: Weights


def stack(*parts: Rows) -> Rows:
    """Put rows under one another."""
    return Rows(
        sp.vstack([part.counts for part in parts]).tocsr(),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def fit_idf(counts: sp.csr_matrix) -> TfidfTransformer:
    """Learn inverse document frequencies, rounded, for sublinear counts and rows of length 1."""
    transformer = TfidfTransformer(sublinear_tf=True).fit(counts)
    transformer.idf_ = np.round(transformer.idf_, DECIMALS)
    return transformer


@dataclass(frozen=True, slots=True)
class Effort:
    """How a head is fitted: ``strength`` is scikit-learn's C; then its tolerance, most iterations and solver."""

    strength: float
    tolerance: float = 1e-4
    iterations: int = 60
    solver: str = "lbfgs"


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted: ``weights`` (terms, classes) and ``bias`` (classes,)."""

    weights: Weights
    bias: Weights


def fit_head(rows: Rows, transformer: TfidfTransformer, classes: int, effort: Effort) -> Fit:
    """Fit logistic regression; ``strength`` is scikit-learn's C. Without rows all is zero.

    Classes with no row get a very low bias.
    """
    if not len(rows.labels):
        return Fit(np.zeros((rows.counts.shape[1], classes)), np.zeros(classes))
    regression = LogisticRegression(
        C=effort.strength, max_iter=effort.iterations, tol=effort.tolerance, solver=effort.solver
    )
    regression.fit(transformer.transform(rows.counts), rows.labels, sample_weight=rows.weights)
    weights = np.zeros((rows.counts.shape[1], classes))
    bias = np.full(classes, -30.0)
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    weights[:, regression.classes_] = coefficients.T
    bias[regression.classes_] = intercept
    return Fit(weights.round(DECIMALS), bias.round(DECIMALS))


def balanced(labels: Labels, weights: Weights | None = None) -> Weights:
    """Return weights that give every class the same mass and a mean of 1, scaling those given."""
    given = np.ones(len(labels)) if weights is None else weights
    mass = np.bincount(labels, weights=given)
    if not len(labels):
        return given
    scaled: Weights = given * (given.sum() / (mass > 0).sum() / np.maximum(mass, 1e-12))[labels]
    return scaled


def rows_of(counts: sp.csr_matrix, labels: Sequence[int], weight: float = 1.0) -> Rows:
    """Return rows that all have the same weight."""
    return Rows(counts, np.asarray(labels, np.int64), np.full(counts.shape[0], weight))


def fit_heads(tasks: Sequence[tuple[Rows, int, Effort]], transformer: TfidfTransformer) -> list[Fit]:
    """Fit several heads side by side, one thread a core; each task is rows, classes and effort."""
    from joblib import Parallel, delayed

    fits = (delayed(fit_head)(rows, transformer, classes, effort) for rows, classes, effort in tasks)
    with warnings.catch_warnings():
        # Stopping early is meant: it holds the weights small as the penalty does.
        warnings.simplefilter("ignore", ConvergenceWarning)
        heads: list[Fit] = Parallel(n_jobs=-1, prefer="threads")(fits)
    return heads
