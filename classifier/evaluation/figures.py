"""Figures of answers whose right ones are known. Pure numpy; what has no value is None.

Every figure comes plain, each text counting alike, and balanced, each label's texts weighing
the same together, which doesn't depend on how many texts of each role were labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.records import NAMED_ROLES, ROLES

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BINS: Final = 15
"""Bins of equal mass for the calibration error."""
NORMAL_95: Final = 1.959963984540054
"""Standard normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was asked of n texts and answered: labels (n,), probabilities (n, 5), decided (n,).

    ``labels`` holds places in ROLES; ``decided`` is False where the answer was ``unsure``.
    """

    labels: Codes
    probabilities: Floats
    decided: Flags

    @property
    def best(self) -> Codes:
        """The most probable role of each text, the first of equals."""
        best: Codes = self.probabilities.argmax(axis=1)
        return best


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return all figures as JSON-ready values."""
    labels = outcome.labels
    present = np.bincount(labels, minlength=len(ROLES))
    even = np.full(len(labels), 1.0 / max(len(labels), 1))
    balanced = 1.0 / present[labels] / max(int((present > 0).sum()), 1)
    table = confusion(labels, outcome.best, np.ones(len(labels)))
    return {
        "n": len(labels),
        "plain": summary(outcome, even),
        "balanced": summary(outcome, balanced),
        "roles": {role: of_role(table, place) for place, role in enumerate(ROLES)},
        "confusion": {"roles": list(ROLES), "rows_are_labels": table.astype(int).tolist()},
    }


def summary(outcome: Outcome, weights: Floats) -> dict[str, float | None]:
    """Return the figures over all texts, whose weights sum to 1."""
    labels, best = outcome.labels, outcome.best
    right = best == labels
    named = labels < len(NAMED_ROLES)
    four = outcome.probabilities[named, : len(NAMED_ROLES)].argmax(axis=1)
    confidence = outcome.probabilities.max(axis=1)
    decided = outcome.decided
    return {
        "accuracy": _share(weights, right),
        "f1_four": macro_f1(confusion(labels[named], four, weights[named])),
        "f1_five": macro_f1(confusion(labels, best, weights)),
        "in_scope_auroc": auroc(1.0 - outcome.probabilities[:, -1], named, weights),
        "ece": calibration_error(confidence, right, weights),
        "coverage": _share(weights, decided),
        "accuracy_decided": _share(weights[decided], right[decided]),
    }


def _share(weights: Floats, true: Flags) -> float | None:
    return float(weights[true].sum() / weights.sum()) if weights.sum() > 0 else None


def confusion(labels: Codes, answers: Codes, weights: Floats) -> Floats:
    """Return the mass (5, 5) of each label (row) and answer (column)."""
    table = np.zeros((len(ROLES), len(ROLES)))
    np.add.at(table, (labels, answers), weights)
    return table


def macro_f1(table: Floats) -> float | None:
    """Return the mean F1 of the labels that occur; None where none does."""
    present = table.sum(axis=1) > 0
    if not present.any():
        return None
    scores = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1e-300)
    return float(scores[present].mean())


def auroc(score: Floats, positive: Flags, weights: Floats) -> float | None:
    """Return how well a score tells positives from negatives, 0.5 to 1; ties count half.

    None where there are only positives or only negatives.
    """
    yes, no = weights[positive].sum(), weights[~positive].sum()
    if yes <= 0 or no <= 0:
        return None
    _, place = np.unique(score, return_inverse=True)
    below = np.bincount(place, weights=np.where(positive, 0.0, weights))
    under = np.cumsum(below) - below / 2
    return float((weights * under[place])[positive].sum() / (yes * no))


def calibration_error(confidence: Floats, right: Flags, weights: Floats) -> float | None:
    """Return the expected calibration error over :data:`BINS` bins of equal mass."""
    if not len(confidence):
        return None
    order = np.argsort(-confidence, kind="stable")
    mass = weights[order] / weights.sum()
    bins = np.minimum((np.cumsum(mass) * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=mass * (right[order] - confidence[order]), minlength=BINS)
    return float(np.abs(gaps).sum())


def of_role(table: Floats, place: int) -> dict[str, Any]:
    """Return counts, precision, recall and F1 of one role, each with its Wilson interval of 95 %."""
    true, labelled, answered = table[place, place], table[place].sum(), table[:, place].sum()
    return {
        "n": int(labelled),
        "answered": int(answered),
        "precision": proportion(true, answered),
        "recall": proportion(true, labelled),
        "f1": _f1(true, labelled + answered - true),
    }


def proportion(successes: float, trials: float) -> dict[str, float | None]:
    """Return a share with its interval."""
    low, high = wilson(successes, trials)
    return {"value": float(successes / trials) if trials else None, "low": low, "high": high}


def _f1(true: float, either: float) -> dict[str, float | None]:
    """Return F1 with its interval, carried over from that of J = true / either, as F1 = 2 J / (1 + J).

    The indirect Wilson interval of Lam, "Confidence intervals for the F1 score" (2024).
    """
    return {name: None if j is None else 2 * j / (1 + j) for name, j in proportion(true, either).items()}


def wilson(successes: float, trials: float) -> tuple[float | None, float | None]:
    """Return the score interval of 95 % for a share (Wilson 1927); None where nothing was tried.

    >>> [round(bound, 3) for bound in wilson(8, 10)]
    [0.49, 0.943]
    """
    if trials <= 0:
        return None, None
    share, z2 = successes / trials, NORMAL_95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = NORMAL_95 * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
