"""The API does what its description says: schemathesis sends what it allows and what it does not."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from classifier.pipeline import Classifier
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import serving

CASES = int(os.environ.get("CASES", "15"))
"""Cases of each endpoint."""

SECRET = "hook"
GITLAB = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Issue Hook"}
LOOSE = {"/v1/score", "/v1/jobs", "/v1/hooks/github", "/v1/hooks/gitlab"}
"""Anything may be sent as a table, and not everything is one; of hooks, most events are nothing to us."""


@pytest.fixture(scope="module")
def described(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose limits are wide enough for whatever is generated."""
    settings = Settings(
        data=tmp_path_factory.mktemp("described"), max_jobs=100_000, github_secret=SECRET, gitlab_secret=SECRET
    )
    with serving(create_app(settings, classifier)) as address:
        yield address


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_endpoint_keeps_its_word(described: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{described}/openapi.json")
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        loose = operation.path in LOOSE and operation.method == "post"
        excluded = [positive_data_acceptance, negative_data_rejection] if loose else []
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            _try(strategy, excluded, GITLAB if operation.path == "/v1/hooks/gitlab" else {})
        except Unsatisfiable:
            continue  # nothing can be sent that is not allowed
        tried += 1
    assert tried >= 5


def _try(strategy: SearchStrategy[Any], excluded: Sequence[CheckFunction], headers: dict[str, str]) -> None:
    @seed(20)
    @settings(
        max_examples=CASES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def one(case: Any) -> None:
        named = "policy" in (case.query or {}) or (isinstance(case.body, dict) and "policy" in case.body)
        unknown = [positive_data_acceptance] if named else []  # which policies there are, a description cannot say
        case.call_and_validate(excluded_checks=[*excluded, *unknown], headers=headers, timeout=20)

    one()


def test_examples_of_the_description_work(described: str) -> None:
    with httpx.Client(base_url=described) as client:
        told = client.get("/openapi.json").json()
        sent = 0
        for path, operations in told["paths"].items():
            for method, operation in operations.items():
                for kind, told_of in operation.get("requestBody", {}).get("content", {}).items():
                    for body in _examples(told, told_of):
                        content = body.encode() if isinstance(body, str) else orjson.dumps(body)
                        headers = {"Content-Type": kind} | _headers(path, content)
                        answer = client.request(method, path, content=content, headers=headers)
                        assert answer.status_code in {200, 201, 202}, (path, body, answer.text)
                        sent += 1
        assert sent >= 10


def _headers(path: str, body: bytes) -> dict[str, str]:
    """Return the headers that a hook needs."""
    proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {
        "/v1/hooks/github": {
            "X-GitHub-Event": "issues", "X-GitHub-Delivery": "example", "X-Hub-Signature-256": proof,
        },
        "/v1/hooks/gitlab": GITLAB,
    }.get(path, {})  # fmt: skip


def _examples(told: dict[str, object], content: dict[str, object]) -> Iterator[object]:
    if "example" in content:
        yield content["example"]
    schema = content["schema"]
    assert isinstance(schema, dict)
    for reference in schema.get("oneOf", [schema]):
        if "$ref" in reference:
            components = told["components"]
            assert isinstance(components, dict)
            yield from components["schemas"][reference["$ref"].rpartition("/")[2]].get("examples", [])


def test_nothing_of_the_description_comes_from_elsewhere(described: str) -> None:
    page = httpx.get(described).text
    assert "http://" not in page.replace(described, "")
    assert "https://" not in page
