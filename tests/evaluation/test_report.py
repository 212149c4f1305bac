from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier.errors import OutputError
from classifier.evaluation.compare import compare, mcnemar
from classifier.evaluation.figures import Outcome
from classifier.evaluation.report import Labelled, write_report
from classifier.evaluation.shares import corrected_shares, decisions
from classifier.evaluation.slices import by_length, by_month, month, reliability, risk_coverage
from classifier.model import Blend
from classifier.pipeline import Classifier
from classifier.records import ROLES

TEXTS = (
    "Define service level objectives and hold to error budgets with the product teams.",
    "Lead the response to incidents & write blameless postmortems <b>afterwards</b>.",
    "Build CI/CD pipelines in Jenkins that test and deploy software.",
    "Care for patients on the ward, day and night, in a small team.",
    "Offer golden paths and a developer portal to all product teams.",
    "Design and migrate to AWS accounts, VPCs and IAM roles.",
)
LABELS = ("sre", "cloud", "devops", "none", "platform", "cloud")


def outcome(n: int = 500, seed: int = 5) -> Outcome:
    chance = np.random.default_rng(seed)
    labels = chance.choice(5, n)
    scores = chance.random((n, 5)) + chance.random((n, 1)) * np.eye(5)[labels]
    return Outcome(labels, scores / scores.sum(axis=1, keepdims=True), chance.random(n) < 0.7)


def test_the_report_is_a_page_of_its_own_with_json_and_csv(classifier: Classifier, tmp_path: Path) -> None:
    rows = Labelled("rows.csv", TEXTS, LABELS, None, ["2026-01-02", "2026-02-03", "", "x", "2026-02-09", "2026-01-05"])
    blend = replace(classifier.model.blend, naming=(0.0, 0.0)) if isinstance(classifier.model.blend, Blend) else None
    assert blend is not None
    other = replace(classifier, model=replace(classifier.model, id="older", blend=blend))
    found = write_report(classifier, rows, tmp_path / "new" / "report", against=other)
    page = (tmp_path / "new" / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)|(?:src|href)=\"(?!#|data:)|url\((?!#)", page)
    assert page.count("<svg") == 6
    assert len(page.encode()) < 3_000_000
    assert "older" in page
    assert json.loads((tmp_path / "new" / "report" / "report.json").read_text()) == json.loads(json.dumps(found))
    with (tmp_path / "new" / "report" / "answers.csv").open(newline="") as file:
        answers = list(csv.DictReader(file))
    assert [row["label"] for row in answers] == list(LABELS)
    assert [row["best"] for row in answers] == [classifier.classify(text).best for text in TEXTS]
    assert [each["name"] for each in found["by_month"]] == ["2026-01", "2026-02"]


def test_a_report_that_cannot_be_written_is_said(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(classifier, Labelled("rows.csv", TEXTS, LABELS), tmp_path / "file")


def test_a_comparison_counts_what_changed_and_which_way() -> None:
    labels = np.array([0, 1, 2, 3])
    old = Outcome(labels, np.eye(5)[[0, 2, 2, 4]], np.ones(4, bool))
    new = Outcome(labels, np.eye(5)[[1, 1, 2, 3]], np.ones(4, bool))
    found = compare(old, new)
    assert (found["changed"], found["gained"], found["lost"]) == (3, 2, 1)
    assert found["rows"] == [0, 1, 3]
    assert {(move["from"], move["to"]) for move in found["moves"]} == {
        ("devops", "sre"), ("platform", "sre"), ("none", "cloud"),
    }  # fmt: skip


def test_mcnemar_is_exact() -> None:
    from scipy.stats import binomtest

    for gained, lost in [(0, 0), (1, 0), (5, 5), (10, 2), (40, 21)]:
        wanted = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        assert mcnemar(gained, lost) == pytest.approx(wanted)


def test_slices_add_up() -> None:
    asked = outcome()
    words = np.random.default_rng(1).integers(0, 2000, 500)
    assert sum(part["n"] for part in by_length(asked, words)) == 500
    assert sum(part["n"] for part in reliability(asked)) == 500
    dates = ["2026-01-31", "2026-02-01T10:00:00", "no date"] * 166 + ["", ""]
    assert [(part["name"], part["n"]) for part in by_month(asked, dates)] == [("2026-01", 166), ("2026-02", 166)]
    assert month("31/01/2026") == ""


def test_risk_against_coverage_ends_with_all() -> None:
    asked = outcome()
    points = risk_coverage(asked)
    wrong = float((asked.best != asked.labels).mean())
    assert points[-1] == pytest.approx({"coverage": 1.0, "risk": wrong, "confidence": asked.probabilities.max(1).min()})
    confidences = [point["confidence"] for point in points]
    assert confidences == sorted(confidences, reverse=True)


def test_shares_are_corrected_for_known_errors() -> None:
    chance = np.random.default_rng(11)
    rates = np.full((5, 5), 0.05) + 0.75 * np.eye(5)
    table = np.stack([chance.multinomial(400, row) for row in rates]).astype(np.float64)
    truth = np.array([0.5, 0.05, 0.05, 0.1, 0.3])
    answered = chance.multinomial(20_000, truth @ rates).astype(np.float64)
    found = corrected_shares(answered, table)
    for place, role in enumerate(ROLES):
        assert found[role]["low"] <= found[role]["value"] <= found[role]["high"]
        assert found[role]["low"] <= truth[place] <= found[role]["high"]
        assert abs(found[role]["value"] - truth[place]) < 0.03
    assert abs(found["devops"]["plain"] - 0.5) > 0.05
    assert sum(share["value"] for share in found.values()) == pytest.approx(1.0)


def test_shares_cover_the_truth_in_95_of_100_batches() -> None:
    chance = np.random.default_rng(4)
    rates = np.full((5, 5), 0.05) + 0.75 * np.eye(5)
    truth = np.array([0.3, 0.2, 0.1, 0.1, 0.3])
    held = 0
    for _ in range(60):
        table = np.stack([chance.multinomial(100, row) for row in rates]).astype(np.float64)
        answered = chance.multinomial(2000, truth @ rates).astype(np.float64)
        found = corrected_shares(answered, table, draws=300)
        held += sum(found[role]["low"] <= truth[place] <= found[role]["high"] for place, role in enumerate(ROLES))
    assert held / 300 >= 0.9


def test_no_answers_have_no_shares() -> None:
    found = corrected_shares(np.zeros(5), np.eye(5) * 10)
    assert all(share["plain"] == 0 for share in found.values())


def test_unsure_answers_are_part_of_the_correction() -> None:
    asked = outcome(4000)
    table = decisions(asked)
    assert table.sum() == 4000
    assert table[:, 5].sum() == (~asked.decided).sum()
    found = corrected_shares(table.sum(axis=0), table)
    for place, role in enumerate(ROLES):
        assert found[role]["value"] == pytest.approx((asked.labels == place).mean(), abs=0.02)
