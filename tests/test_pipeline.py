from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings

from classifier import load
from classifier.errors import ArtefactError, UsageError
from classifier.model import Texts
from classifier.pipeline import Classifier
from classifier.records import PROBABILITY_COLUMNS, REASONS, ROLES, Result
from tests.texts import EDGES, anything, messy

CLEAR = {
    "devops": "Write GitLab CI pipelines and Jenkins jobs, configure the build agents with Ansible playbooks.",
    "sre": "Be on-call, run blameless postmortems after incidents, define SLOs and error budgets for production.",
    "platform": "Operate the Kubernetes platform, Helm charts and the developer portal; self-service for teams.",
    "cloud": "Design AWS landing zones, VPC networks, IAM policies and S3 buckets with CloudFormation.",
    "none": "Care for patients on the ward, give medication and support their families during the night shift.",
}
GERMAN = "Wir suchen Verst\u00e4rkung f\u00fcr unsere Krankenpflege auf der Station und im Nachtdienst."
RUSSIAN = "\u041c\u044b \u0438\u0449\u0435\u043c \u0441\u0435\u0441\u0442\u0440\u0443"


def sound(result: Result) -> None:
    """Hold what every result must keep to."""
    assert result.best in ROLES
    assert result.runner_up in ROLES
    assert result.runner_up != result.best
    assert result.role in {result.best, "unsure"}
    assert result.reason in REASONS
    assert (result.role == "unsure") == bool(result.reason)
    assert list(result.probabilities) == list(ROLES)
    assert math.isclose(sum(result.probabilities.values()), 1.0, abs_tol=1e-9)
    assert result.confidence == max(result.probabilities.values()) == result.probabilities[result.best]
    assert result.error == ""


@pytest.mark.parametrize("role", ROLES)
def test_a_clear_text_gets_its_role(classifier: Classifier, role: str) -> None:
    result = classifier.classify(CLEAR[role])
    sound(result)
    named = {name: share for name, share in result.probabilities.items() if name != "none"}
    assert (result.best if role == "none" else max(named, key=named.__getitem__)) == role
    assert result.model == classifier.model.id


@pytest.mark.parametrize("text", EDGES)
def test_every_edge_gets_a_sound_answer(classifier: Classifier, text: str) -> None:
    sound(classifier.classify(text))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(text=anything | messy)
def test_any_text_gets_a_sound_answer(classifier: Classifier, text: str) -> None:
    sound(classifier.classify(text))


@pytest.mark.parametrize("text", ["", " ", "\n\t", "...", "\U0001f680\U0001f680", "<br><br/>", "&nbsp;"])
def test_a_text_without_letters_is_empty_and_gets_the_prior(classifier: Classifier, text: str) -> None:
    result = classifier.classify(text)
    assert (result.role, result.reason) == ("unsure", "empty")
    assert tuple(result.probabilities.values()) == pytest.approx(classifier.model.prior)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("cloud", "too_short"),
        (GERMAN, "not_english"),
        (RUSSIAN, "not_english"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_why(classifier: Classifier, text: str, reason: str) -> None:
    result = classifier.classify(text)
    assert (result.role, result.reason) == ("unsure", reason)


def test_one_text_is_a_batch_of_one(classifier: Classifier) -> None:
    texts = [*CLEAR.values(), *EDGES]
    assert classifier.classify_many(texts) == [classifier.classify(text) for text in texts]


def test_no_texts_are_no_results(classifier: Classifier) -> None:
    assert classifier.classify_many([]) == []


def test_a_title_counts_and_its_conflict_is_said(classifier: Classifier) -> None:
    alone = classifier.classify(CLEAR["none"])
    assert alone.title_conflict is None
    titled = classifier.classify(CLEAR["none"], title="Registered Nurse")
    assert titled.title_conflict is False
    assert titled.best == "none"
    other = classifier.classify(CLEAR["none"], title="Senior Site Reliability Engineer")
    assert other.probabilities["sre"] > alone.probabilities["sre"]


def test_an_empty_title_changes_nothing(classifier: Classifier) -> None:
    texts = list(CLEAR.values())
    plain = classifier.classify_many(texts)
    titled = classifier.classify_many(texts, titles=[""] * len(texts))
    assert [result.probabilities for result in titled] == [result.probabilities for result in plain]
    assert all(result.title_conflict is False for result in titled)


def test_threads_get_the_same_answers(classifier: Classifier) -> None:
    texts = [*CLEAR.values(), *EDGES] * 3
    wanted = classifier.classify_many(texts)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: classifier.classify_many(texts), range(8)):
            assert found == wanted


def test_columns_and_records_say_the_same(classifier: Classifier) -> None:
    texts = list(CLEAR.values())
    answers = classifier.answer(Texts.of(texts))
    columns = {name: column.to_pylist() for name, column in answers.columns().items()}
    names = ["role", "best", "runner_up", "confidence", *PROBABILITY_COLUMNS, "reason", "model"]
    assert list(columns) == names
    for row in range(len(texts)):
        result = answers.result(row)
        flat = [result.role, result.best, result.runner_up, result.confidence, *result.probabilities.values()]
        assert [columns[name][row] for name in names] == [*flat, result.reason, result.model]


def test_the_record_is_frozen_and_ready_for_json(classifier: Classifier) -> None:
    result = classifier.classify(CLEAR["sre"], title="SRE")
    with pytest.raises(FrozenInstanceError):
        result.role = "none"  # type: ignore[misc]
    record = json.loads(json.dumps(result.to_dict()))
    assert list(record) == [
        "role", "best", "runner_up", "confidence", "probabilities", "reason", "title_conflict", "model", "error",
    ]  # fmt: skip


def test_lone_surrogates_are_read_as_question_marks(classifier: Classifier) -> None:
    assert (
        classifier.classify("on-call \ud800 rota").probabilities == classifier.classify("on-call ? rota").probabilities
    )


@pytest.mark.usefixtures("model_folder")
def test_load_opens_the_current_model(classifier: Classifier) -> None:
    assert load().info.id == load("default").model.id == classifier.model.id
    with pytest.raises(UsageError, match="'other': not found"):
        load("other")


def test_load_refuses_an_altered_model(model_folder: object) -> None:
    from pathlib import Path

    path = Path(str(model_folder)) / "default" / "model.joblib"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtefactError, match="truncated or altered"):
        load()
