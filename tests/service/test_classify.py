"""POST /v1/classify: the numbers of the library, in order."""

from __future__ import annotations

import httpx
import pytest

from classifier.pipeline import Classifier

TEXTS = [
    "Define SLOs, run blameless postmortems and carry the pager.",
    "Build CI/CD pipelines with Jenkins and automate releases to production.",
    "",
    "<p>Own the internal developer platform &amp; its golden paths</p>",
    "Wir suchen einen Koch mit Freude an der Arbeit in einem kleinen Team",
    "NUL \x00 inside, emoji \U0001f600 and \u202edirection",
]


@pytest.mark.parametrize("text", TEXTS)
def test_one_text_is_answered_as_the_library_does(client: httpx.Client, classifier: Classifier, text: str) -> None:
    answer = client.post("/v1/classify", json={"text": text})
    assert answer.status_code == 200
    assert answer.json() == classifier.classify(text).to_dict()


def test_a_title_counts(client: httpx.Client, classifier: Classifier) -> None:
    answer = client.post("/v1/classify", json={"text": TEXTS[0], "title": "Platform Engineer"}).json()
    assert answer == classifier.classify(TEXTS[0], title="Platform Engineer").to_dict()
    assert "title_conflict" in answer


def test_a_list_is_answered_in_order_with_ids_and_titles(client: httpx.Client, classifier: Classifier) -> None:
    items = [*TEXTS, {"text": TEXTS[0], "id": 7}, {"text": TEXTS[1], "title": "Cloud Engineer", "id": "b"}]
    answer = client.post("/v1/classify", json={"texts": items}).json()
    expected = [classifier.classify(text).to_dict() for text in TEXTS]
    expected.append({"id": 7, **classifier.classify(TEXTS[0]).to_dict()})
    expected.append({"id": "b", **classifier.classify(TEXTS[1], title="Cloud Engineer").to_dict()})
    assert answer == {"results": expected, "model": classifier.info.id}


def test_a_list_that_goes_to_a_thread_has_the_same_numbers(client: httpx.Client, classifier: Classifier) -> None:
    texts = [f"{TEXTS[number % 2]} {number} " * 30 for number in range(20)]
    answer = client.post("/v1/classify", json={"texts": texts}).json()
    assert answer["results"] == [result.to_dict() for result in classifier.classify_many(texts)]


def test_an_empty_list_has_no_answers(client: httpx.Client, classifier: Classifier) -> None:
    assert client.post("/v1/classify", json={"texts": []}).json() == {"results": [], "model": classifier.info.id}


def test_the_page_of_contents(client: httpx.Client, classifier: Classifier) -> None:
    roles = client.get("/v1/roles").json()["roles"]
    assert [role["id"] for role in roles] == ["devops", "sre", "platform", "cloud"]
    assert [part["id"] for part in roles[1]["responsibilities"]] == [f"sre-{number}" for number in range(1, 6)]
    models = client.get("/v1/models").json()["models"]
    assert [model["id"] for model in models if model["active"]] == [classifier.info.id]
    assert client.get("/readyz").json() == {"status": "ready", "model": classifier.info.id}
    assert client.get("/healthz").json() == {"status": "alive"}
