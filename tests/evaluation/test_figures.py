from __future__ import annotations

import json
import math

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

from classifier.evaluation import Outcome, figures
from classifier.evaluation.figures import auroc, calibration_error, confusion, macro_f1, of_role, wilson
from classifier.records import ROLES


def outcome(n: int = 400, seed: int = 3, skew: float = 2.0) -> Outcome:
    """Labels and probabilities that often agree, more of some roles than of others."""
    chance = np.random.default_rng(seed)
    labels = chance.choice(5, n, p=[0.1, 0.3, 0.2, 0.15, 0.25])
    scores = chance.random((n, 5)) + skew * chance.random((n, 1)) * np.eye(5)[labels]
    shares = scores / scores.sum(axis=1, keepdims=True)
    return Outcome(labels, shares, chance.random(n) < 0.8)


def balance(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    weights: npt.NDArray[np.float64] = 1.0 / np.bincount(labels, minlength=5)[labels]
    return weights


@pytest.mark.parametrize("kind", ["plain", "balanced"])
def test_figures_are_those_of_scikit_learn(kind: str) -> None:
    asked = outcome()
    found = figures(asked)[kind]
    labels, best = asked.labels, asked.best
    weights = np.ones(len(labels)) if kind == "plain" else balance(labels)
    named = labels < 4
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, best, sample_weight=weights))
    assert found["f1_five"] == pytest.approx(f1_score(labels, best, average="macro", sample_weight=weights))
    four = asked.probabilities[named, :4].argmax(axis=1)
    wanted = f1_score(labels[named], four, average="macro", sample_weight=weights[named])
    assert found["f1_four"] == pytest.approx(wanted)
    wanted = roc_auc_score(named, 1 - asked.probabilities[:, 4], sample_weight=weights)
    assert found["in_scope_auroc"] == pytest.approx(wanted)
    assert found["coverage"] == pytest.approx(np.average(asked.decided, weights=weights))
    decided = asked.decided
    wanted = accuracy_score(labels[decided], best[decided], sample_weight=weights[decided])
    assert found["accuracy_decided"] == pytest.approx(wanted)


def test_each_role_has_the_figures_of_scikit_learn() -> None:
    asked = outcome()
    found = figures(asked)["roles"]
    for place, role in enumerate(ROLES):
        is_it, said = asked.labels == place, asked.best == place
        assert found[role]["n"] == is_it.sum()
        assert found[role]["answered"] == said.sum()
        assert found[role]["precision"]["value"] == pytest.approx(precision_score(is_it, said))
        assert found[role]["recall"]["value"] == pytest.approx(recall_score(is_it, said))
        assert found[role]["f1"]["value"] == pytest.approx(f1_score(is_it, said))
        for share in ("precision", "recall", "f1"):
            interval = found[role][share]
            assert 0 <= interval["low"] <= interval["value"] <= interval["high"] <= 1


def test_the_table_has_labels_in_rows_and_answers_in_columns() -> None:
    asked = outcome(50)
    table = figures(asked)["confusion"]["rows_are_labels"]
    assert np.sum(table) == 50
    assert table[1][2] == ((asked.labels == 1) & (asked.best == 2)).sum()


def test_figures_are_ready_for_json() -> None:
    assert json.loads(json.dumps(figures(outcome())))["n"] == 400


@pytest.mark.parametrize("rows", [[], [4, 4], [0], [0, 1, 2, 3]])
def test_what_has_no_value_is_none_and_no_error(rows: list[int]) -> None:
    labels = np.array(rows, np.int64)
    found = figures(Outcome(labels, np.full((len(rows), 5), 0.2), np.zeros(len(rows), bool)))
    assert found["plain"]["accuracy_decided"] is None
    assert found["plain"]["in_scope_auroc"] is None
    assert (found["plain"]["f1_four"] is None) == (not any(row < 4 for row in rows))
    json.dumps(found, allow_nan=False)


def test_a_perfect_answer_is_perfect() -> None:
    labels = np.arange(5)
    found = figures(Outcome(labels, np.eye(5), np.ones(5, bool)))
    for kind in ("plain", "balanced"):
        assert found[kind] == {
            "accuracy": 1.0, "f1_four": 1.0, "f1_five": 1.0, "in_scope_auroc": 1.0, "ece": 0.0, "coverage": 1.0,
            "accuracy_decided": 1.0,
        }  # fmt: skip


def test_ties_count_half() -> None:
    assert auroc(np.array([0.5, 0.5]), np.array([True, False]), np.ones(2)) == 0.5


def test_calibration_is_measured_in_bins_of_equal_mass() -> None:
    chance = np.random.default_rng(5)
    confidence = chance.random(30_000)
    honest = chance.random(30_000) < confidence
    even = np.ones(30_000)
    assert calibration_error(confidence, honest, even) == pytest.approx(0.0, abs=0.02)
    assert calibration_error(np.full(100, 0.9), np.arange(100) < 50, np.ones(100)) == pytest.approx(0.4, abs=0.3)
    assert calibration_error(np.full(100, 0.9), np.ones(100, bool), np.ones(100)) == pytest.approx(0.1)
    assert calibration_error(np.zeros(0), np.zeros(0, bool), np.zeros(0)) is None


def test_the_interval_is_that_of_wilson() -> None:
    low, high = wilson(81, 263)  # Newcombe (1998), table I
    assert low == pytest.approx(0.2553, abs=5e-5)
    assert high == pytest.approx(0.3662, abs=5e-5)
    assert wilson(0, 0) == (None, None)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0


def test_labels_that_do_not_occur_do_not_count() -> None:
    table = confusion(np.array([0, 1]), np.array([0, 1]), np.ones(2))
    assert macro_f1(table) == 1.0
    assert of_role(table, 4)["recall"] == {"value": None, "low": None, "high": None}
    assert math.isclose(of_role(table, 0)["f1"]["value"], 1.0)
