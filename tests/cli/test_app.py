from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier import __version__
from classifier.cli import models
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


@pytest.mark.parametrize(
    "error, said",
    [
        (CorpusError("corpus/x:\n  is broken.\nMend it"), "rolecall: corpus/x: is broken. Mend it\n"),
        (OSError(28, "No space left on device", "/models/x"), "rolecall: /models/x: No space left on device\n"),
    ],
)
def test_an_error_is_one_line_and_exit_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def broken(*_: object) -> int:
        raise error

    monkeypatch.setattr(models, "listing", broken)
    done = run("models")
    assert (done.code, done.out, done.err) == (2, "", said)


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
