from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import artefact
from classifier.cli.diff import lines
from classifier.cli.rows import Rows
from classifier.pipeline import Classifier
from classifier.training.train import Trained
from tests.cli.conftest import Run


@pytest.fixture
def two(model_folder: Path, trained: Trained) -> Path:
    """Two models: 'default' and 'mine'."""
    artefact.save(trained.model, replace(trained.info, name="mine"), trained.policy)
    return model_folder


def test_without_models_the_way_to_one_is_said(run: Run, models: Path) -> None:
    done = run("models")
    assert (done.code, done.out) == (0, f"no models in {models}. Train one: rolecall train\n")


@pytest.mark.usefixtures("two")
def test_models_are_listed_and_the_current_one_is_marked(run: Run, trained: Trained) -> None:
    lines = run("models").out.splitlines()
    assert lines[0].split() == ["name", "id", "made", "examples"]
    assert lines[1].split()[:3] == ["*", "default", trained.info.id]
    assert lines[2].split()[:2] == ["mine", trained.info.id]


def test_a_model_that_cannot_be_used_is_said_in_the_list(run: Run, two: Path) -> None:
    (two / "mine" / "manifest.json").write_text("{}")
    done = run("models")
    assert done.code == 0
    assert "mine                 cannot be used: " in done.out


@pytest.mark.usefixtures("two")
def test_a_manifest_is_shown_as_json(run: Run, trained: Trained) -> None:
    shown = json.loads(run("models", "show", "mine").out)
    assert shown["id"] == trained.info.id
    assert shown["policy"] == trained.policy.to_dict()


@pytest.mark.usefixtures("two")
def test_use_switches(run: Run) -> None:
    assert run("models", "use", "mine").out == "answering with 'mine' from now on\n"
    assert artefact.current() == "mine"
    assert "* mine" in run("models").out


@pytest.mark.usefixtures("two")
def test_remove_deletes_and_goes_back_to_the_default(run: Run) -> None:
    run("models", "use", "mine")
    assert run("models", "remove", "mine").out == "removed 'mine'; answering with 'default' from now on\n"
    assert artefact.names() == ["default"]


@pytest.mark.parametrize("command", ["show", "use", "remove"])
def test_an_unknown_model_is_one_line_and_exit_2(run: Run, two: Path, command: str) -> None:
    done = run("models", command, "other")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"rolecall: model 'other': not found in {two} (there: default, mine)")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", ["show", "use", "remove"])
def test_a_name_that_leads_elsewhere_is_refused(run: Run, command: str) -> None:
    done = run("models", command, "../../etc")
    assert done.code == 2
    assert done.err.startswith("rolecall: model name: must be of letters")


def test_two_models_are_compared_on_a_table(run: Run, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text\nDefine SLOs and error budgets\nCare for patients\n")
    done = run("models", "diff", "default", "default", tmp_path / "rows.csv")
    assert (done.code, done.err) == (0, f"rolecall: {tmp_path / 'rows.csv'}: text from column 'text'\n")
    assert done.out.startswith("0 of 2 answers differ between ")


def test_changed_answers_come_with_the_words_that_decide(classifier: Classifier) -> None:
    blend = replace(classifier.model.blend, naming=(-3.0, -3.0))
    other = replace(classifier, model=replace(classifier.model, id="other", blend=blend))
    text = "We are hiring a Site Reliability Engineer for our team"
    found = list(lines(other, classifier, Rows([text], None, [""], [], ""), 5))
    assert found[0] == f"1 of 1 answers differ between other and {classifier.model.id}"
    assert found[-2].startswith("row 1: ")
    assert ", naming sre +" in found[-1]


def test_the_card_has_figures_once_they_are_measured(run: Run, model_folder: Path, tmp_path: Path) -> None:
    before = run("models", "show", "default", "--card")
    assert before.out.startswith("# Model default\n")
    assert "Not measured yet" in before.out
    (tmp_path / "rows.csv").write_text("text,label\nDefine SLOs and error budgets,sre\nCare for patients,none\n")
    assert run("evaluate", tmp_path / "rows.csv", "--report", tmp_path / "report").code == 0
    after = run("models", "show", "default", "--card")
    assert "On 2 labelled rows of rows.csv" in after.out
    assert after.out.strip() == (model_folder / "default" / "card.md").read_text().strip()
