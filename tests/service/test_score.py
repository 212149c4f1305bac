"""POST /v1/score: a table goes in and the same rows come back answered, as the command line does it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from classifier.pipeline import Classifier
from classifier.tables import Options, score_file
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import Serve

ROWS = [
    ("1", "SRE", "Define SLOs, run blameless postmortems"),
    ("2", "", 'quoted "words",\nand a new line'),
    ("3", "Cook", "Prepare meals \U0001f35c"),
    ("4", "", ""),
]
NO_FILE = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
CSV = {"Content-Type": "text/csv"}


def table(rows: Sequence[tuple[str, ...]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("id", "title", "description"), *rows])
    return out.getvalue().encode()


def read(body: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline=""), delimiter=delimiter))


def test_a_csv_comes_back_as_the_command_line_writes_it(
    client: httpx.Client, classifier: Classifier, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(table(ROWS))
    answer = classifier.answer_columns
    score_file(Options(source=str(source), target=str(target)), answer, signature="", say=lambda line: None)
    response = client.post("/v1/score", content=source.read_bytes(), headers=CSV)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content == target.read_bytes()
    rows = read(response.content)
    assert [(row["id"], row["title"], row["description"]) for row in rows] == ROWS
    assert rows[0]["role"] == classifier.classify(ROWS[0][2], title="SRE").role
    assert rows[3]["reason"] == "empty"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", [False, True])
def test_a_table_may_be_packed_and_may_be_a_file_of_a_form(client: httpx.Client, packed: bool, form: bool) -> None:
    plain = client.post("/v1/score", content=table(ROWS), headers=CSV).content
    body = gzip.compress(table(ROWS)) if packed else table(ROWS)
    if form:
        name = "ads.csv.gz" if packed else "ads.csv"
        response = client.post("/v1/score", files={"file": (name, body, "application/octet-stream")})
    else:
        headers = CSV | ({"Content-Encoding": "gzip"} if packed else {})
        response = client.post("/v1/score", content=body, headers=headers)
    assert response.status_code == 200
    assert response.content == plain


def test_other_formats_and_columns(client: httpx.Client) -> None:
    lines = b"".join(json.dumps({"n": row[0], "words": row[2]}).encode() + b"\n" for row in ROWS)
    kind = {"Content-Type": "application/x-ndjson"}
    response = client.post("/v1/score?text_column=words", content=lines, headers=kind)
    rows = [json.loads(line) for line in response.content.splitlines()]
    assert [(row["n"], row["words"]) for row in rows] == [(row[0], row[2]) for row in ROWS]
    assert all(row["error"] == "" for row in rows)
    as_table = client.post("/v1/score?text_column=words&to=tsv", content=lines, headers=kind)
    assert as_table.headers["content-type"].startswith("text/tab-separated-values")
    assert [row["role"] for row in read(as_table.content, "\t")] == [row["role"] for row in rows]
    unnamed = {"Content-Type": "application/octet-stream"}
    told = client.post("/v1/score", content=lines.replace(b'"words":', b'"text":'), headers=unnamed)
    assert [json.loads(line)["role"] for line in told.content.splitlines()] == [row["role"] for row in rows]


def test_a_bad_row_comes_back_with_its_error(client: httpx.Client) -> None:
    body = table(ROWS[:1]) + b"7\r\n" + table(ROWS[2:3]).split(b"\r\n", 1)[1]
    rows = read(client.post("/v1/score", content=body, headers=CSV).content)
    assert len(rows) == 3
    assert "too few fields" in rows[1]["error"]
    assert rows[1]["role"] == ""
    assert rows[2]["error"] == ""


@pytest.mark.parametrize(
    "body, kind, query, status, said",
    [
        (b"", "text/csv", "", 400, "body"),
        (b"a,b\n1,2\n", "text/csv", "", 422, "the parameter text_column"),
        (b"a,b\n1,2\n", "text/csv", "?text_column=c", 422, "a, b"),
        (b"text\nx\n", "text/csv", "?to=pdf", 422, "query/to"),
        (b"text\nx\n", "text/plain", "", 415, "text/csv"),
        (b"%PDF-1.7 \n", "text/csv", "", 400, "PDF"),
        (b"PK\x03\x04abcdefgh", "text/csv", "", 415, "zip"),
        (b"BZh91AY&SYabcdefgh", "text/csv", "", 415, "bzip2"),
        (gzip.compress(b"text\nx\n")[:-6], "text/csv", "", 400, "gzip"),
        (b"\x1f\x8b" + b"\x00" * 50, "text/csv", "", 400, "gzip"),
        (b"nothing of a form", "multipart/form-data; boundary=x", "", 400, "form"),
        (b"nothing of a form", "multipart/form-data", "", 400, "form"),
        (NO_FILE, "multipart/form-data; boundary=x", "", 422, "form"),
    ],
)
def test_what_is_no_table_is_refused(
    client: httpx.Client, body: bytes, kind: str, query: str, status: int, said: str
) -> None:
    response = client.post(f"/v1/score{query}", content=body, headers={"Content-Type": kind})
    assert response.status_code == status, response.text
    assert said in response.text
    assert "/tmp" not in response.text


def test_a_name_that_leads_elsewhere_is_only_a_name(client: httpx.Client) -> None:
    files = {"file": ("../../../etc/passwd.csv", table(ROWS), "text/csv")}
    assert client.post("/v1/score", files=files).status_code == 200


def test_limits_of_size_and_a_bomb(serve: Serve, classifier: Classifier) -> None:
    settings = Settings(max_upload=50_000, max_unpacked=1_000_000)
    with httpx.Client(base_url=serve(create_app(settings, classifier))) as client:
        bomb = gzip.compress(b"text\n" + b"x" * 30_000_000)
        assert len(bomb) < 50_000
        refused = client.post("/v1/score", content=bomb, headers=CSV)
        assert refused.status_code == 413
        assert "unpacked" in refused.json()["detail"]
        assert client.post("/v1/score", content=b"a" * 60_000, headers=CSV).status_code == 413


def test_the_answer_streams_and_a_leaving_client_frees_its_place(serve: Serve, classifier: Classifier) -> None:
    settings = Settings(max_tables=1)
    body = table([("1", "", "Define SLOs and run postmortems. " * 30)] * 20_000)
    with httpx.Client(base_url=serve(create_app(settings, classifier)), timeout=20) as client:
        with client.stream("POST", "/v1/score", content=body, headers=CSV) as response:
            pieces: Iterator[bytes] = response.iter_raw()
            assert next(pieces).startswith(b"id,title,description,role")
            with httpx.Client(base_url=client.base_url) as other:
                busy = other.post("/v1/score", content=table(ROWS), headers=CSV)
                assert busy.status_code == 503
                assert busy.headers["retry-after"] == "5"
                assert other.post("/v1/classify", json={"text": "a"}).status_code == 200
        until = time.monotonic() + 10
        while (again := client.post("/v1/score", content=table(ROWS), headers=CSV)).status_code == 503:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert again.status_code == 200
    assert threading.active_count() < 50
