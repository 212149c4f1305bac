from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import classifier.training
from classifier import artefact
from classifier.cli.rows import read_examples
from classifier.training import Corpus
from classifier.training.train import Trained
from tests.cli.conftest import Run

Seen = list[Corpus]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, trained: Trained) -> Seen:
    """Train nothing: note the corpus and give back the small model under the name asked for."""
    seen: Seen = []

    def train(corpus: Corpus, *, name: str = "default", progress: Callable[[str], None], **_: Any) -> Trained:
        seen.append(corpus)
        progress("counting words")
        return replace(trained, info=replace(trained.info, name=name))

    monkeypatch.setattr(classifier.training, "train_model", train)
    return seen


@pytest.mark.usefixtures("quick")
def test_the_model_is_kept_and_described(run: Run, models: Path, trained: Trained) -> None:
    done = run("train")
    assert done.code == 0
    assert done.err == "rolecall: training: counting words\n"
    lines = dict(line.split(maxsplit=1) for line in done.out.replace("kept in", "kept_in").splitlines())
    assert lines["model"] == trained.info.id
    assert lines["kept_in"] == str(models / "default")
    assert lines["examples"] == str(trained.info.figures["corpus"]["examples"])
    assert float(lines["seconds"]) >= 0
    assert artefact.names() == ["default"]


@pytest.mark.usefixtures("quick")
def test_a_name_keeps_it_beside_the_others(run: Run) -> None:
    run("train")
    run("train", "--name", "mine")
    assert artefact.names() == ["default", "mine"]
    assert artefact.current() == "default"


def test_a_name_that_can_be_no_folder_is_refused_before_the_work(run: Run, quick: Seen) -> None:
    done = run("train", "--name", "../x")
    assert done.code == 2
    assert "model name" in done.err
    assert quick == []


def test_labelled_rows_join_the_corpus(run: Run, quick: Seen, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'text,role,kind,weight\n"Rotate the pager, weekly",sre,ticket,3\nWrite a poem,none,,\n', encoding="utf-8-sig"
    )
    rows = [{"body": "Order toner", "label": "none"}, {"body": "Tag the buckets", "label": "cloud"}]
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    done = run("train", "--labelled", tmp_path / "a.csv", "--labelled", tmp_path / "b.jsonl")
    assert done.code == 0, done.err
    (seen,) = quick
    fresh = seen.examples[len(corpus.examples) :]
    assert [(example.text, example.role, example.kind) for example in fresh] == [
        *[("Rotate the pager, weekly", "sre", "ticket")] * 3,
        ("Write a poem", "none", "ad"),
        ("Order toner", "none", "ad"),
        ("Tag the buckets", "cloud", "ad"),
    ]
    assert seen.hash != corpus.hash


def test_columns_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("what\tteam\nRestart it\tdevops\n")
    (example,) = read_examples(str(tmp_path / "t.tsv"), "what", "team")
    assert (example.text, example.role) == ("Restart it", "devops")


@pytest.mark.parametrize(
    "table, said",
    [
        ("text,role\nx,boss\n", "row 1: 'role' must be one of devops, sre, platform, cloud, none, got 'boss'"),
        ("text,role\nx,sre\n,sre\n", "row 2: 'text' is empty. Write one or remove the line"),
        ("text,role,kind\nx,sre,poem\n", "row 1: 'kind' must be one of ad, ticket, task"),
        ("text,role,weight\nx,sre,0\n", "row 1: 'weight' must be a whole number from 1 to 100, got '0'. Change it"),
        ("text,role,weight\nx,sre,a lot\n", "row 1: 'weight' must be a whole number from 1 to 100, got 'a lot'"),
        ("text,role\nx,sre,y\n", "row 1: too many fields"),
        ("text,team\nx,sre\n", "one column must hold the right answers, known by a name such as role, label"),
        ("team,role\nx,sre\n", "one column must hold the texts"),
    ],
)
def test_rows_that_cannot_be_used_stop_it(run: Run, quick: Seen, tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(table)
    done = run("train", "--labelled", tmp_path / "a.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"rolecall: {tmp_path / 'a.csv'}: {said}")
    assert done.err.count("\n") == 1
    assert quick == []


def test_a_folder_that_is_no_corpus_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("train", "--corpus", tmp_path)
    assert done.code == 2
    assert (
        done.err == f"rolecall: {tmp_path}: is no corpus: it must hold a folder 'roles'. Name one with --corpus DIR\n"
    )


def test_without_a_model_the_first_command_trains_one(run: Run, quick: Seen, trained: Trained, models: Path) -> None:
    done = run("classify", "Define SLOs and error budgets", "--json")
    assert done.code == 0
    assert json.loads(done.out)["model"] == trained.info.id
    assert done.err.splitlines()[-1] == (
        f"rolecall: no model yet, training the default one: done, kept in {models / 'default'}"
    )
    assert len(quick) == 1
