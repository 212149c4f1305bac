"""A reader that stops reading: exit code 141 and not a word, whatever was being printed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from classifier.cli.app import main
from tests.cli.conftest import ROOT
from tests.test_docs import COMMANDS

ADS, TICKETS = ROOT / "examples" / "ads.csv", ROOT / "examples" / "tickets.csv"
LINES = [
    "--help",
    "--version",
    "classify --help",
    "classify 'Define SLOs.'",
    "classify --explain 'Define SLOs and run blameless postmortems.'",
    "classify --json 'Define SLOs.'",
    f"score {ADS} -o -",
    f"score {ADS} -o - --to jsonl --explain",
    f"score {ADS} -o out.csv --json",
    "train --name mine",
    f"evaluate {ADS}",
    f"evaluate {ADS} --json",
    f"tune {ADS} --label-column label --target-precision 0.2",
    "models",
    "models show default",
    "models show default --card",
    f"models diff default default {ADS}",
    "models use default",
    "models remove default",
    "corpus",
    "corpus check --corpus corpus",
    "corpus check --corpus corpus --json",
    "corpus show sre-2",
    f"corpus count {ADS} --corpus corpus --label-column label",
    "keys create ci",
    "keys list",
    "keys revoke {key}",
]
"""Commands that print; beside them there is only ``serve``."""


@contextmanager
def closed() -> Iterator[IO[str]]:
    """A pipe whose reader is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield stream


def test_every_command_is_tried() -> None:
    tried = {" ".join(line.split()[:size]) for line in LINES for size in (1, 2)}
    assert {" ".join(path) for path in COMMANDS} - {"keys", "serve"} <= tried


@pytest.mark.usefixtures("model_folder", "untrained", "folder")
@pytest.mark.parametrize("line", LINES)
def test_a_closed_pipe_is_exit_141(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_DATA", str(tmp_path / "data"))
    if "{key}" in line:
        from service import keys
        from service.settings import read_settings

        database = keys.open_database(read_settings())
        line = line.format(key=keys.create_key(database, "a")[0].id)
        database.close()
    with closed() as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(shlex.split(line)) == 141
    assert "Broken pipe" not in capsys.readouterr().err


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("line", ["classify --explain 'Define SLOs.'", "models", f"score {ADS} -o -", "nothing"])
def test_the_process_ends_so_too(line: str, both: bool, model_folder: Path) -> None:
    """Where standard error goes down the same pipe as well; wrong use says nothing on standard output."""
    with closed() as stream:
        done = subprocess.run(
            [sys.executable, "-m", "classifier", *shlex.split(line)], stdout=stream,
            stderr=stream if both else subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT), "ROLECALL_MODELS": str(model_folder)},
        )  # fmt: skip
    assert done.returncode == (2 if line == "nothing" and not both else 141)
    for trace in (b"Traceback", b"Broken pipe", b"Exception ignored"):
        assert trace not in (done.stderr or b"")


def test_a_reader_that_stops_in_the_middle_is_no_error(model_folder: Path, tmp_path: Path) -> None:
    rows = "text\n" + "Define SLOs and error budgets for the payment API\n" * 200_000
    (tmp_path / "in.csv").write_text(rows)
    process = subprocess.Popen(
        [sys.executable, "-m", "classifier", "score", "in.csv", "-o", "-"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "ROLECALL_MODELS": str(model_folder)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"text,")
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read().decode()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "Broken pipe" not in err
    process.stderr.close()
