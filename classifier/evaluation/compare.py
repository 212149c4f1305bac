"""Two models on the same rows: what changed, which way, and whether that can be chance."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from classifier.evaluation.figures import Outcome
from classifier.records import ROLES


def compare(old: Outcome, new: Outcome) -> dict[str, Any]:
    """Return how many answers changed, by what from and to, and McNemar's test of right against wrong.

    Both are answers for the same rows. ``p`` is the exact two-sided probability (binomial with one
    half, McNemar 1947) that as uneven a change comes about where both models are as good.
    """
    before, after = old.best == old.labels, new.best == new.labels
    gained, lost = int((~before & after).sum()), int((before & ~after).sum())
    changed = np.flatnonzero(old.best != new.best)
    moves: dict[tuple[int, int], int] = {}
    for row in changed.tolist():
        move = (int(old.best[row]), int(new.best[row]))
        moves[move] = moves.get(move, 0) + 1
    return {
        "n": len(new.labels),
        "changed": len(changed),
        "rows": changed.tolist(),
        "gained": gained,
        "lost": lost,
        "p": mcnemar(gained, lost),
        "moves": [
            {"from": ROLES[one], "to": ROLES[two], "n": count}
            for (one, two), count in sorted(moves.items(), key=lambda item: -item[1])
        ],
    }


def mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided p of McNemar's test.

    >>> round(mcnemar(10, 2), 4)
    0.0386
    """
    total, less = gained + lost, min(gained, lost)
    tail = sum(comb(total, count) for count in range(less + 1))
    return float(min(1.0, 2 * tail / 2**total))
