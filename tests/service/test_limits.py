"""Limits that are counted in Redis: shared by processes, and let be while it is away."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest

from classifier import UsageError
from classifier.pipeline import Classifier
from service import limits
from service.app import create_app
from service.keys import create_key
from service.limits import Limits
from service.problems import Problem
from service.settings import Settings
from service.store.database import Database
from tests.service.conftest import RedisServer, Serve

SRE = {"text": "Define SLOs and run postmortems."}
TABLE = b"text\n" + b"Define SLOs.\n" * 4


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", rate="6/minute", quota="20/day", limits_storage=redis_server.url)


def test_two_workers_share_the_limits(serve: Serve, classifier: Classifier, settings: Settings) -> None:
    with (
        httpx.Client(base_url=serve(create_app(settings, classifier))) as one,
        httpx.Client(base_url=serve(create_app(settings, classifier))) as two,
    ):
        assert two.post("/v1/classify", json={"texts": ["a"] * 9}).status_code == 200
        assert one.post("/v1/jobs", content=TABLE, headers={"Content-Type": "text/csv"}).status_code == 202
        over = two.post("/v1/classify", json={"texts": ["a"] * 8})
        assert over.status_code == 429
        assert "20 per 1 day are allowed, and 7 are left; got 8" in over.json()["detail"]
        assert one.post("/v1/classify", json={"texts": ["a"] * 7}).status_code == 200
        assert two.post("/v1/score", content=TABLE, headers={"Content-Type": "text/csv"}).status_code == 429
        assert one.post("/v1/classify", json={"texts": []}).status_code == 200  # the sixth request
        last = two.post("/v1/classify", json={"texts": []})
        assert last.status_code == 429
        assert "6 per 1 minute" in last.json()["detail"]


def test_each_key_has_limits_of_its_own(serve: Serve, classifier: Classifier, settings: Settings) -> None:
    database = Database(settings.database_url)
    database.upgrade()
    first, second = ({"Authorization": f"Bearer {create_key(database, name)[1]}"} for name in ("a", "b"))
    database.close()
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        assert client.post("/v1/classify", json={"texts": ["a"] * 20}, headers=first).status_code == 200
        assert client.post("/v1/classify", json=SRE, headers=first).status_code == 429
        assert client.post("/v1/classify", json=SRE, headers=second).status_code == 200


def test_requests_are_heard_while_redis_is_away(
    serve: Serve,
    classifier: Classifier,
    settings: Settings,
    redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is said once, not for each request."""
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        assert client.post("/v1/classify", json={"texts": ["a"] * 21}).status_code == 429
        redis_server.stop()
        for _ in range(10):
            assert client.post("/v1/classify", json={"texts": ["a"] * 15}).status_code == 200
        headers = {"Content-Type": "text/csv"}
        assert client.post("/v1/jobs", content=TABLE, headers=headers).status_code == 202
        assert client.post("/v1/score", content=TABLE, headers=headers).status_code == 200
    assert [record.levelname for record in caplog.records if record.name == "rolecall.limits"] == ["ERROR"]
    assert "limits are not counted" in caplog.text


def test_requests_are_counted_when_redis_is_back(
    serve: Serve,
    classifier: Classifier,
    settings: Settings,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(limits, "AGAIN", 0.0)
    caplog.set_level(logging.INFO, "rolecall.limits")
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        redis_server.stop()
        assert client.post("/v1/classify", json={"texts": ["a"] * 15}).status_code == 200
        redis_server.start()
        assert client.post("/v1/classify", json={"texts": ["a"] * 15}).status_code == 200
        assert client.post("/v1/classify", json={"texts": ["a"] * 15}).status_code == 429
    assert "limits are counted again" in caplog.text


def test_a_redis_that_cannot_be_reached_stops_no_start_and_no_request(
    serve: Serve, classifier: Classifier, redis_server: RedisServer, settings: Settings
) -> None:
    redis_server.stop()
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        assert client.post("/v1/classify", json=SRE).status_code == 200


def test_a_limit_is_kept_to_the_text_where_many_ask_at_once(settings: Settings) -> None:
    async def all_at_once() -> int:
        several = [Limits(settings) for _ in range(3)]
        asked = [each.count_texts("someone", 3) for each in several for _ in range(10)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for each in several:
            await each.close()
        assert all(answer is None or isinstance(answer, Problem) for answer in answers)
        return answers.count(None)

    assert asyncio.run(all_at_once()) == 6  # of 20 texts, 18


@pytest.mark.parametrize("url", ["redis://:wombat@nowhere:high", "wombat://:wombat@nowhere"])
def test_a_wrong_url_is_one_line_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match=r"ROLECALL_LIMITS_STORAGE: must be memory:// or such as redis://") as caught:
        Limits(Settings(limits_storage=url))
    assert ":wombat" not in str(caught.value)
