"""``rolecall score`` as a user meets it: exit codes, lines, files, one answer everywhere."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier.cli.app import main
from classifier.cli.score import lines, signature
from classifier.pipeline import Classifier
from classifier.tables import Tally, windows

ADS = [
    ("1", "Site Reliability Engineer", "Define SLOs, run blameless postmortems and carry the pager."),
    ("2", "Nurse", 'Care for patients on the ward, "day" and night,\nin a small team.'),
    ("3", "", ""),
    ("4", "Platform Engineer", "Build golden paths, self-service and the developer portal."),
]


@pytest.fixture
def ads(tmp_path: Path, model_folder: Path) -> Path:
    """A small CSV with a mark, quoted line ends and an empty text; the small model is there."""
    path = tmp_path / "ads.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("id", "title", "description"), *ADS])
    return path


def records(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_same_answers_as_one_by_one(ads: Path, classifier: Classifier, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds eight digits of what Python says."""
    assert main(["score", str(ads), "-o", str(ads.with_name("out.csv"))]) == 0
    for (_, title, text), record in zip(ADS, records(ads.with_name("out.csv")), strict=True):
        expected = classifier.classify(text, title=title)
        assert (record["role"], record["reason"]) == (expected.role, expected.reason)
        assert float(record["confidence"]) == pytest.approx(expected.confidence, abs=1e-8)
        assert record["title"] == title
        assert record["title_conflict"] == str(expected.title_conflict).lower()
    said = capsys.readouterr()
    assert said.out == ""
    assert "texts from column 'description' (found by its name)" in said.err
    assert "4 rows, 0 with errors" in said.err


def test_json_summary(ads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output; with the table there, on standard error."""
    assert main(["score", str(ads), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"] == sum(summary["roles"].values()) == 4
    assert summary["unsure"]["empty"] == 1
    assert summary["errors"] == 0


def test_rows_with_errors(ads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, each named."""
    with ads.open("ab") as file:
        file.write(b"k5,too few\n")
    assert main(["score", str(ads), "--id-column", "id"]) == 1
    assert "row 5 (k5): too few fields: the table has 3 columns, this row 2" in capsys.readouterr().err
    assert records(ads.with_name("ads.scored.csv"))[4]["error"] != ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["score", "missing.csv"],
        ["score", "."],
        ["score", "ads.csv", "--text-column", "nothing"],
        ["score", "ads.csv", "--workers", "none"],
        ["score", "ads.csv", "--from", "pdf"],
        ["score", "ads.csv", "--model", "nobody"],
        ["score", "ads.csv", "-o", "ads.csv"],
    ],
)
def test_wrong_use_is_one_line(
    arguments: list[str], ads: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, nothing written."""
    monkeypatch.chdir(ads.parent)
    before = sorted(os.listdir())
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert sorted(os.listdir()) == before


def command(*arguments: str) -> list[str]:
    """Return the command as a process of its own."""
    return [sys.executable, "-m", "classifier", "score", *arguments]


def test_through_pipes(ads: Path) -> None:
    """The table goes to standard output, all else to standard error."""
    done = subprocess.run(
        command("-", "-o", "-", "--json"), input=ads.read_bytes(), capture_output=True, check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith(b"\xef\xbb\xbfid,title,description,role,")
    assert done.stdout.count(b"\n") == 6
    assert json.loads(done.stderr.splitlines()[-1])["rows"] == 4


def test_ctrl_c(ads: Path) -> None:
    """One line that says what is kept and how to go on, exit code 130, nothing under the final name."""
    with ads.open("ab") as file:
        for row in range(25_000):
            file.write(b'%d,Engineer,"%s"\n' % (row, b"Define SLOs, run postmortems. " * 40))
    target = ads.with_name("out.csv")
    process = subprocess.Popen(
        command(str(ads), "-o", str(target)), stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    partial = ads.with_name(".out.csv.partial")
    while process.poll() is None and not (partial.exists() and partial.stat().st_size > 2 * windows.BATCH):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert process.returncode == 130
    last = rf"rolecall: stopped. {re.escape(str(target))}: [0-9,]+ rows are kept. Give .* with --resume to go on"
    assert re.fullmatch(last, said.splitlines()[-1])
    assert len(said.splitlines()) == 2  # the first says which columns are used
    assert not target.exists()
    assert main(["score", str(ads), "-o", str(target), "--resume"]) == 0
    assert len(records(target)) == 25_004


def test_the_summary_names_no_more_than_some_rows() -> None:
    """The rest is counted."""
    tally = Tally(rows=100, errors=30, named=[(row, "", "bad") for row in range(1, 21)])
    said = lines(tally, 2.0)
    assert said[0] == "row 1: bad"
    assert said[20] == "and 10 more rows with something in their column 'error'"
    assert said[21] == "100 rows, 30 with errors, in 2.0 s, 50 rows/s"


def test_responsibilities_are_added_and_a_run_without_them_is_not_gone_on_with(
    ads: Path, tmp_path: Path, classifier: Classifier
) -> None:
    assert main(["score", str(ads), "-o", str(tmp_path / "out.csv"), "--explain"]) == 0
    found = records(tmp_path / "out.csv")
    assert list(found[0])[-3:] == ["responsibilities", "model", "error"]
    expected = [" ".join(classifier.explain(text).result.responsibilities or ()) for _, _, text in ADS]
    assert [row["responsibilities"] for row in found] == expected
    assert signature(classifier) != signature(classifier, explain=True)


def test_shares_are_corrected_by_a_report(
    ads: Path, tmp_path: Path, classifier: Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    table = [[50 if row == column else 1 for column in range(6)] for row in range(5)]
    report.write_text(json.dumps({"model": classifier.model.id, "decisions": {"rows_are_labels": table}}))
    assert main(["score", str(ads), "-o", str(tmp_path / "out.csv"), "--summary", str(report), "--json"]) == 0
    said = capsys.readouterr()
    assert "share of sre: counted " in said.err
    found = json.loads(said.out)["shares"]
    assert sum(share["value"] for share in found.values()) == pytest.approx(1.0)
    report.write_text(json.dumps({"model": "other", "decisions": {"rows_are_labels": table}}))
    assert main(["score", str(ads), "-o", str(tmp_path / "two.csv"), "--summary", str(report)]) == 2
    assert "got one of other" in capsys.readouterr().err
    report.write_text("{}")
    assert main(["score", str(ads), "-o", str(tmp_path / "two.csv"), "--summary", str(report)]) == 2
    assert "is no report.json" in capsys.readouterr().err
    assert not (tmp_path / "two.csv").exists()
