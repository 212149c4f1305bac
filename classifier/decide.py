"""From probabilities and a policy to a role or a typed ``unsure``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.kernel import compiled
from classifier.records import REASONS, ROLES, UNSURE, Policy

UNSURE_CODE: Final = len(ROLES)
"""The code of UNSURE in DECISIONS."""

Codes = npt.NDArray[np.int8]

DECISIONS: Final = (*ROLES, UNSURE)
"""What a decision's code, 0 to 5, stands for."""

EMPTY, TOO_SHORT, NOT_ENGLISH, UNFAMILIAR, AMBIGUOUS = (
    REASONS.index(reason) for reason in ("empty", "too_short", "not_english", "unfamiliar", "ambiguous")
)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Codes of n answers: ``role`` in DECISIONS, ``best`` and ``runner_up`` in ROLES, ``reason`` in REASONS."""

    role: Codes
    best: Codes
    runner_up: Codes
    reason: Codes
    confidence: npt.NDArray[np.float64]


def decide(
    probabilities: npt.NDArray[np.float64],
    stats: npt.NDArray[np.int64],
    policy: Policy,
    is_english: Callable[[int], bool],
) -> Decisions:
    """Decide n answers from probabilities (n, 5) and counts (n, 5).

    ``is_english`` is asked, by row, only where the counts make it doubtful.
    """
    n = len(probabilities)
    role, best, runner_up, reason = (np.empty(n, np.int8) for _ in range(4))
    confidence = np.empty(n)
    found = Decisions(role, best, runner_up, reason, confidence)
    least = tuple(map(float, policy.min_confidence))
    doubtful = _rules(
        probabilities, stats, least, policy.min_tokens, float(policy.min_known), float(policy.min_english),
        role, best, runner_up, reason, confidence,
    )  # fmt: skip
    for row in doubtful:
        if not is_english(int(row)):
            reason[row], role[row] = NOT_ENGLISH, UNSURE_CODE
    return found


@compiled
def _rules(  # type: ignore[no-untyped-def]
    probabilities,
    stats,
    min_confidence,
    min_tokens,
    min_known,
    min_english,
    role,
    best,
    runner_up,
    reason,
    confidence,
):
    """Write the answers into the last five arrays; return the rows whose language is in doubt."""
    doubtful = np.empty(probabilities.shape[0], np.int64)
    count = 0
    for row in range(probabilities.shape[0]):
        first, second = 0, -1
        for code in range(1, probabilities.shape[1]):
            if probabilities[row, code] > probabilities[row, first]:
                first, second = code, first
            elif second < 0 or probabilities[row, code] > probabilities[row, second]:
                second = code
        tokens, known, letters, foreign = stats[row, 0], stats[row, 1], stats[row, 2], stats[row, 3]
        share = known / max(tokens, 1)
        why = 0
        if letters == 0:
            why = EMPTY
        elif foreign * 3 > letters:
            why = NOT_ENGLISH
        elif tokens < min_tokens:
            why = TOO_SHORT
        else:
            if share < min_english:
                doubtful[count] = row
                count += 1
            if share < min_known:
                why = UNFAMILIAR
            elif probabilities[row, first] < min_confidence[first]:
                why = AMBIGUOUS
        best[row], runner_up[row], reason[row] = first, second, why
        confidence[row] = probabilities[row, first]
        role[row] = first if why == 0 else UNSURE_CODE
    return doubtful[:count]
