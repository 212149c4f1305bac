from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from classifier import load, policies
from classifier.errors import ArtefactError, UsageError
from classifier.pipeline import Classifier
from classifier.records import ROLES
from tests.cli.conftest import Run


@pytest.fixture
def rows(classifier: Classifier, tmp_path: Path) -> Path:
    """Labelled rows, of each role what the small model is sure of."""
    texts = {
        "devops": "We are looking for a DevOps Engineer to build CI/CD pipelines, team {}",
        "sre": "We are hiring a Site Reliability Engineer to lead the response to incidents, team {}",
        "platform": "Join us as a Platform Engineer to offer golden paths to developers, team {}",
        "cloud": "We are looking for a Cloud Engineer to design and migrate AWS accounts, team {}",
        "none": "We are looking for a nurse to care for patients on the ward, team {}",
    }
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([text.format(number), role] for role, text in texts.items() for number in range(30))
    return path


@pytest.mark.usefixtures("model_folder")
def test_a_policy_is_made_and_used(run: Run, rows: Path, tmp_path: Path) -> None:
    done = run("tune", rows, "--target-precision", "0.9", "--name", "careful", "--json")
    assert done.code == 0, done.err
    assert "policies/careful.json; answer with it: --policy careful" in done.err
    found = json.loads(done.out)
    assert [each["role"] for each in found["thresholds"]] == list(ROLES)
    assert list(load(policy="careful").policy.min_confidence) == found["policy"]["min_confidence"]
    assert policies.names("default") == ["careful"]
    doubtful = "Deploy the service and page somebody about pipelines"
    for command in (["classify", doubtful], ["score", rows, "-o", tmp_path / "out.csv"], ["evaluate", rows]):
        assert run(*command, "--policy", "careful").code == 0
    assert run("classify", doubtful, "--policy", "none").code == 2


@pytest.mark.usefixtures("model_folder")
def test_the_table_says_what_stays(run: Run, rows: Path) -> None:
    done = run("tune", rows)
    assert done.out.splitlines()[0].split() == [
        "role",
        "confidence",
        "answers",
        "kept",
        "coverage",
        "right",
        "at",
        "least",
    ]
    assert done.out.splitlines()[-1].startswith("150 of 150 texts are answered")


@pytest.mark.usefixtures("model_folder")
def test_too_few_rows_write_nothing(run: Run, rows: Path) -> None:
    done = run("tune", rows, "--target-precision", "0.99")
    assert done.code == 2
    assert "needs 299 labelled rows that are answered with it, got 30: 269 more" in done.err
    assert policies.names("default") == []


def test_a_policy_of_another_model_is_refused(model_folder: Path, classifier: Classifier) -> None:
    path = policies.save(classifier.info, classifier.policy)
    assert policies.load(classifier.info, "default") == classifier.policy
    path.write_text(path.read_text().replace(classifier.info.id, "elsewhere"))
    with pytest.raises(ArtefactError, match=f"must be of model {classifier.info.id}, got one of elsewhere"):
        policies.load(classifier.info, "default")
    path.write_text("{}")
    with pytest.raises(ArtefactError, match="is no policy"):
        policies.load(classifier.info, "default")
    with pytest.raises(UsageError, match=r"not found beside model 'default' \(there: default\)"):
        policies.load(classifier.info, "other")
