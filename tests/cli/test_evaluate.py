from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifier.cli.rows import read_rows
from classifier.evaluation import evaluate
from classifier.pipeline import Classifier
from tests.cli.conftest import ROOT, Run

pytestmark = pytest.mark.usefixtures("model_folder")
ADS = ROOT / "examples" / "ads.csv"


def test_the_figures_are_printed(run: Run) -> None:
    done = run("evaluate", ADS)
    assert done.code == 0
    assert done.err == (
        f"rolecall: {ADS}: text from column 'description', label from column 'label', title from column 'title'\n"
    )
    words = done.out.split()
    for name in ("accuracy", "f1_four", "f1_five", "in_scope_auroc", "ece", "coverage", "accuracy_decided"):
        assert name in words
    for role in ("devops", "sre", "platform", "cloud", "none"):
        assert words.count(role) == 3
    assert " 30 texts\n" in done.out


def test_json_holds_the_figures_of_the_library(run: Run, classifier: Classifier) -> None:
    done = run("evaluate", ADS, "--json", "--no-title")
    rows = read_rows(str(ADS))
    assert json.loads(done.out) == evaluate(classifier, rows.texts, rows.labels)


def test_columns_can_be_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("what,team,head\nRestart the build agent,devops,Title\nOrder toner,none,x\n")
    done = run(
        "evaluate", tmp_path / "t.csv", "--text-column", "what", "--label-column", "team", "--title-column", "head"
    )
    assert done.code == 0
    assert "text from column 'what', label from column 'team', title from column 'head'" in done.err


def test_rows_that_cannot_be_used_are_named_and_exit_1(run: Run, tmp_path: Path) -> None:
    table = "text,role\nRestart the build agent,devops\nOrder toner,boss\nx,y,z\nOrder toner,none\n"
    (tmp_path / "t.csv").write_text(table)
    done = run("evaluate", tmp_path / "t.csv")
    assert done.code == 1
    assert " 2 texts\n" in done.out
    assert done.err.splitlines()[1:] == [
        f"rolecall: {tmp_path / 't.csv'}: row 2: 'role' must be one of devops, sre, platform, cloud, none, got 'boss'",
        f"rolecall: {tmp_path / 't.csv'}: row 3: too many fields: the table has 2 columns, this row 3",
    ]


def test_only_the_first_rows_that_cannot_be_used_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,role\nOrder toner,none\n" + "x,boss\n" * 50)
    done = run("evaluate", tmp_path / "t.csv")
    assert done.code == 1
    assert len(done.err.splitlines()) == 22
    assert done.err.splitlines()[-1] == "rolecall: and 30 more rows"


@pytest.mark.parametrize(
    "table, arguments, said",
    [
        ("text,role\n", [], "must hold labelled rows, got none that can be used. Check the columns"),
        ("text,role\nx,boss\n", [], "must hold labelled rows, got none that can be used"),
        ("text,team\nx,sre\n", [], "one column must hold the right answers"),
        ("text,role\nx,sre\n", ["--label-column", "no"], "--label-column must be one of its columns (text, role)"),
        ("text,role\nx,sre\n", ["--text-column", "no"], "--text-column must be one of its columns (text, role)"),
        ("text,role\nx,sre\n", ["--title-column", "no"], "--title-column must be one of its columns (text, role)"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line_and_exit_2(
    run: Run, tmp_path: Path, table: str, arguments: list[str], said: str
) -> None:
    (tmp_path / "t.csv").write_text(table)
    done = run("evaluate", tmp_path / "t.csv", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"rolecall: {tmp_path / 't.csv'}: {said}")
    assert done.err.count("\n") == 1


def test_a_missing_file_is_one_line_and_exit_2(run: Run) -> None:
    done = run("evaluate", "no.csv")
    assert (done.code, done.out) == (2, "")
    assert (
        done.err == "rolecall: no.csv: cannot be read (No such file or directory). Check the name and the permissions\n"
    )


@pytest.mark.parametrize("name", ["ads.csv", "tickets.csv"])
def test_the_examples_hold_every_role_and_are_mostly_told_right(classifier: Classifier, name: str) -> None:
    rows = read_rows(str(ROOT / "examples" / name))
    found = evaluate(classifier, rows.texts, rows.labels)
    assert found["n"] == 30
    assert {role["n"] for role in found["roles"].values()} == {6}
    assert found["plain"]["f1_four"] > 0.6


def test_a_report_is_written(run: Run, model_folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "text,label,posted\nDefine SLOs and error budgets,sre,2026-01-03\nFix the pipelines,devops,2026-02-03\n"
    )
    done = run("evaluate", rows, "--report", tmp_path / "report", "--against", "default")
    assert done.code == 0
    assert "report.html, report.json and answers.csv" in done.err
    assert (tmp_path / "report" / "report.html").stat().st_size < 3_000_000
    assert "McNemar" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_a_comparison_needs_a_report(run: Run, tmp_path: Path) -> None:
    done = run("evaluate", tmp_path / "none.csv", "--against", "default")
    assert done.code == 2
    assert "--against: needs --report, got none" in done.err


def test_a_date_column_must_be_there(run: Run, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nDefine SLOs and error budgets,sre\n")
    done = run("evaluate", tmp_path / "rows.csv", "--report", tmp_path / "report", "--date-column", "when")
    assert done.code == 2
    assert "--date-column must be one of its columns (text, label), got 'when'" in done.err
