"""From probabilities and a policy to a role or a typed ``unsure``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.records import REASONS, ROLES, UNSURE, Policy

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
    order = np.argsort(-probabilities, axis=1, kind="stable")
    best, runner_up = order[:, 0], order[:, 1]
    confidence = probabilities[np.arange(len(best)), best]
    tokens, known, letters, foreign = stats[:, 0], stats[:, 1], stats[:, 2], stats[:, 3]
    share = known / np.maximum(tokens, 1)
    reason = np.zeros(len(best), np.int8)
    reason[confidence < np.asarray(policy.min_confidence)[best]] = AMBIGUOUS
    reason[share < policy.min_known] = UNFAMILIAR
    doubtful = (foreign * 3 > letters) | ((share < policy.min_english) & (tokens >= policy.min_tokens))
    for row in np.flatnonzero(doubtful):
        if foreign[row] * 3 > letters[row] or not is_english(int(row)):
            reason[row] = NOT_ENGLISH
    reason[(tokens < policy.min_tokens) & (foreign * 3 <= letters)] = TOO_SHORT
    reason[letters == 0] = EMPTY
    role = np.where(reason == 0, best, ROLES.index("none") + 1)
    return Decisions(role.astype(np.int8), best.astype(np.int8), runner_up.astype(np.int8), reason, confidence)
