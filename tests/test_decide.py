from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from classifier.decide import DECISIONS, Decisions, decide
from classifier.records import REASONS, ROLES, Policy

SURE = (0.9, 0.04, 0.03, 0.02, 0.01)
TORN = (0.36, 0.34, 0.1, 0.1, 0.1)
# tokens, known, letters, foreign, names
USUAL = (20, 18, 120, 0, 0)
POLICY = Policy(min_confidence=(0.5, 0.5, 0.5, 0.5, 0.5), min_tokens=3, min_known=0.3, min_english=0.6)


def never(_: int) -> bool:
    raise AssertionError("the language was asked for without a reason")


def one(
    probabilities: tuple[float, ...],
    stats: tuple[int, ...] = USUAL,
    policy: Policy | None = None,
    english: Callable[[int], bool] = never,
) -> tuple[str, str]:
    found = decide(np.array([probabilities]), np.array([stats]), policy or POLICY, english)
    return DECISIONS[found.role[0]], REASONS[found.reason[0]]


def test_a_confident_answer_is_given() -> None:
    assert one(SURE) == ("devops", "")


def test_best_and_runner_up_are_the_two_largest_the_first_of_equals() -> None:
    found: Decisions = decide(np.array([TORN, (0.2,) * 5]), np.array([USUAL] * 2), POLICY, never)
    assert [ROLES[code] for code in found.best] == ["devops", "devops"]
    assert [ROLES[code] for code in found.runner_up] == ["sre", "sre"]
    assert found.confidence.tolist() == [0.36, 0.2]


@pytest.mark.parametrize(
    "stats, reason",
    [
        ((0, 0, 0, 0, 0), "empty"),
        ((2, 2, 9, 0, 0), "too_short"),
        ((0, 0, 1, 0, 0), "too_short"),
        ((20, 5, 120, 0, 0), "unfamiliar"),
        ((20, 20, 120, 90, 0), "not_english"),
        ((1, 0, 12, 12, 0), "not_english"),
    ],
)
def test_what_cannot_be_judged_is_unsure_whatever_the_probabilities(stats: tuple[int, ...], reason: str) -> None:
    assert one(SURE, stats, english=lambda _: True) == ("unsure", reason)


def test_a_doubtful_text_is_asked_for_its_language() -> None:
    asked = []

    def german(row: int) -> bool:
        asked.append(row)
        return False

    assert one(SURE, (20, 8, 120, 5, 0), english=german) == ("unsure", "not_english")
    assert asked == [0]
    assert one(SURE, (20, 8, 120, 5, 0), english=lambda _: True) == ("devops", "")


def test_below_the_threshold_of_its_role_an_answer_is_ambiguous() -> None:
    assert one(TORN) == ("unsure", "ambiguous")
    assert one(TORN, policy=replace(POLICY, min_confidence=(0.3, 0.5, 0.5, 0.5, 0.5))) == ("devops", "")
    assert one(SURE, policy=replace(POLICY, min_confidence=(0.95, 0.5, 0.5, 0.5, 0.5))) == ("unsure", "ambiguous")


def test_rows_are_decided_one_by_one() -> None:
    stats = [USUAL, (0, 0, 0, 0, 0), USUAL]
    found = decide(np.array([SURE, SURE, SURE[::-1]]), np.array(stats), POLICY, never)
    assert [DECISIONS[code] for code in found.role] == ["devops", "unsure", "none"]


def test_no_rows_are_no_decisions() -> None:
    found = decide(np.zeros((0, 5)), np.zeros((0, 5), np.int64), POLICY, never)
    assert len(found.role) == len(found.confidence) == 0
