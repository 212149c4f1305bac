"""What an operator sees: metrics, logs without texts, headers, request ids, settings."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import httpx
import pytest

from classifier import UsageError
from classifier.pipeline import Classifier
from service.app import create_app
from service.envelope import HEADERS, PAGE_HEADERS
from service.logs import JsonLines
from service.settings import Settings, read_settings
from tests.service.conftest import Serve, value


def test_metrics_count_what_was_done(client: httpx.Client) -> None:
    before = client.get("/metrics").text
    client.post("/v1/classify", json={"texts": ["Define SLOs, run postmortems and error budgets.", ""]})
    client.post("/v1/score", content=b"text\nx\ny\n", headers={"Content-Type": "text/csv"})
    client.get("/never-heard-of")
    after = client.get("/metrics").text
    for line, more in [
        ('rolecall_requests_total{method="POST",route="/v1/classify",status="200"}', 1),
        ('rolecall_requests_total{method="GET",route="other",status="404"}', 1),
        ('rolecall_texts_total{way="classify"}', 2),
        ('rolecall_texts_total{way="score"}', 2),
        ('rolecall_unsure_total{reason="empty"}', 1),
        ("rolecall_confidence_count", 2),
        ('rolecall_request_seconds_count{route="/v1/classify"}', 1),
    ]:
        assert value(after, line) - value(before, line) == more, line


def test_logs_are_json_with_request_ids_and_never_a_text(serve: Serve, classifier: Classifier) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("rolecall")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        with httpx.Client(base_url=serve(create_app(Settings(), classifier))) as client:
            client.post("/v1/classify", json={"text": "wombat words"}, headers={"X-Request-ID": "abc-1"})
            client.post("/v1/classify", json={"text": ["wombat words"]})
            client.get("/v1/roles?secret=wombat", headers={"X-Request-ID": "not\tan id"})
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert [line["status"] for line in requests] == [200, 422, 200]
    assert requests[0]["request_id"] == "abc-1"
    assert all(len(line["request_id"]) == 32 for line in requests[1:])
    assert "wombat" not in out.getvalue()


def test_a_logged_error_does_not_say_its_message() -> None:
    try:
        raise ValueError("wombat words")
    except ValueError:
        record = logging.LogRecord("a", 40, "f", 1, "it failed", None, sys.exc_info())
    line = JsonLines().format(record)
    assert "wombat" not in line
    assert json.loads(line)["fault"] == "ValueError"


def test_a_fault_of_ours_is_told_without_details(serve: Serve, classifier: Classifier) -> None:
    app = create_app(Settings(), classifier)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("wombat words")

    answer = httpx.get(f"{serve(app)}/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "wombat" not in answer.text


def test_every_answer_has_the_safe_headers(client: httpx.Client) -> None:
    for answer in (client.get("/v1/roles"), client.get("/nothing"), client.post("/v1/classify", content=b"{")):
        for name, wanted in HEADERS.items():
            assert answer.headers[name] == wanted
        assert not PAGE_HEADERS.keys() & answer.headers.keys(), "these mean nothing for data"
        assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_a_page_has_the_headers_of_pages_too(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    for name, wanted in PAGE_HEADERS.items():
        assert answer.headers[name] == wanted
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_settings_come_from_the_environment_and_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("settings") / "rolecall.env"
    file.write_text('ROLECALL_PORT=9001\nROLECALL_MAX_TEXTS=5\nROLECALL_ALLOWED_HOSTS=["a.example"]\n')
    monkeypatch.setenv("ROLECALL_SETTINGS", str(file))
    monkeypatch.setenv("ROLECALL_PORT", "9002")
    settings = read_settings(host=None, workers=2)
    assert (settings.port, settings.max_texts, settings.workers) == (9002, 5, 2)
    assert settings.hosts == {"a.example"}
    for name, text in settings.environment().items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("ROLECALL_SETTINGS")
    assert read_settings() == settings


@pytest.mark.parametrize(
    "name, text, said",
    [("PORT", "high", "ROLECALL_PORT"), ("ALLOWED_HOSTS", "a", "JSON"), ("SETTINGS", "/no/file", "ROLECALL_SETTINGS")],
)
def test_a_wrong_setting_is_one_line(monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str) -> None:
    monkeypatch.setenv(f"ROLECALL_{name}", text)
    with pytest.raises(UsageError, match=said):
        read_settings()


def test_every_setting_and_endpoint_is_documented(classifier: Classifier) -> None:
    docs = Path(__file__).parents[2] / "docs"
    running, http = (docs / "running.md").read_text(), (docs / "http.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"| `{name.upper()}` |" in running
        assert str(field.description).rstrip(".") in running
    for path in create_app(Settings(), classifier).openapi()["paths"]:
        assert path.replace("{job_id}", "{id}") in http, path
