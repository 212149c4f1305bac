"""POST /v1/feedback and its export, on both databases."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from classifier.pipeline import Classifier
from service.app import create_app
from service.settings import Settings
from service.store.database import Database
from tests.service.conftest import Serve


@pytest.fixture
def client(
    serve: Serve, database_url: str, tmp_path: Path, classifier: Classifier, database: Database
) -> Iterator[httpx.Client]:
    settings = Settings(database=database_url, data=tmp_path / "data")
    with httpx.Client(base_url=serve(create_app(settings, classifier)), timeout=20) as found:
        yield found


def test_feedback_is_kept_once_and_exported_for_training(
    serve: Serve, database: Database, database_url: str, classifier: Classifier
) -> None:
    settings = Settings(database=database_url, keep_texts_days=3)
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        said = {"proposed": "devops", "final": "sre", "text": 'A, "text"\nof\x00two lines', "who": "ana"}
        once = {"Idempotency-Key": "f1"}
        first = client.post("/v1/feedback", json=said, headers=once)
        assert first.status_code == 201
        assert first.json()["text_kept"] is True
        assert client.post("/v1/feedback", json=said, headers=once).json() == first.json()
        assert client.post("/v1/feedback", json=said | {"final": "none"}, headers=once).status_code == 409
        client.post("/v1/feedback", json={"proposed": "unsure", "final": "none"})
        rows = list(csv.DictReader(io.StringIO(client.get("/v1/feedback/export").text, newline="")))
        assert [(row["text"], row["role"]) for row in rows] == [('A, "text"\nof two lines', "sre")]
        assert client.get("/v1/feedback/export?without_texts=true").text.count("unsure") == 1


def test_texts_of_feedback_are_not_kept_unless_said(client: httpx.Client) -> None:
    answer = client.post("/v1/feedback", json={"proposed": "sre", "final": "none", "text": "wombat"})
    assert answer.json()["text_kept"] is False
    assert "wombat" not in client.get("/v1/feedback/export?without_texts=true").text


@pytest.mark.parametrize(
    "sent, where",
    [
        ({"proposed": "sre"}, "final"),
        ({"proposed": "sre", "final": "unsure"}, "final"),
        ({"proposed": "boss", "final": "sre"}, "proposed"),
        ({"proposed": "sre", "final": "sre", "who": "a" * 201}, "who"),
        ({"proposed": "sre", "final": "sre", "who": "a\x00"}, "who"),
        ({"proposed": "sre", "final": "sre", "more": 1}, "more"),
        ([], "body"),
    ],
)
def test_wrong_feedback_is_refused(client: httpx.Client, sent: object, where: str) -> None:
    answer = client.post("/v1/feedback", json=sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == where
