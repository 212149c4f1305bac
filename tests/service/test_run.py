"""``rolecall serve`` as its own processes: start, signals, kill -9, several workers."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import serving
from tests.service.trackers import GITHUB_TOKEN, Issue, Trackers, trackers_app

ROOT = Path(__file__).resolve().parents[2]
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def environment(tmp_path: Path, saved: Path) -> dict[str, str]:
    ours = {"ROLECALL_DATA": str(tmp_path / "data"), "ROLECALL_MODELS": str(saved), "PYTHONPATH": str(ROOT)}
    return dict(os.environ) | ours


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _served(
    environment: dict[str, str], log: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Run ``rolecall serve`` until it is ready; stop it at the end."""
    port = _free_port()
    line = [sys.executable, "-m", "classifier", "serve", "--port", str(port), *options]
    with log.open("ab") as out:
        process = subprocess.Popen(line, env=environment, stderr=out, start_new_session=True)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        try:
            _until_ready(process, client, log)
            yield process, client
        finally:
            process.terminate()
            process.wait(20)


def _until_ready(process: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_kill_9_of_the_server_loses_nothing_and_sigterm_ends_it(environment: dict[str, str], tmp_path: Path) -> None:
    log, rows = tmp_path / "log", 60_000
    line = "Define SLOs, run blameless postmortems and carry the pager. " * 4
    table = "id,description\n" + "".join(f"{number},{line}\n" for number in range(rows))
    with _served(environment, log) as (process, client):
        path = client.post("/v1/jobs", content=table.encode(), headers=CSV).headers["location"]
        while client.get(path).json()["rows"] == 0:
            time.sleep(0.05)
        process.kill()
        process.wait()
    with _served(environment, log) as (process, client):
        until = time.monotonic() + 60
        while (job := client.get(path).json())["state"] in {"queued", "running"}:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert job["state"] == "done"
        result = client.get(job["result"]).text
        assert [int(row["id"]) for row in csv.DictReader(io.StringIO(result))] == list(range(rows))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "Define" not in log.read_text()
    until = time.monotonic() + 5
    while left := _processes_of(str(tmp_path)):
        assert time.monotonic() < until, left
        time.sleep(0.1)


def test_two_workers_answer_and_count_together(environment: dict[str, str], tmp_path: Path) -> None:
    quiet = environment | {"ROLECALL_JOB_WORKERS": "0"}
    with _served(quiet, tmp_path / "log", "--workers", "2") as (_, client):
        for _ in range(20):
            with httpx.Client(base_url=client.base_url) as fresh:  # a fresh connection may reach either process
                assert fresh.post("/v1/classify", json={"text": "Define SLOs."}).status_code == 200
        counted = [row for row in client.get("/metrics").text.splitlines() if row.startswith("rolecall_texts_total")]
        assert counted == ['rolecall_texts_total{way="classify"} 20.0']


def test_kill_9_between_an_issue_and_its_label_loses_no_label(environment: dict[str, str], tmp_path: Path) -> None:
    held = Trackers({("octo-org/shop", 7): Issue()}, delay=0.4)
    with serving(trackers_app(held)) as api:
        hooked = environment | {
            "ROLECALL_GITHUB_SECRET": "secret", "ROLECALL_GITHUB_TOKEN": GITHUB_TOKEN, "ROLECALL_GITHUB_API": api,
            "ROLECALL_HOOKS_DRY_RUN": "false", "ROLECALL_HOOKS_SECONDS": "0.5", "ROLECALL_JOB_WORKERS": "0",
        }  # fmt: skip
        body = (Path(__file__).parent / "payloads" / "github_opened.json").read_bytes()
        proof = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-1",
            "X-Hub-Signature-256": f"sha256={proof}",
        }  # fmt: skip
        with _served(hooked, tmp_path / "log") as (process, client):
            assert client.post("/v1/hooks/github", content=body, headers=headers).status_code == 202
            while not held.asked:
                time.sleep(0.01)
            process.kill()
            process.wait()
        assert held.changes == []
        held.delay = 0.0
        with _served(hooked, tmp_path / "log") as (_, client):
            until = time.monotonic() + 30
            while client.get("/v1/hooks/deliveries").json()["deliveries"][0]["outcome"] != "labelled":
                assert time.monotonic() < until
                time.sleep(0.1)
            assert client.post("/v1/hooks/github", content=body, headers=headers).json()["repeated"] is True
        assert held.github["octo-org/shop", 7].labels == ["role: sre"]
        assert len(held.changes) == 1


def test_it_does_not_start_for_others_without_keys(environment: dict[str, str]) -> None:
    line = [sys.executable, "-m", "classifier", "serve", "--host", "0.0.0.0", "--port", "1"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "rolecall keys create" in done.stderr


def _processes_of(word: str) -> list[str]:
    """Return the processes whose environment names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if word.encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(path.parent.name)
        except OSError:
            continue
    return found
