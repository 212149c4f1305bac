"""Wrong uses of the command line as a stranger makes them: one line each, which says what to do, and exit code 2."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run

KINDS = ".csv, .tsv, .tab, .jsonl, .ndjson, .parquet, .pq, .xlsx (then .gz, .zst, .bz2 or .xz)"
FORMATS = "csv, tsv, jsonl, parquet, xlsx"
SHOWN = """
$ rolecall score missing.csv
missing.csv: cannot be read (No such file or directory). Check the name and the permissions

$ rolecall score folder
folder: must be a file, got a folder. Give one of the files in it

$ rolecall score empty.csv
empty.csv: must have a first row with the names of its columns, got an empty file. Check that it is the right
file

$ rolecall score a.csv --text-column no
a.csv: --text-column must be one of its columns (id, title, description, label), got 'no'. Give one, or its
number

$ rolecall score a.pdf
a.pdf: the ending must be one of {kinds}, got '.pdf'. Rename the file or give --from with one of {formats}

$ rolecall score a.gz
a.gz: the ending must be one of {kinds}, got '.gz' alone. Rename the file or give --from with one of {formats}

$ rolecall score a.parquet
a.parquet: must be a Parquet file, got something else (Parquet magic bytes not found in footer. Either the
file is corrupted or this is not a parquet file). Check it, or say what it is with --from

$ rolecall score a.csv -o folder
folder: must be a file, got a folder. Give -o the name of a file, in it or elsewhere

$ rolecall score a.csv -o no/b.csv
no/b.csv: must be in a folder that is there, got 'no'. Make it first

$ rolecall score a.csv -o b.pdf
b.pdf: the ending must be one of {kinds}, got '.pdf'. Rename the file or give --to with one of {formats}

$ rolecall score a.csv --sheet Ads
--sheet: is for Excel, got a.csv in CSV. Leave it out, or give --from

$ rolecall score a.jsonl --delimiter tab
--delimiter: is for CSV and TSV, got a.jsonl in JSON Lines. Leave it out, or give --from

$ rolecall score a.csv --workers many
Invalid value for '--workers': Input should be a valid integer, unable to parse string as an integer, got
'many'. Usage: rolecall score --help

$ rolecall score a.csv --policy no
policy 'no': not found beside model 'default' (there: none). Make it: rolecall tune FILE --name no

$ rolecall score a.csv --model no
model 'no': not found in {models} (there: default). Train it: rolecall train --name no

$ rolecall classify Define SLOs
Got unexpected extra argument(s) (SLOs). Put words that belong together in quotes. Usage: rolecall classify
--help

$ rolecall tune a.csv --target-precision 2
--target-precision: must be above 0 and below 1, got 2. Give 0.9, for instance

$ rolecall tune a.csv --name a/b
model name: must be of letters, digits, '.', '_' and '-', up to 64, got 'a/b'. Choose another name

$ rolecall evaluate a.csv --report a.pdf
--report: must be a folder, which is made if need be, got the file a.pdf. Name another

$ rolecall train --labelled label.csv
label.csv: row 1: 'role' must be one of devops, sre, platform, cloud, none, got 'boss'. Correct it

$ rolecall serve --port 99999
Invalid value for '--port': Input should be less than or equal to 65535, got '99999'. Usage: rolecall serve
--help

$ rolecall serve --host 0.0.0.0
serve: on 0.0.0.0 others can reach it, so there must be keys, got none. Make one with rolecall keys create
NAME, or set ROLECALL_UNPROTECTED to the words 'anyone may use this'
"""

WRONG = [block.split("\n", 1) for block in SHOWN.strip().split("\n\n")]


@pytest.mark.parametrize("command, said", WRONG, ids=[command for command, _ in WRONG])
def test_one_line_says_what_to_do(
    command: str, said: str, run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_DATA", str(tmp_path / "data"))
    (tmp_path / "folder").mkdir()
    for name in ("a.csv", "a.pdf", "a.gz", "a.parquet"):
        shutil.copy(ROOT / "examples" / "ads.csv", tmp_path / name)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "a.jsonl").write_text('{"text": "Define SLOs."}\n')
    (tmp_path / "label.csv").write_text("text,role\nhello,boss\n")
    there = {path.name for path in tmp_path.iterdir()}
    done = run(*shlex.split(command.removeprefix("$ rolecall ")))
    expected = " ".join(said.split()).format(models=model_folder, kinds=KINDS, formats=FORMATS)
    assert done.err == f"rolecall: {expected}\n"
    assert (done.code, done.out) == (2, "")
    assert {path.name for path in tmp_path.iterdir()} - there <= {"data"}


def test_the_last_model_that_is_removed_is_not_said_to_answer(run: Run, model_folder: Path) -> None:
    assert run("models", "remove", "default").out == "removed 'default'; the next answer trains the default model\n"
