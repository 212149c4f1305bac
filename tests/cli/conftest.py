"""The command line as people call it: in this process for speed, in fresh ones where that is the matter."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from classifier.cli.app import main
from classifier.roles import corpus_folder

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command here; ``given`` is what stands on standard input."""

    def call(*arguments: object, given: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run a command in a fresh process, in an empty folder."""

    def call(*arguments: object, given: bytes = b"") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "classifier", *map(str, arguments)],
            input=given,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small corpus of its own."""
    root = tmp_path / "corpus"
    shutil.copytree(corpus_folder() / "roles", root / "roles")
    shutil.copytree(corpus_folder() / "naming", root / "naming", ignore=shutil.ignore_patterns("*.jsonl"))
    (root / "examples").mkdir()
    (root / "examples" / "a.jsonl").write_text('{"text": "See www.example.org for the rota", "role": "sre"}\n')
    return root
