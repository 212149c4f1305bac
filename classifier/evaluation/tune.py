"""Thresholds for each role, chosen on labelled rows so that answers are right as often as asked.

For a role, the rows answered with it are put in order, the surest first. A threshold is tested by
the lower bound of Clopper and Pearson (1934) for the share of right answers above it. Tests start
with few, sure answers and go on to more while they pass (fixed sequence): the first that fails ends
them, which keeps the chance that a threshold promises too much at 5 % however many are tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from classifier.errors import UsageError
from classifier.evaluation.figures import Flags, Floats, Outcome
from classifier.records import ROLES

RISK: Final = 0.05
"""Chance that a bound is on the wrong side."""
STEPS: Final = 20
"""Thresholds that are tried for a role, at most."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least confidence to answer with a role.

    ``right`` of ``kept`` answers at or above it are right, out of ``answered`` ones; ``low`` bounds
    their precision from below at 95 %; ``coverage`` is the share of the role's answers that stay.
    """

    role: str
    confidence: float
    answered: int
    kept: int
    right: int
    low: float

    @property
    def coverage(self) -> float:
        """The share of the role's answers that are kept."""
        return self.kept / self.answered

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "role": self.role,
            "confidence": self.confidence,
            "answered": self.answered,
            "kept": self.kept,
            "right": self.right,
            "precision": self.right / self.kept,
            "low": self.low,
            "coverage": self.coverage,
        }


def check_target(target: float) -> None:
    """Raise UsageError where a precision cannot be asked for."""
    if not 0.0 < target < 1.0:
        raise UsageError(f"--target-precision: must be above 0 and below 1, got {target:g}. Give 0.9, for instance")


def tune(outcome: Outcome, target: float) -> list[Threshold]:
    """Return a threshold for each of the five roles; raise UsageError where the labels are too few.

    ``target`` is the precision asked for, above 0 and below 1.
    """
    check_target(target)
    found: list[Threshold] = []
    refused: list[str] = []
    for place, role in enumerate(ROLES):
        chosen = outcome.best == place
        confidence, right = outcome.probabilities[chosen, place], outcome.labels[chosen] == place
        threshold = _threshold(role, confidence, right, target)
        if isinstance(threshold, str):
            refused.append(threshold)
        else:
            found.append(threshold)
    if refused:
        raise UsageError(f"--target-precision {target:g}: {'; '.join(refused)}. Label more rows, or ask for less")
    return found


def _threshold(role: str, confidence: Floats, right: Flags, target: float) -> Threshold | str:
    """Return the lowest threshold that passes, or why there is none."""
    least = needed(target)
    if len(confidence) < least:
        more = least - len(confidence)
        return f"{role}: needs {least} labelled rows that are answered with it, got {len(confidence)}: {more} more"
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    first = min(len(ranked), max(needed(target, wrong=1), len(ranked) // 5))
    passed = None
    for size in np.unique(np.linspace(first, len(ranked), STEPS).round().astype(int)).tolist():
        kept = int((confidence >= ranked[size - 1]).sum())
        low = lower_bound(int(hits[kept - 1]), kept)
        if low < target:
            break
        passed = Threshold(role, float(ranked[kept - 1]), len(ranked), kept, int(hits[kept - 1]), low)
    if passed is None:
        return f"{role}: of its {first} surest answers {int(hits[first - 1])} are right, too few to promise that"
    return passed


def needed(target: float, wrong: int = 0) -> int:
    """Return how many answers, all but ``wrong`` of them right, it takes to promise a precision.

    >>> needed(0.9), needed(0.9, wrong=1)
    (29, 46)
    """
    size = wrong + 1
    while lower_bound(size - wrong, size) < target:
        size += 1
    return size


def lower_bound(right: int, tried: int) -> float:
    """Return the one-sided lower bound of Clopper and Pearson at 95 % for a share.

    >>> round(lower_bound(29, 29), 4)
    0.9019
    """
    from scipy.stats import beta

    return 0.0 if right == 0 else float(beta.ppf(RISK, right, tried - right + 1))
