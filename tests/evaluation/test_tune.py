from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from classifier.errors import UsageError
from classifier.evaluation.figures import Outcome
from classifier.evaluation.tune import lower_bound, needed, tune
from classifier.records import ROLES


def outcome(n: int, seed: int = 0, honest: bool = True) -> Outcome:
    """Answers whose confidence is the chance that they are right."""
    chance = np.random.default_rng(seed)
    best = chance.integers(0, 5, n)
    confidence = chance.uniform(0.5, 1.0, n)
    right = chance.random(n) < (confidence if honest else 0.5)
    labels = np.where(right, best, (best + 1) % 5)
    probabilities = np.repeat(((1 - confidence) / 4)[:, None], 5, axis=1)
    probabilities[np.arange(n), best] = confidence
    return Outcome(labels, probabilities, np.ones(n, bool))


def test_thresholds_keep_the_precision_that_is_asked_for() -> None:
    asked = outcome(5000)
    found = tune(asked, 0.85)
    assert [each.role for each in found] == list(ROLES)
    fresh = outcome(50_000, seed=9)
    for place, each in enumerate(found):
        assert each.low >= 0.85
        kept = (fresh.best == place) & (fresh.probabilities.max(axis=1) >= each.confidence)
        assert (fresh.labels[kept] == place).mean() >= 0.85
        mine = (asked.best == place) & (asked.probabilities.max(axis=1) >= each.confidence)
        assert (each.kept, each.right) == (int(mine.sum()), int((asked.labels[mine] == place).sum()))
        assert each.to_dict()["coverage"] == pytest.approx(each.kept / (asked.best == place).sum())


def test_promises_are_kept_in_95_of_100_trials() -> None:
    broken = 0
    for seed in range(60):
        for each in tune(outcome(2500, seed), 0.8):
            true = (each.confidence + 1) / 2  # the mean of what is right above a threshold
            broken += true < 0.8
    assert broken <= 0.05 * 300 + 10


def test_too_few_labels_are_refused_with_how_many_more() -> None:
    with pytest.raises(UsageError) as error:
        tune(outcome(60), 0.9)
    said = str(error.value)
    assert said.startswith("--target-precision 0.9: ")
    assert all(f"{role}: needs 29 labelled rows that are answered with it, got " in said for role in ROLES)
    assert said.endswith("Label more rows, or ask for less")


def test_what_labels_do_not_promise_is_refused() -> None:
    with pytest.raises(UsageError, match="too few to promise that"):
        tune(outcome(2000, honest=False), 0.9)


@pytest.mark.parametrize("target", [0.0, 1.0, -1.0, 2.0, float("nan")])
def test_a_target_is_a_share(target: float) -> None:
    with pytest.raises(UsageError, match="must be above 0 and below 1"):
        tune(outcome(100), target)


def test_bounds_are_those_of_clopper_and_pearson() -> None:
    assert lower_bound(0, 10) == 0.0
    assert lower_bound(9, 10) == pytest.approx(beta.ppf(0.05, 9, 2))
    assert lower_bound(needed(0.95), needed(0.95)) >= 0.95 > lower_bound(needed(0.95) - 1, needed(0.95) - 1)
