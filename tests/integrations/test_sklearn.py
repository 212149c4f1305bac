from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from classifier.integrations.sklearn import RoleClassifier

CHECKS: Final = Path(__file__).with_name("estimator_checks.py")
TEXTS = [
    "define SLOs and error budgets", "page the on-call engineer for SLOs", "error budgets of the quarter",
    "care for patients on the ward", "night shift with patients", "medicine for the patients of the ward",
    "build <b>CI</b> pipelines", "pipelines in Jenkins", "deploy with CI pipelines",
]  # fmt: skip
LABELS = ["sre"] * 3 + ["nurse"] * 3 + ["devops"] * 3


def test_scikit_learns_own_checks_all_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", CHECKS],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},  # read when scipy is imported; without it a check is skipped
        cwd=CHECKS.parent.parent.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    summary = done.stdout.splitlines()[-1] if done.stdout else done.stderr
    assert done.returncode == 0, done.stdout
    assert re.fullmatch(r"\d{2,} passed in .*", summary)


def test_labels_are_learned() -> None:
    fitted = RoleClassifier().fit(TEXTS, LABELS)
    assert fitted.classes_.tolist() == ["devops", "nurse", "sre"]
    assert fitted.predict(TEXTS).tolist() == LABELS
    assert fitted.score(TEXTS, LABELS) == 1.0
    shares = fitted.predict_proba(["patients & SLOs"])
    assert shares.shape == (1, 3)
    assert shares.sum() == pytest.approx(1.0)
    assert (fitted.decision_function(TEXTS).argmax(axis=1) == fitted.predict_proba(TEXTS).argmax(axis=1)).all()


@pytest.mark.parametrize("column", [np.array, pd.Series, pa.array, tuple, lambda texts: pd.DataFrame({"text": texts})])
def test_any_column_of_texts_is_read(column: Any) -> None:
    fitted = RoleClassifier().fit(column(TEXTS), LABELS)
    assert fitted.predict(column(TEXTS)).tolist() == LABELS


def test_numbers_are_labels_too() -> None:
    fitted = RoleClassifier().fit(TEXTS, [3] * 6 + [7] * 3)
    assert fitted.predict(TEXTS[:1]).tolist() == [3]
    assert fitted.decision_function(TEXTS).shape == (9,)


def test_weights_count() -> None:
    texts = ["same words here", "same words here"]
    heavy = RoleClassifier().fit(texts, ["a", "b"], sample_weight=[10.0, 1.0])
    assert heavy.predict(texts).tolist() == ["a", "a"]


def test_it_works_in_pipelines_searches_and_files(tmp_path: Path) -> None:
    strip = FunctionTransformer(lambda texts: [text.strip() for text in texts])
    pipeline = Pipeline([("strip", strip), ("roles", RoleClassifier())])
    assert pipeline.fit(TEXTS, LABELS).predict([" patients "]).tolist() == ["nurse"]
    search = GridSearchCV(RoleClassifier(), {"strength": [0.1, 10.0], "words": [1, 2]}, cv=3).fit(TEXTS, LABELS)
    assert set(search.best_params_) == {"strength", "words"}
    assert cross_val_score(RoleClassifier(), TEXTS, LABELS, cv=3).shape == (3,)
    fitted = RoleClassifier(strength=3.0).fit(TEXTS, LABELS)
    joblib.dump(fitted, tmp_path / "roles.joblib")
    again = joblib.load(tmp_path / "roles.joblib")
    assert (again.predict_proba(TEXTS) == fitted.predict_proba(TEXTS)).all()
    assert clone(fitted).get_params()["strength"] == 3.0


@pytest.mark.usefixtures("model_folder")
def test_a_model_of_ours_helps_with_few_labels(tmp_path: Path) -> None:
    texts = ["We hire a Site Reliability Engineer", "We hire a nurse", "Join us as SRE", "Work here as a teacher"]
    fitted = RoleClassifier(base="default", strength=1.0).fit(texts, ["in", "out", "in", "out"])
    assert fitted.predict(["We are looking for a Site Reliability Engineer"]).tolist() == ["in"]
    joblib.dump(fitted, tmp_path / "roles.joblib")
    assert (joblib.load(tmp_path / "roles.joblib").predict_proba(texts) == fitted.predict_proba(texts)).all()


@pytest.mark.parametrize(
    "X, y, said",
    [
        ("one text", ["a"], "got one string"),
        ([], [], "Expected 2D array"),
        ([1, 2], ["a", "b"], "Expected 2D array"),
        (["a", None], ["a", "b"], "got NoneType in row 1"),
        (["aa", "bb"], ["a"], "inconsistent numbers of samples"),
        (["aa", "bb"], ["a", "a"], "2 classes or more, got 1 class: ['a']"),
        (["aa", "bb"], None, "target y is None"),
    ],
)
def test_what_cannot_be_learned_is_said(X: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the message is looked at
        RoleClassifier().fit(X, y)
    assert said in str(error.value)


def test_a_table_of_texts_and_numbers_is_read() -> None:
    table = pd.DataFrame({"title": TEXTS, "text": ["same"] * 9, "urgent": [0.0, 1.0, 0.0] * 3})
    fitted = RoleClassifier().fit(table, LABELS)
    assert fitted.feature_names_in_.tolist() == ["title", "text", "urgent"]
    assert fitted.predict(table).tolist() == LABELS
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(table.rename(columns={"urgent": "other"}))
    with pytest.raises(ValueError, match="must hold texts as in fit, got numbers alone"):
        fitted.predict([[1.0, 2.0, 3.0]])


def test_runs_of_words_have_bounds() -> None:
    with pytest.raises(ValueError, match="'words' must be 1 to 3, got 4"):
        RoleClassifier(words=4).fit(TEXTS, LABELS)
