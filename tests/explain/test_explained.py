from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.explain.findings import SHOWN_TERMS, Explanation
from classifier.explain.naming import names
from classifier.explain.words import read_words
from classifier.model import Texts
from classifier.normalise import token_spans, tokens
from classifier.pipeline import Classifier
from classifier.records import NAMED_ROLES, RESPONSIBILITIES, ROLES
from tests.texts import EDGES, anything, messy

AD = (
    "<h1>About the job</h1>\r\n<p>We are hiring a <b>Site Reliability Engineer</b> \U0001f680.</p>"
    "<ul><li>Agree on service level objectives and hold to error budgets</li>"
    "<li>Lead incident response, root cause analysis and post-incident reviews</li>"
    "<li>De\u0301ploy with Terraform, Kubernetes and Go</li></ul>\nFree lunch & good coffee for all of us."
)


def contributions(explanation: Explanation) -> float:
    """Add up all that the explanation says the difference is made of."""
    found = explanation.contrast
    return sum(term.weight for term in found.terms) + sum(found.names.values()) + found.unnamed + found.bias


def check(classifier: Classifier, text: str, title: str | None = None) -> Explanation:
    found = classifier.explain(text, title=title)
    result = found.result
    quoted = [(item.start, item.end, item.quote) for item in found.evidence]
    if found.change is not None:
        quoted += [(item.start, item.end, item.quote) for item in found.change.segments]
    quoted += [(item.start, item.end, item.phrase) for item in found.naming if item.place == "text"]
    assert all(text[start:end] == quote for start, end, quote in quoted)
    assert all(text[tool.start : tool.end] for tool in found.tools)
    assert replace(result, responsibilities=None) == classifier.classify(text, title=title)
    difference = math.log(result.probabilities[result.best]) - math.log(result.probabilities[result.runner_up])
    assert contributions(found) == pytest.approx(difference, abs=1e-6)
    assert found.contrast.difference == pytest.approx(difference, abs=1e-6)
    json.dumps(found.to_dict())
    return found


def test_evidence_cites_the_documents_with_offsets(classifier: Classifier) -> None:
    found = check(classifier, AD)
    cited = {item.quote: item for item in found.evidence}
    item = cited["Agree on service level objectives and hold to error budgets"]
    assert item.responsibility == "sre-2"
    assert item.statement == classifier.statements()["sre-2"]
    assert 0 < item.strength <= 1
    assert found.result.responsibilities is not None
    assert {"sre-2", "sre-3"} <= set(found.result.responsibilities)


def test_terms_argue_for_and_against(classifier: Classifier) -> None:
    found = check(classifier, AD)
    weights = {term.term: term.weight for term in found.terms}
    assert weights["budgets"] > 0
    assert [abs(term.weight) for term in found.terms] == sorted((abs(t.weight) for t in found.terms), reverse=True)
    shown = found.contrast.to_dict()
    assert len(shown["terms"]) == SHOWN_TERMS
    parts = [*(term["weight"] for term in shown["terms"]), shown["other_terms"], *shown["names"].values()]
    assert sum(parts) + shown["unnamed"] + shown["bias"] == pytest.approx(shown["difference"], abs=1e-6)


def test_the_phrase_that_names_the_role_is_quoted(classifier: Classifier) -> None:
    first, *_ = check(classifier, AD).naming
    assert first.role == "sre"
    assert first.phrase.startswith("We are hiring a <b>Site Reliability")
    assert first.weight > 0


def test_a_title_is_explained_too(classifier: Classifier) -> None:
    found = check(classifier, "Build things with us every day.", title="Senior Site Reliability Engineer")
    assert {term.place for term in found.terms} == {"text", "title"}
    assert [(item.role, item.place) for item in found.naming] == [("sre", "title")]
    assert found.contrast.names.get("sre", 0.0) != 0


def test_without_the_segments_named_the_role_differs(classifier: Classifier) -> None:
    text = (
        "Agree on service level objectives and hold to error budgets.\nBuild CI/CD pipelines in Jenkins for every team."
    )
    found = check(classifier, text)
    assert found.change is not None
    left = text
    for span in reversed(found.change.segments):
        left = left[: span.start] + left[span.end :]
    assert classifier.classify(left).best == found.change.role != found.result.best


def test_nothing_is_said_to_change_a_single_sentence(classifier: Classifier) -> None:
    assert check(classifier, "Agree on service level objectives and hold to error budgets.").change is None


def test_many_segments_are_looked_at_within_bounds(classifier: Classifier) -> None:
    found = check(classifier, "Agree on service level objectives and hold to error budgets.\n" * 4000)
    assert len(found.evidence) == 4000


@pytest.mark.parametrize("text", EDGES)
def test_edges(classifier: Classifier, text: str) -> None:
    check(classifier, text)
    check(classifier, text, title="cloud engineer")


@settings(deadline=None, max_examples=60)
@given(text=st.one_of(anything, messy), title=st.one_of(st.none(), messy))
def test_any_text_is_explained_exactly(classifier: Classifier, text: str, title: str | None) -> None:
    check(classifier, text, title)


@settings(deadline=None, max_examples=100)
@given(text=st.one_of(anything, messy))
def test_tokens_keep_their_places(text: str) -> None:
    found = token_spans(text)
    assert [word for word, _, _ in found] == tokens(text)
    assert all(0 <= start < end <= len(text) for _, start, end in found)


@settings(deadline=None, max_examples=100)
@given(text=messy)
def test_names_add_up_to_what_the_kernel_says(classifier: Classifier, text: str) -> None:
    model = classifier.model
    seen: list[set[int]] = [set() for _ in ROLES]
    for name in names(model, read_words(model, text)):
        seen[name.role] |= set(name.cues)
    sums = [model.cue_weights[sorted(cues)].sum() for cues in seen]
    assert model.read(Texts.of([text]), model.body).names[0] == pytest.approx(sums, abs=1e-9)


def test_a_column_gets_the_same_responsibilities(classifier: Classifier) -> None:
    import pyarrow as pa

    texts = [AD, "", "Reset my password.", "Write Terraform modules. Build CI/CD pipelines for all teams."]
    columns = classifier.explain_columns(pa.array(texts))
    assert list(columns)[-2:] == ["responsibilities", "model"]
    alone = [" ".join(classifier.explain(text).result.responsibilities or ()) for text in texts]
    assert columns["responsibilities"].to_pylist() == alone
    sliced = classifier.explain_columns(pa.array(["x", *texts]).slice(1))
    assert sliced["responsibilities"].to_pylist() == alone


def test_statements_travel_with_the_model(classifier: Classifier) -> None:
    assert tuple(classifier.statements()) == RESPONSIBILITIES
    other = replace(classifier, info=replace(classifier.info, statements={"sre-2": "our own words"}))
    assert [
        item.statement
        for item in other.explain("Agree on service level objectives and hold to error budgets.").evidence
    ] == ["our own words"]
    older = replace(classifier, info=replace(classifier.info, statements={}))
    assert older.statements() == classifier.statements()
    assert {name.split("-")[0] for name in older.statements()} == set(NAMED_ROLES)
