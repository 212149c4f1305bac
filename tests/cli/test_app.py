from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier import __version__
from classifier.cli import app as application
from classifier.cli.app import main
from classifier.errors import CorpusError
from tests.cli.conftest import ROOT, Run


def test_the_version_is_printed(run: Run) -> None:
    done = run("--version")
    assert (done.code, done.out, done.err) == (0, f"rolecall {__version__}\n", "")


def test_without_a_command_the_help_is_printed(run: Run) -> None:
    done = run()
    assert done.code == 0
    assert done.out.startswith("Usage: rolecall")
    for command in ("classify", "score", "train", "evaluate", "models", "corpus", "serve"):
        assert f"\n  {command} " in done.out


def test_python_m_is_the_same(process: Run) -> None:
    done = process("--version")
    assert (done.code, done.out, done.err) == (0, f"rolecall {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--nope"], "rolecall: No such option: --nope. Usage: rolecall --help\n"),
        (["classify", "--zzzz"], "rolecall: No such option: --zzzz. Usage: rolecall classify --help\n"),
        (["models", "use"], "rolecall: Missing argument 'name'. Usage: rolecall models use --help\n"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out, done.err) == (2, "", said)


def test_an_unknown_command_is_one_line_and_exit_2(run: Run) -> None:
    done = run("nope")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "No such command 'nope'" in done.err


def test_an_error_of_ours_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> int:
        raise CorpusError("corpus/x:\n  is broken.\nMend it")

    monkeypatch.setattr(application, "app", broken)
    assert main([]) == 2
    assert capsys.readouterr().err == "rolecall: corpus/x: is broken. Mend it\n"


def test_a_full_disk_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> int:
        raise OSError(28, "No space left on device", "/models/x")

    monkeypatch.setattr(application, "app", full)
    assert main([]) == 2
    assert capsys.readouterr().err == "rolecall: /models/x: No space left on device\n"


@pytest.mark.parametrize("arguments", [["classify"], ["score", "-", "-o", "-"]])
def test_ctrl_c_is_one_line_and_exit_130(model_folder: Path, tmp_path: Path, arguments: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "classifier", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "ROLECALL_MODELS": str(model_folder)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(2.5)  # it waits for its standard input
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().splitlines()[-1] == "rolecall: stopped"
    assert "Traceback" not in err.decode()


def test_a_reader_that_stops_reading_is_no_error(model_folder: Path, tmp_path: Path) -> None:
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
