"""The same figures for parts of the rows: by length, by month; and how risk falls with coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from classifier.evaluation.figures import Codes, Flags, Outcome, confusion, macro_f1, proportion

LENGTHS: Final = (0, 10, 30, 100, 300, 1000)
"""Words from which on a text counts as longer."""

BINS: Final = 10
"""Bins of the reliability diagram, as wide as one another."""

COVERAGES: Final = 50
"""Points of the curve of risk against coverage."""


def by_length(outcome: Outcome, words: Codes) -> list[dict[str, Any]]:
    """Return accuracy, F1 and coverage by the number of words of the texts."""
    edges = [*LENGTHS, None]
    slices = []
    for low, high in pairwise(edges):
        chosen = (words >= (low or 0)) & ((words < high) if high is not None else True)
        name = f"{low} to {high - 1}" if high is not None else f"{low} or more"
        slices.append(_slice(outcome, name, chosen))
    return [part for part in slices if part["n"]]


def by_month(outcome: Outcome, dates: Sequence[str]) -> list[dict[str, Any]]:
    """Return the same by month, of the rows whose date can be read (ISO 8601); nothing where none can."""
    months = np.array([month(date) for date in dates])
    return [_slice(outcome, name, months == name) for name in sorted(set(months.tolist()) - {""})]


def month(date: str) -> str:
    """Return the month of a date as YYYY-MM, nothing if it cannot be read.

    >>> month("2026-03-14T12:00:00")
    '2026-03'
    """
    try:
        return dt.datetime.fromisoformat(date.strip()).strftime("%Y-%m")
    except ValueError:
        return ""


def _slice(outcome: Outcome, name: str, chosen: Flags) -> dict[str, Any]:
    labels, best, decided = outcome.labels[chosen], outcome.best[chosen], outcome.decided[chosen]
    right = best == labels
    return {
        "name": name,
        "n": len(labels),
        "accuracy": proportion(float(right.sum()), len(labels)),
        "f1_five": macro_f1(confusion(labels, best, np.ones(len(labels)))),
        "coverage": proportion(float(decided.sum()), len(labels)),
        "accuracy_decided": proportion(float((right & decided).sum()), float(decided.sum())),
    }


def reliability(outcome: Outcome) -> list[dict[str, Any]]:
    """Return, for each bin of confidence, how many texts, their mean confidence, and the share that was right."""
    confidence = outcome.probabilities.max(axis=1)
    right = outcome.best == outcome.labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    found = []
    for place in range(BINS):
        chosen = bins == place
        if chosen.any():
            share = proportion(float(right[chosen].sum()), float(chosen.sum()))
            found.append({"n": int(chosen.sum()), "confidence": float(confidence[chosen].mean()), "right": share})
    return found


def risk_coverage(outcome: Outcome) -> list[dict[str, float]]:
    """Return the share of wrong answers among the surest texts, for shares of them from few to all."""
    confidence = outcome.probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum((outcome.best != outcome.labels)[order])
    count = len(order)
    ends = np.unique(np.linspace(1, count, min(COVERAGES, count)).round().astype(int))
    return [
        {"coverage": end / count, "risk": float(wrong[end - 1] / end), "confidence": float(confidence[order[end - 1]])}
        for end in ends.tolist()
    ]
