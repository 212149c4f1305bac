from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifier.cli.corpus import verdict
from classifier.roles import corpus_folder
from classifier.training import read_corpus
from classifier.training.check import Finding
from tests.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small corpus of its own."""
    root = tmp_path / "corpus"
    shutil.copytree(corpus_folder() / "roles", root / "roles")
    shutil.copytree(corpus_folder() / "naming", root / "naming", ignore=shutil.ignore_patterns("*.jsonl"))
    (root / "examples").mkdir()
    (root / "examples" / "a.jsonl").write_text('{"text": "See www.example.org for the rota", "role": "sre"}\n')
    return root


def test_the_corpus_is_described(run: Run) -> None:
    done = run("corpus")
    assert (done.code, done.err) == (0, "")
    assert "role " in done.out
    assert "sre-1" in done.out
    assert "facts: " in done.out


def test_another_folder_can_be_described(run: Run, folder: Path) -> None:
    assert ", 1 examples\n" in run("corpus", "--corpus", folder).out


def test_faults_are_printed_and_exit_1(run: Run, folder: Path) -> None:
    done = run("corpus", "check", "--corpus", folder)
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert "fault: corpus/examples/a.jsonl:1: holds a web address, 'www.e'. Take it out" in lines
    assert lines[-1].startswith("1 examples: ")


def test_a_line_that_breaks_the_rules_is_one_line_and_exit_2(run: Run, folder: Path) -> None:
    (folder / "examples" / "a.jsonl").write_text('{"text": "x", "role": "boss"}\n')
    done = run("corpus", "check", "--corpus", folder)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "rolecall: corpus/examples/a.jsonl:1: 'role' must be one of devops, sre, platform, cloud, none, got 'boss'\n"
    )


def test_the_verdict_sums_up() -> None:
    assert verdict([], 5) == "5 examples: 0 faults, 0 remarks. The corpus is good"
    assert verdict([Finding("x", "y"), Finding("x", "z", fault=False)], 5) == "5 examples: 1 faults, 1 remarks"


FIRST = "We are looking for a site reliability engineer who tunes alert rules"
OTHER = "As a nurse you work with patients, not with our devops team"


def ads(count: int) -> str:
    """Ads of many employers: no two share a run of twelve words."""
    lines = ["text,role,near,fold"]
    for number in range(count):
        lines.append(f"employer{number} {FIRST} number{number},sre,,{number % 2}")
        lines.append(f'"employer{number} {OTHER} number{number}",none,False,{number % 2}')
    return "\n".join(lines) + "\n"


def test_facts_are_counted_into_the_corpus(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(20))
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--least", 5)
    assert done.code == 0, done.err
    assert done.out.startswith("counted 40 texts: 20 sre, 20 none:far\n")
    facts = read_corpus(folder).facts
    counts = {term.text: term.counts for term in facts.terms}
    assert facts.classes == ("sre", "none:far")
    assert counts["alert rules"] == (20, 0)
    assert counts["patients"] == (0, 20)
    assert not any("employer1" in term or "reliability" in term for term in counts)
    cues = {cue.text: cue.counts for cue in facts.cues}
    assert cues["before2 looking for"] == (20, 0)


def test_one_fold_alone_can_be_counted(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(20))
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--fold", 1, "--least", 5)
    assert done.out.startswith("counted 20 texts: 10 sre, 10 none:far\n")


def test_terms_of_too_few_employers_are_not_kept(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(ads(4))
    run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--least", 5)
    assert read_corpus(folder).facts.terms == ()


def test_a_table_without_folds_is_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("text,role\nx,sre\n")
    done = run("corpus", "count", tmp_path / "ads.csv", "--corpus", folder, "--fold", 1)
    assert done.code == 2
    assert done.err == f"rolecall: {tmp_path / 'ads.csv'}: --fold needs a column 'fold', got text, role. Leave it out\n"


@pytest.mark.usefixtures("model_folder")
def test_a_responsibility_is_shown(run: Run) -> None:
    done = run("corpus", "show", "sre-2", "--examples", "3")
    assert done.code == 0
    first, second, *examples, terms = done.out.splitlines()
    assert first.startswith("sre-2: Agree on service level objectives")
    assert " examples: " in second
    assert len(examples) == 3
    assert "error budget" in terms or "slo" in terms
    wrong = run("corpus", "show", "sre-9")
    assert wrong.code == 2
    assert "got 'sre-9'" in wrong.err
