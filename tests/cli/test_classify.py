from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from classifier.pipeline import Classifier
from tests.cli.conftest import Run

TEXT = "Be on-call, run blameless postmortems after incidents, define SLOs and error budgets for production."

pytestmark = pytest.mark.usefixtures("model_folder")


def test_a_text_is_answered_for_people(run: Run, classifier: Classifier) -> None:
    result = classifier.classify(TEXT)
    done = run("classify", TEXT)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith(f"role        {result.role}")
    assert lines[1] == f"best        {result.best}, then {result.runner_up}"
    assert lines[2] == f"confidence  {result.confidence:.2f}"
    assert lines[-1] == f"model       {result.model}"


def test_json_is_the_record_on_one_line(run: Run, classifier: Classifier) -> None:
    done = run("classify", TEXT, "--json")
    assert done.code == 0
    assert done.out.count("\n") == 1
    assert json.loads(done.out) == classifier.classify(TEXT).to_dict()


@pytest.mark.parametrize("arguments", [[], ["-"], ["--file", "-"]])
def test_standard_input_is_read(run: Run, classifier: Classifier, arguments: list[str]) -> None:
    done = run("classify", *arguments, "--json", given=TEXT.encode())
    assert json.loads(done.out) == classifier.classify(TEXT).to_dict()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_is_read_whatever_its_encoding(run: Run, classifier: Classifier, tmp_path: Path, encoding: str) -> None:
    text = f"{TEXT} Zus\u00e4tzlich: caf\u00e9."
    (tmp_path / "ad.txt").write_text(text, encoding=encoding)
    done = run("classify", "--file", tmp_path / "ad.txt", "--json")
    assert json.loads(done.out) == classifier.classify(text).to_dict()


def test_a_title_is_used(run: Run, classifier: Classifier) -> None:
    done = run("classify", TEXT, "--title", "Nurse", "--json")
    assert json.loads(done.out) == classifier.classify(TEXT, title="Nurse").to_dict()


def test_an_explanation_says_why(run: Run, classifier: Classifier) -> None:
    done = run("classify", TEXT, "--explain")
    assert done.code == 0
    assert done.out.startswith(run("classify", TEXT).out)
    assert f"words       {classifier.classify(TEXT).best} against " in done.out


def test_an_explanation_is_json_with_the_record_in_it(run: Run, classifier: Classifier) -> None:
    found = json.loads(run("classify", TEXT, "--explain", "--json").out)
    assert found == json.loads(json.dumps(classifier.explain(TEXT).to_dict()))
    assert classifier.classify(TEXT).to_dict().items() <= found.items()


def test_an_empty_text_is_answered(run: Run) -> None:
    done = run("classify", "")
    assert done.code == 0
    assert done.out.startswith("role        unsure (empty)\n")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["x", "--file", "y"], "classify: takes a TEXT or --file, got both. Leave one out"),
        (
            ["--file", "no.txt"],
            "no.txt: cannot be read (No such file or directory). Check the name and the permissions",
        ),
        (["--file", "."], ".: must be a file, got a folder. Give one of the files in it"),
        (["--file", "binary"], "binary: must be plain text, got a binary file. Give a file of text"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    done = run("classify", *arguments)
    assert (done.code, done.out, done.err) == (2, "", f"rolecall: {said}\n")


def test_an_unknown_model_is_one_line_and_exit_2(run: Run) -> None:
    done = run("classify", TEXT, "--model", "other")
    assert done.code == 2
    assert done.err.startswith("rolecall: model 'other': not found in ")
    assert done.err.endswith("(there: default). Train it: rolecall train --name other\n")


def test_the_first_answer_of_a_fresh_process_comes_soon(process: Run) -> None:
    """Measured in seconds of work, since other tests may keep the machine busy."""
    seconds = []
    for _ in range(3):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process("classify", TEXT).code == 0
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    assert min(seconds) < 1.5


def test_an_explanation_in_json_is_the_whole_record(run: Run, classifier: Classifier) -> None:
    done = run("classify", TEXT, "--explain", "--json")
    assert json.loads(done.out) == json.loads(json.dumps(classifier.explain(TEXT).to_dict()))


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_an_explanation_fits_the_window(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = run("classify", TEXT, "--explain")
    reasons = done.out.split("\nmodel ")[1].splitlines()[1:]
    assert reasons
    assert all(len(line) <= width for line in reasons)


def test_a_page_is_written(run: Run, tmp_path: Path) -> None:
    done = run("classify", TEXT, "--html", tmp_path / "why.html", "--json")
    assert (done.code, done.err) == (0, f"rolecall: wrote {tmp_path / 'why.html'}\n")
    assert "evidence" not in json.loads(done.out)
    assert (tmp_path / "why.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    done = run("classify", TEXT, "--html", tmp_path / "none" / "why.html")
    assert done.code == 2
    assert "why.html: cannot be written (No such file or directory). Name another file with --html" in done.err
