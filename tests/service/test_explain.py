"""Explanations and policies over HTTP: those of the library, to the last digit."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from classifier import UsageError, policies
from classifier.cli.app import main
from classifier.pipeline import Classifier
from service.app import create_app
from service.jobs.worker import Worker
from service.run import check
from service.settings import Settings
from tests.service.conftest import Serve, serving
from tests.sharp import sharpened

TEXTS = [
    "We are hiring a Site Reliability Engineer.\n- Define SLOs and error budgets.\n- Run blameless postmortems.",
    "<p>Build CI/CD pipelines with Jenkins &amp; Terraform.</p><p>Automate releases to production.</p>",
    "",
    "NUL \x00 inside, emoji \U0001f600 and Kubernetes",
]
CSV = {"Content-Type": "text/csv"}
SLOS = "Define SLOs and error budgets. Run blameless postmortems."
TABLE = f"id,description\n1,{SLOS}\n2,Deploy it\n".encode()


@pytest.fixture(scope="module")
def sharp(classifier: Classifier) -> Classifier:
    """The small model, sure enough of responsibilities to cite them."""
    return sharpened(classifier)


@pytest.fixture(scope="module")
def explaining(sharp: Classifier) -> Iterator[httpx.Client]:
    """A client of a server that answers with it."""
    with serving(create_app(Settings(), sharp)) as address, httpx.Client(base_url=address, timeout=10) as found:
        yield found


@pytest.fixture
def careful(classifier: Classifier, model_folder: Path) -> Classifier:
    """The small model with a policy, kept beside it as 'careful', that is sure of nothing."""
    policy = replace(classifier.policy, name="careful", min_confidence=(1.01,) * 5)
    policies.save(classifier.info, policy)
    return replace(classifier, policy=policy)


@pytest.mark.parametrize("title", [None, "Platform Engineer"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", ["query", "body"])
def test_an_explanation_is_that_of_the_library(
    explaining: httpx.Client, sharp: Classifier, text: str, title: str | None, way: str
) -> None:
    body = {"text": text} | ({} if title is None else {"title": title})
    if way == "query":
        answer = explaining.post("/v1/classify?explain=true", json=body)
    else:
        answer = explaining.post("/v1/classify", json=body | {"explain": True})
    assert answer.status_code == 200, answer.text
    assert answer.json() == json.loads(json.dumps(sharp.explain(text, title=title).to_dict()))
    assert bool(answer.json()["evidence"]) == ("SLOs" in text or "Jenkins" in text)


@pytest.mark.usefixtures("model_folder")
def test_an_explanation_is_that_of_the_command_line(client: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", TEXTS[0], "--explain", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert client.post("/v1/classify?explain=true", json={"text": TEXTS[0]}).json() == said
    assert said["naming"]


def test_a_list_is_explained_in_order(client: httpx.Client, classifier: Classifier) -> None:
    items = [*TEXTS, {"text": TEXTS[1], "title": "Cloud Engineer", "id": "b"}]
    answer = client.post("/v1/classify", json={"texts": items, "explain": True}).json()
    expected = [classifier.explain(text).to_dict() for text in TEXTS]
    expected.append({"id": "b", **classifier.explain(TEXTS[1], title="Cloud Engineer").to_dict()})
    assert answer == json.loads(json.dumps({"results": expected, "model": classifier.info.id}))


def test_a_long_list_is_answered_and_not_explained(serve: Serve, classifier: Classifier) -> None:
    with httpx.Client(base_url=serve(create_app(Settings(max_explained=3), classifier))) as client:
        assert client.post("/v1/classify", json={"texts": ["a"] * 4}).status_code == 200
        assert client.post("/v1/classify?explain=true", json={"texts": ["a"] * 3}).status_code == 200
        refused = client.post("/v1/classify?explain=true", json={"texts": ["a"] * 4})
        assert refused.status_code == 422
        assert refused.json()["detail"] == "texts: must be a list of at most 3 where it is explained, got 4"


def test_a_policy_decides_by_name(client: httpx.Client, careful: Classifier, classifier: Classifier) -> None:
    decided = classifier.classify(TEXTS[0])
    assert decided.role != "unsure"
    body = {"text": TEXTS[0]}
    expected = careful.classify(TEXTS[0]).to_dict()
    assert (expected["role"], expected["reason"]) == ("unsure", "ambiguous")
    assert client.post("/v1/classify?policy=careful", json=body).json() == expected
    assert client.post("/v1/classify", json=body | {"policy": "careful"}).json() == expected
    assert client.post("/v1/classify", json=body).json() == decided.to_dict()
    explained = client.post("/v1/classify?explain=1&policy=careful", json=body).json()
    assert explained == json.loads(json.dumps(careful.explain(TEXTS[0]).to_dict()))
    many = client.post("/v1/classify?policy=careful", json={"texts": [TEXTS[0]]}).json()
    assert many["results"] == [expected]
    (model,) = client.get("/v1/models").json()["models"]
    assert model["policies"] == ["careful"]


@pytest.mark.usefixtures("careful")
@pytest.mark.parametrize("name", ["other", "", "../careful", "/etc/passwd", "careful.json", "Careful"])
def test_a_policy_that_is_not_there_is_refused_by_name(client: httpx.Client, name: str) -> None:
    requests = [
        client.post("/v1/classify", params={"policy": name}, json={"text": "a"}),
        client.post("/v1/classify", json={"texts": ["a"], "policy": name}),
        client.post("/v1/score", params={"policy": name}, content=TABLE, headers=CSV),
        client.post("/v1/jobs", params={"policy": name}, content=TABLE, headers=CSV),
    ]
    for refused in requests:
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["errors"] == [{"where": "policy", "allowed": "one of careful", "got": repr(name)}]


def test_a_policy_where_there_is_none_and_one_of_another_model(
    client: httpx.Client, classifier: Classifier, model_folder: Path
) -> None:
    refused = client.post("/v1/classify?policy=x", json={"text": "a"})
    assert refused.json()["detail"] == "policy: must be left out: the model has no policies, got 'x'"
    policies.save(replace(classifier.info, id="elsewhere"), replace(classifier.policy, name="x"))
    foreign = client.post("/v1/classify?policy=x", json={"text": "a"})
    assert foreign.status_code == 503
    assert "tune it again" in foreign.json()["detail"]
    assert str(model_folder) not in foreign.text


def _rows(body: str) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(body))


def test_tables_are_explained_and_decided_by_a_policy(
    serve: Serve, sharp: Classifier, careful: Classifier, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data")
    app = create_app(settings, sharp)
    query = {"explain": "true", "policy": "careful"}
    with httpx.Client(base_url=serve(app), timeout=20) as client:
        scored = client.post("/v1/score", params=query, content=TABLE, headers=CSV).text
        job = client.post("/v1/jobs", params=query, content=TABLE, headers=CSV).json()
        assert Worker(settings, app.state.service.database, sharp).one()
        assert client.get(f"/v1/jobs/{job['id']}/result").text == scored
    rows = list(_rows(scored))
    assert [row["role"] for row in rows] == ["unsure", "unsure"]
    found = replace(sharp, policy=careful.policy).explain(SLOS).result.responsibilities
    assert found
    assert rows[0]["responsibilities"] == " ".join(found)


def test_a_policy_may_be_the_one_where_none_is_named(
    serve: Serve, classifier: Classifier, careful: Classifier, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data", policy="careful")
    app = create_app(settings, classifier)
    with httpx.Client(base_url=serve(app), timeout=20) as client:
        assert client.post("/v1/classify", json={"text": TEXTS[0]}).json() == careful.classify(TEXTS[0]).to_dict()
        scored = client.post("/v1/score", content=TABLE, headers=CSV).text
        job = client.post("/v1/jobs", content=TABLE, headers=CSV).json()
        assert Worker(settings, app.state.service.database, classifier).one()
        assert client.get(f"/v1/jobs/{job['id']}/result").text == scored
        (model,) = client.get("/v1/models").json()["models"]
        assert model["policy"]["name"] == "careful"
    assert {row["role"] for row in _rows(scored)} == {"unsure"}


def test_a_policy_tuned_anew_decides_without_a_restart(serve: Serve, careful: Classifier) -> None:
    app = create_app(Settings(policy="careful"))
    with httpx.Client(base_url=serve(app), timeout=20) as client:
        assert client.post("/v1/classify", json={"text": TEXTS[0]}).json()["role"] == "unsure"
        policies.save(careful.info, replace(careful.policy, min_confidence=(0.0,) * 5))
        until = time.monotonic() + 10
        while (role := client.post("/v1/classify", json={"text": TEXTS[0]}).json()["role"]) == "unsure":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert role == "sre"


@pytest.mark.usefixtures("careful")
def test_a_start_with_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    check(Settings(data=tmp_path, policy="careful"))
    with pytest.raises(UsageError, match=r"policy 'bold': not found beside model 'default' \(there: careful\)"):
        check(Settings(data=tmp_path, policy="bold"))
