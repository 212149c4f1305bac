"""Parquet in and out of /v1/score and of jobs."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier.pipeline import Classifier
from classifier.tables import Options, score_file
from service.app import create_app
from service.jobs.worker import Worker
from service.settings import Settings
from tests.service.conftest import Serve

KIND = "application/vnd.apache.parquet"
TABLE = pa.table(
    {
        "id": [1, 2, 3],
        "description": ["Define SLOs, run blameless postmortems", "We seek a cook", None],
        "when": [dt.datetime(2026, 1, 2), None, dt.datetime(2026, 1, 3)],
        "share": [0.5, float("nan"), float("inf")],
        "tags": [["a", "b"], [], None],
        "raw": [b"\xff", None, b""],
    }
)


def packed(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def test_a_file_comes_back_as_the_command_line_writes_it(
    client: httpx.Client, classifier: Classifier, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    source.write_bytes(packed(TABLE))
    answer = classifier.answer_columns
    score_file(Options(source=str(source), target=str(target)), answer, signature="", say=lambda line: None)
    response = client.post("/v1/score", content=source.read_bytes(), headers={"Content-Type": KIND})
    assert response.status_code == 200
    assert response.headers["content-type"] == KIND
    assert response.headers["content-disposition"] == 'attachment; filename="scored.parquet"'
    assert response.content == target.read_bytes()
    found = pq.read_table(io.BytesIO(response.content))
    assert found.select(TABLE.column_names).schema.types == pq.read_schema(source).types
    assert found["role"].to_pylist()[0] == classifier.classify(TABLE["description"][0].as_py()).role


@pytest.mark.parametrize("name", ["ads.parquet", "ads.pq", "ads.parquet.gz", "ads"])
def test_it_may_be_the_file_of_a_form_and_is_known_by_its_content(client: httpx.Client, name: str) -> None:
    body = packed(TABLE)
    body = gzip.compress(body) if name.endswith(".gz") else body
    response = client.post("/v1/score", files={"file": (name, body, "application/octet-stream")})
    assert response.headers["content-type"] == KIND
    assert pq.read_table(io.BytesIO(response.content)).num_rows == 3


def test_one_format_goes_in_and_another_comes_out(client: httpx.Client) -> None:
    body = packed(TABLE.select(["id", "description"]))
    csv = client.post("/v1/score?to=csv", content=body, headers={"Content-Type": KIND})
    assert csv.text.splitlines()[1].startswith('"1","Define SLOs, run blameless postmortems",')
    back = client.post("/v1/score?to=parquet", content=b"text\nDefine SLOs\n", headers={"Content-Type": "text/csv"})
    assert pq.read_table(io.BytesIO(back.content)).column_names[:2] == ["text", "role"]


@pytest.mark.parametrize("path", ["/v1/score", "/v1/jobs"])
def test_a_damaged_file_is_refused(client: httpx.Client, path: str) -> None:
    for body in (packed(TABLE)[:-20], b"PAR1", b"PAR1 and then something else PAR1"):
        response = client.post(path, content=body, headers={"Content-Type": KIND})
        assert response.status_code == 400, response.text
        assert "Parquet" in response.json()["detail"]


def test_what_is_called_parquet_and_is_not_is_refused(client: httpx.Client) -> None:
    refused = client.post("/v1/score", content=b"a,b\n1,2\n", headers={"Content-Type": KIND})
    assert refused.status_code == 400
    assert "must be a Parquet file" in refused.json()["detail"]
    called = client.post("/v1/score", content=packed(TABLE), headers={"Content-Type": "text/csv"})
    assert called.status_code == 400
    assert "the parameter format parquet" in called.json()["detail"]


def test_columns_that_are_large_when_unpacked_are_refused(serve: Serve, classifier: Classifier) -> None:
    body = packed(pa.table({"n": range(5000), "text": 5000 * ["word " * 200_000]}))
    assert len(body) < 100_000  # one text of 1 MB, referred to by 5000 rows
    with httpx.Client(base_url=serve(create_app(Settings(max_unpacked=1_000_000), classifier))) as client:
        refused = client.post("/v1/score", content=body, headers={"Content-Type": KIND})
        assert refused.status_code == 413
        assert "unpacked" in refused.json()["detail"]


def test_a_job_takes_it_and_shows_its_rows(serve: Serve, classifier: Classifier, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    app = create_app(settings, classifier)
    with httpx.Client(base_url=serve(app), timeout=20) as client:
        path = client.post("/v1/jobs", content=packed(TABLE), headers={"Content-Type": KIND}).headers["location"]
        assert Worker(settings, app.state.service.database, classifier).one()
        result = client.get(f"{path}/result")
        assert result.headers["content-type"] == KIND
        assert pq.read_table(io.BytesIO(result.content)).num_rows == 3
        rows = client.get(f"{path}/rows").json()["rows"]
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert [row["share"] for row in rows] == [0.5, "nan", "inf"]
    assert rows[0]["when"] == "2026-01-02 00:00:00"
    assert rows[0]["tags"] == '["a", "b"]'
    assert rows[2]["reason"] == "empty"
