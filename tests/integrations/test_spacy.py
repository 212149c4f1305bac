from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import spacy

from classifier.integrations import spacy as ours
from classifier.pipeline import Classifier
from tests.sharp import sharpened
from tests.texts import EDGES

ROOT = Path(__file__).resolve().parent.parent.parent
TEXTS = [
    "Agree on service level objectives and hold to error budgets.\nLead the response to incidents.",
    "Care for patients on the ward \U0001f680.",
    "",
]

pytestmark = pytest.mark.usefixtures("model_folder")


def test_a_document_gets_probabilities_role_and_spans(classifier: Classifier) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(ours.NAME)
    classifier = sharpened(classifier)
    doc = ours.RoleComponent(classifier)(nlp(TEXTS[0]))
    result = classifier.classify(TEXTS[0])
    assert doc.cats == result.probabilities
    assert doc._.role == result.role
    assert doc._.role_result == result.to_dict()
    spans = doc.spans["responsibilities"]
    assert [(span.label_, span.text) for span in spans] == [
        (item.responsibility, item.quote) for item in classifier.explain(TEXTS[0]).evidence
    ]
    assert len(spans.attrs["strengths"]) == len(spans) > 0


def test_a_stream_is_answered_as_classify_answers(classifier: Classifier) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(ours.NAME, config={"evidence": False})
    texts = [text for text in [*TEXTS, *EDGES] if len(text) < 2000]
    docs = list(nlp.pipe(texts, batch_size=7))
    assert [doc.text for doc in docs] == texts
    for doc, result in zip(docs, classifier.classify_many(texts), strict=True):
        assert (doc._.role, doc.cats) == (result.role, result.probabilities)
        assert "responsibilities" not in doc.spans


def test_spacy_finds_it_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["spacy_factories"]["role_classifier"].partition(":")
    assert getattr(import_module(module), name) is ours.make_component
