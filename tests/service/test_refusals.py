"""Bad requests get a 4xx problem that says what, where, allowed, got; never a 500."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

JSON = {"Content-Type": "application/json"}
BODIES = [
    (b"", 400, "body"),
    (b"{", 400, "body"),
    (b"[" * 10_000 + b"]" * 10_000, 400, "body"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "body"),
    (b'{"text": NaN}', 400, "body"),
    (b'{"text": 1e999}', (400, 422), ""),
    (b'{"text": "\\ud800"}', 400, "body"),
    (b'{"text": "\xff\xfe"}', 400, "body"),
    (b'\xef\xbb\xbf{"text": "a"}', 400, "body"),
    (b'{"text": ' + b"9" * 5000 + b"}", (400, 422), ""),
    (b"null", 422, "body"),
    (b"[]", 422, "body"),
    (b"{}", 422, "text"),
    (b'{"text": null}', 422, "text"),
    (b'{"text": 1}', 422, "text"),
    (b'{"text": ["a"]}', 422, "text"),
    (b'{"text": "a", "title": 5}', 422, "title"),
    (b'{"text": "a", "colour": "red"}', 422, "colour"),
    (b'{"text": "a", "texts": ["b"]}', 422, "text"),
    (b'{"texts": "a"}', 422, "texts"),
    (b'{"texts": ["a", 5]}', 422, "texts/1"),
    (b'{"texts": [{"title": "a"}]}', 422, "texts/0/text"),
    (b'{"texts": [{"text": "a", "id": 1.5}]}', 422, "texts/0/id"),
    (b'{"texts": [{"text": "a", "id": true}]}', 422, "texts/0/id"),
    (json.dumps({"texts": ["a"] * 21}).encode(), 422, "texts"),
    (json.dumps({"text": "a" * 10_001}).encode(), 422, "text"),
    (json.dumps({"texts": ["a", {"text": "a", "title": "b" * 10_001}]}).encode(), 422, "texts/1/title"),
    (json.dumps({"text": "a" * 200_000}).encode(), 413, "body"),
]


@pytest.mark.parametrize("body, status, where", BODIES)
def test_a_bad_body_is_refused(client: httpx.Client, body: bytes, status: int | tuple[int, ...], where: str) -> None:
    answer = client.post("/v1/classify", content=body, headers=JSON)
    assert answer.status_code in (status if isinstance(status, tuple) else (status,))
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    fault = problem["errors"][0]
    assert where in {"", fault["where"]}
    assert fault["allowed"]
    assert fault["got"]


def test_a_refusal_reads_as_a_sentence(client: httpx.Client) -> None:
    problem = client.post("/v1/classify", json={"texts": ["a", {"text": 5, "titel": "x"}]}).json()
    assert problem["detail"] == "texts/1/text: must be a string, got the number 5"
    assert problem["errors"][1] == {
        "where": "texts/1/titel",
        "allowed": "left out: there is no such field here",
        "got": "a string of 1 characters",
    }


def test_a_refusal_never_quotes_a_text(client: httpx.Client) -> None:
    for body in ({"texts": "secret words"}, {"text": ["secret words"]}, {"text": "a", "more": {"secret words": 1}}):
        assert "secret" not in client.post("/v1/classify", json=body).text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_type_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post("/v1/classify", content=b'{"text": "a"}', headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 415


def test_a_packed_body_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/classify", content=b"x", headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_long_body_without_a_length_is_cut_off(client: httpx.Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"text": "'
        for _ in range(16_384):  # 1 GB in all
            sent += 65_536
            yield b"a" * 65_536

    try:
        answer = client.post("/v1/classify", content=endless(), headers=JSON)
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # the server closed the connection: as good
    assert sent < 100 << 20


def test_a_slow_client_is_let_go_and_others_go_on(address: str, client: httpx.Client) -> None:
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as slow:
        slow.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n")
        slow.sendall(b"Content-Type: application/json\r\n\r\n{")
        assert client.post("/v1/classify", json={"text": "a"}).status_code == 200
        began = time.monotonic()
        assert slow.recv(200).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/nothing", 404), ("GET", "/v1/classify", 405), ("DELETE", "/v1/roles", 405), ("GET", "/..%2fx", 404)],
)
def test_what_is_not_there(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["title"]
    assert (status == 405) == ("allow" in answer.headers)


def test_a_foreign_host_name_is_refused(client: httpx.Client) -> None:
    assert client.get("/v1/roles", headers={"Host": "rebound.example"}).status_code == 421


def test_a_page_of_another_site_is_refused(client: httpx.Client) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = client.post("/v1/classify", json={"text": "a"}, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in client.get("/v1/roles", headers=headers).headers
