"""Jobs and feedback on both databases: progress, idempotency, cancel, delete, kill -9, restarts."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from classifier import UsageError, artefact
from classifier.pipeline import Classifier
from classifier.training.train import Trained
from service import keys
from service.app import create_app
from service.jobs import queue
from service.jobs import worker as workers
from service.jobs.files import IN, OUT, folder_of, tidy
from service.jobs.worker import Worker
from service.settings import Settings
from service.store.database import Database, fresh_id, now
from service.store.tables import JobRow
from tests.service.conftest import Serve

KILLS = 3
CSV = {"Content-Type": "text/csv"}
TABLE = b"id,description\n" + b"".join(b"%d,Define SLOs and run postmortems %d\n" % (n, n) for n in range(50))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database=database_url, data=tmp_path / "data")


@pytest.fixture
def worker(settings: Settings, database: Database, classifier: Classifier) -> Worker:
    return Worker(settings, database, classifier)


@pytest.fixture
def client(serve: Serve, settings: Settings, classifier: Classifier, database: Database) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=serve(create_app(settings, classifier)), timeout=20) as found:
        yield found


def test_a_job_is_done_and_its_result_is_that_of_score(client: httpx.Client, worker: Worker) -> None:
    created = client.post("/v1/jobs", content=TABLE, headers=CSV)
    assert created.status_code == 202
    job = created.json()
    path = created.headers["location"]
    assert (job["state"], job["progress"], job["rows"]) == ("queued", 0, 0)
    assert client.get(f"{path}/result").status_code == 409
    assert worker.one()
    assert not worker.one()
    job = client.get(path).json()
    assert (job["state"], job["progress"], job["rows"]) == ("done", 1, 50)
    assert job["summary"]["rows"] == 50
    assert sum(job["summary"]["roles"].values()) == 50
    result = client.get(job["result"])
    assert result.headers["content-disposition"] == 'attachment; filename="scored.csv"'
    assert result.content == client.post("/v1/score", content=TABLE, headers=CSV).content
    role = max(job["summary"]["roles"], key=job["summary"]["roles"].__getitem__)
    rows = client.get(f"{path}/rows", params={"role": role, "limit": 3}).json()["rows"]
    assert [row["role"] for row in rows] == [role] * min(3, job["summary"]["roles"][role])
    assert [found["id"] for found in client.get("/v1/jobs").json()["jobs"]] == [job["id"]]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert not folder_of(worker.settings, job["id"]).exists()


def test_the_same_request_makes_one_job(client: httpx.Client, worker: Worker) -> None:
    headers = CSV | {"Idempotency-Key": "once"}
    first = client.post("/v1/jobs", content=TABLE, headers=headers).json()
    assert client.post("/v1/jobs", content=TABLE, headers=headers).json()["id"] == first["id"]
    other = client.post("/v1/jobs", content=TABLE + b"51,x\n", headers=headers)
    assert other.status_code == 409
    assert "Idempotency-Key" in other.json()["detail"]
    assert len(client.get("/v1/jobs").json()["jobs"]) == 1
    assert [path.name for path in (worker.settings.data_folder / "jobs").iterdir()] == [first["id"]]


def test_a_table_that_cannot_be_scored_makes_a_failed_job(client: httpx.Client, worker: Worker) -> None:
    path = client.post("/v1/jobs", content=b"a,b\n1,2\n", headers=CSV).headers["location"]
    worker.one()
    job = client.get(path).json()
    assert job["state"] == "failed"
    assert "the parameter text_column" in job["problem"]
    assert str(worker.settings.data_folder) not in job["problem"]


def test_a_job_that_waits_is_cancelled_and_one_too_many_is_refused(client: httpx.Client, worker: Worker) -> None:
    path = client.post("/v1/jobs", content=TABLE, headers=CSV).headers["location"]
    assert client.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert not worker.one()
    assert client.post(f"{path}/cancel").json()["state"] == "cancelled"


def test_a_job_that_runs_is_cancelled(client: httpx.Client, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "BEAT", 0.02)
    path = client.post("/v1/jobs", content=_long(200_000), headers=CSV).headers["location"]

    def cancelling(*given: Any, **named: Any) -> queue.Heard:
        client.post(f"{path}/cancel")
        assert client.delete(path).status_code == 409
        return queue_renew(*given, **named)

    queue_renew = queue.renew
    monkeypatch.setattr(queue, "renew", cancelling)
    worker.one()
    assert client.get(path).json()["state"] == "cancelled"


def test_jobs_belong_to_their_key(client: httpx.Client, database: Database) -> None:
    headers = [{"Authorization": f"Bearer {keys.create_key(database, n, ['jobs'])[1]}"} for n in ("a", "b")]
    path = client.post("/v1/jobs", content=TABLE, headers=CSV | headers[0]).headers["location"]
    assert client.get(path, headers=headers[0]).status_code == 200
    for method, place in [("GET", path), ("DELETE", path), ("POST", f"{path}/cancel"), ("GET", f"{path}/result")]:
        assert client.request(method, place, headers=headers[1]).status_code == 404
    assert client.get("/v1/jobs", headers=headers[1]).json() == {"jobs": []}


def test_the_rows_of_jobs_count_towards_the_quota(
    serve: Serve, settings: Settings, database: Database, classifier: Classifier
) -> None:
    """Once each, all before the job is accepted; what is over the quota leaves nothing behind."""
    keyed = [{"Authorization": f"Bearer {keys.create_key(database, n, ['jobs', 'classify'])[1]}"} for n in ("a", "b")]
    limited = settings.model_copy(update={"quota": "120/day", "max_jobs": 2})
    with httpx.Client(base_url=serve(create_app(limited, classifier)), timeout=20) as client:

        def post(table: bytes, key: str, who: int = 0) -> httpx.Response:
            return client.post("/v1/jobs", content=table, headers=CSV | keyed[who] | {"Idempotency-Key": key})

        assert post(TABLE, "1").status_code == 202
        assert post(TABLE, "1").status_code == 202  # the same request again takes nothing
        over = post(TABLE + TABLE.partition(b"\n")[2], "2")
        assert over.status_code == 429
        assert "120 per 1 day are allowed, and 70 are left; got 100" in over.json()["detail"]
        assert int(over.headers["retry-after"]) == 21_600  # 30 of 120 texts too many: a quarter of a day
        assert len(client.get("/v1/jobs", headers=keyed[0]).json()["jobs"]) == 1
        assert len(list((settings.data_folder / "jobs").iterdir())) == 1
        jsonl = b'{"text": "a"}\n\n' * 20
        headers = {"Content-Type": "application/jsonl"} | keyed[0]
        assert client.post("/v1/jobs", content=jsonl, headers=headers).status_code == 202
        full = post(TABLE, "3")  # two jobs wait, which is said before rows are taken off
        assert "jobs of yours are waiting" in full.json()["detail"]
        texts = {"texts": ["a"] * 20}
        assert client.post("/v1/classify", json=texts, headers=keyed[0]).status_code == 200
        assert client.post("/v1/classify", json=texts, headers=keyed[0]).status_code == 200
        left = client.post("/v1/classify", json=texts, headers=keyed[0])
        assert "and 10 are left; got 20" in left.json()["detail"]
        assert post(TABLE, "1", who=1).status_code == 202  # another key has a quota of its own


def test_a_table_that_cannot_be_counted_fails_as_a_job_and_costs_nothing(
    serve: Serve, settings: Settings, worker: Worker, classifier: Classifier
) -> None:
    limited = settings.model_copy(update={"quota": "10/day"})
    with httpx.Client(base_url=serve(create_app(limited, classifier)), timeout=20) as client:
        path = client.post("/v1/jobs", content=b"\xff\xfe\x00\xd8" * 9, headers=CSV).headers["location"]
        worker.one()
        assert client.get(path).json()["state"] == "failed"
        assert client.post("/v1/classify", json={"texts": ["a"] * 10}).status_code == 200


@pytest.mark.parametrize("job_id", ["nothing", "%00", "..%2f..", "x" * 500, "'; DROP TABLE jobs--"])
def test_a_job_that_is_not_there(client: httpx.Client, job_id: str) -> None:
    assert client.get(f"/v1/jobs/{job_id}").status_code == 404
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 404


def _long(rows: int) -> bytes:
    line = b"Define SLOs, run blameless postmortems and carry the pager. " * 4
    return b"id,description\n" + b"".join(b"%d,%s\n" % (number, line) for number in range(rows))


def _row(settings: Settings, table: bytes, **values: Any) -> JobRow:
    job_id = fresh_id()
    folder = folder_of(settings, job_id)
    folder.mkdir(parents=True)
    (folder / IN).write_bytes(table)
    given: dict[str, Any] = {
        "id": job_id, "owner": "", "state": queue.QUEUED, "created": now(), "model": "", "input_bytes": len(table),
        "options": {"source_format": "csv", "target_format": "csv"}, "input_hash": "", "rows": 0, "passed": 0,
        "total": 0, "problem": "", "attempts": 0, "worker": "", "cancelling": False,
    }  # fmt: skip
    return JobRow(**given | values)


def test_a_lease_that_lapsed_is_taken_over_and_the_old_worker_changes_nothing(
    settings: Settings, database: Database
) -> None:
    row = queue.add(database, _row(settings, TABLE), 5)
    first = queue.take(database, "first", lease=-1)
    assert first is not None
    assert first.id == row.id
    second = queue.take(database, "second", lease=60)
    assert second is not None
    assert queue.take(database, "third", lease=60) is None
    assert queue.renew(database, first, 60, 1, 1, 1) == "lost"
    assert not queue.change(database, first, state=queue.DONE)
    assert queue.renew(database, second, 60, 1, 1, 1) == "go on"
    assert queue.change(database, second, state=queue.DONE)


def test_a_job_that_never_gets_further_fails(settings: Settings, database: Database) -> None:
    row = queue.add(database, _row(settings, TABLE, attempts=queue.ATTEMPTS), 5)
    assert queue.take(database, "a", 60) is None
    assert queue.get(database, row.id, None).state == queue.FAILED


def test_old_jobs_and_stray_uploads_go(settings: Settings, database: Database) -> None:
    long_ago = now().replace(year=2020)
    old = queue.add(database, _row(settings, TABLE, state=queue.DONE, finished=long_ago), 5)
    fresh = queue.add(database, _row(settings, TABLE, state=queue.DONE, finished=now()), 5)
    stray = settings.data_folder / "jobs" / fresh_id()
    stray.mkdir()
    os.utime(stray, (0, 0))
    os.utime(folder_of(settings, fresh.id), (0, 0))
    tidy(settings, database)
    assert [path.name for path in (settings.data_folder / "jobs").iterdir()] == [fresh.id]
    assert [job.id for job in queue.listed(database, None, 10)] == [fresh.id]
    assert old.id != fresh.id


def test_a_job_survives_kill_9_with_every_row_once(
    settings: Settings, database: Database, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 60_000
    row = queue.add(database, _row(settings, _long(rows), model=artefact.read_info("default")[0].id), 5)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["service.jobs.worker", "classifier.kernel"])
    monkeypatch.setattr(workers, "LEASE", 0.0)
    for _ in range(KILLS):
        process = context.Process(target=hurried, args=(settings,))
        process.start()
        _wait_for_progress(database, row.id, process, more=True)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    while (job := queue.get(database, row.id, None)).state not in queue.ENDED:
        Worker(settings, database).one()
        time.sleep(0.05)
    assert (job.state, job.rows) == ("done", rows), job.problem
    with (folder_of(settings, row.id) / OUT).open(encoding="utf-8", newline="") as file:
        assert [int(found["id"]) for found in csv.DictReader(file)] == list(range(rows))


def hurried(settings: Settings) -> None:
    """Work with short leases and frequent notes, in a process that will be killed."""
    workers.LEASE, workers.BEAT, workers.NOTE = 0.5, 0.05, 0.01  # type: ignore[misc]  # constants elsewhere
    workers.work(settings, os.getppid())


def _wait_for_progress(database: Database, job_id: str, process: Any, *, more: bool) -> None:
    start, until = queue.get(database, job_id, None).rows, time.monotonic() + 20
    while time.monotonic() < until and process.is_alive():
        job = queue.get(database, job_id, None)
        if job.state == queue.DONE or (more and job.rows > start):
            return
        time.sleep(0.02)
        more = more or job.state == queue.RUNNING


def test_a_worker_that_is_told_to_stop_leaves_the_job_to_go_on(
    settings: Settings, database: Database, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "BEAT", 0.01)
    row = queue.add(database, _row(settings, _long(30_000), model=classifier.info.id), 5)
    first = Worker(settings, database, classifier)
    first.stopping.set()
    first.one()
    job = queue.get(database, row.id, None)
    assert job.state == queue.QUEUED
    Worker(settings, database, classifier).one()
    job = queue.get(database, row.id, None)
    assert (job.state, job.rows) == ("done", 30_000)


def test_a_policy_that_changed_starts_the_table_over(
    settings: Settings, database: Database, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "BEAT", 0.01)
    table = _long(100_000).replace(b"SLOs,", b"SLOs and")
    row = queue.add(database, _row(settings, table, model=classifier.info.id), 5)
    first, renew = Worker(settings, database, classifier), queue.renew

    def stopping(*given: Any) -> queue.Heard:
        if given[3]:  # rows that are written
            first.stopping.set()
        return renew(*given)

    monkeypatch.setattr(queue, "renew", stopping)
    first.one()
    assert list(folder_of(settings, row.id).glob(".*.partial"))
    policy = replace(classifier.policy, min_confidence=(1.01,) * 5)
    Worker(settings, database, replace(classifier, policy=policy)).one()
    job = queue.get(database, row.id, None)
    assert (job.state, job.rows) == ("done", 100_000), job.problem
    assert job.summary is not None
    assert job.summary["roles"]["unsure"] == 100_000


def test_a_model_that_changed_starts_the_table_over(
    settings: Settings, database: Database, worker: Worker, classifier: Classifier
) -> None:
    row = queue.add(database, _row(settings, TABLE, model="another"), 5)
    worker.one()
    job = queue.get(database, row.id, None)
    assert (job.state, job.model) == ("done", classifier.info.id)


def test_a_model_is_switched_without_dropping_a_request(
    serve: Serve, settings: Settings, database: Database, model_folder: Path, trained: Trained
) -> None:
    model, info, policy = trained.model, trained.info, trained.policy
    artefact.save(replace(model, id="another"), replace(info, name="second", id="another"), policy)
    with httpx.Client(base_url=serve(create_app(settings))) as client:
        seen = set()
        for number in range(60):
            answer = client.post("/v1/classify", json={"text": "Define SLOs."})
            assert answer.status_code == 200
            seen.add(answer.json()["model"])
            if number == 20:
                switched = client.post("/v1/models/second/activate")
                assert switched.status_code == 200, switched.text
                assert [found["name"] for found in switched.json()["models"] if found["active"]] == ["second"]
        assert seen == {info.id, "another"}
        assert artefact.current() == "second"
        assert client.post("/v1/models/nothing/activate").status_code == 404
        artefact.switch("default")  # as another process would
        until = time.monotonic() + 10
        while client.get("/readyz").json()["model"] != info.id:
            assert time.monotonic() < until
            time.sleep(0.1)
    with pytest.raises(UsageError):
        artefact.switch("nothing")
