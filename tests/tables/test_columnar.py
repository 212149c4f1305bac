"""Parquet and Excel: types and cells stay what they were."""

from __future__ import annotations

import datetime as dt
import errno
import gc
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier.errors import InputError, OutputError, UsageError
from classifier.tables import Options, score_file, target
from classifier.tables.parquet import unpacked
from tests.tables.conftest import OURS, Outcome, Score, tiny_answer

DAY = dt.date(2024, 1, 2)
MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5)


def as_parquet(table: pa.Table, rows: int = 1 << 20) -> bytes:
    """Return the bytes of a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=rows)
    return out.getvalue()


def a_table() -> pa.Table:
    """Return a table of many types."""
    table = pa.table(
        {
            "id": pa.array([1, 2, None], pa.int16()),
            "text": pa.array(["a, b", None, "c"]),
            "tags": pa.array([["x"], [], None]),
            "day": pa.array([DAY, None, DAY]),
            "price": pa.array([1.5, float("nan"), float("inf")]),
            "kind": pa.array(["k", "k", None]).dictionary_encode(),
            "raw": pa.array([b"\xff", b"ok", None]),
        }
    )
    return table.replace_schema_metadata({"made": "by us"})


def test_parquet_keeps_types_and_metadata(score: Score) -> None:
    """Also across row groups."""
    table = a_table()
    found = score(as_parquet(table, rows=2), name="in.parquet", out="out.parquet")
    after = pq.read_table(found.path)
    assert after.column_names == [*table.column_names, *OURS]
    assert after.schema.metadata[b"made"] == b"by us"
    for name in table.column_names:
        assert after.schema.field(name).type == table.schema.field(name).type
    assert after.drop_columns(["price", *OURS]).equals(table.drop_columns(["price"]))
    assert after.column("reason").to_pylist() == ["", "empty", ""]
    assert str(after.schema.field("confidence").type) == "double"


def test_parquet_to_text(score: Score) -> None:
    """Nested values become JSON in a CSV, and stay what they are in JSON Lines."""
    data = as_parquet(a_table())
    first, second, third = score(data, name="in.parquet").records()
    assert (first["id"], first["text"], first["tags"], first["day"]) == ("1", "a, b", '["x"]', "2024-01-02")
    assert (second["text"], third["kind"], first["kind"], first["raw"]) == ("", "", "k", "\\xff")
    lines = score(data, name="in.parquet", out="out.jsonl").data.splitlines()
    assert lines[0].startswith(b'{"id": 1, "text": "a, b", "tags": ["x"], "day": "2024-01-02", "price": 1.5')
    assert b'"price": null' in lines[1]
    assert b'"price": "inf"' in lines[2]


def test_csv_to_parquet_is_text(score: Score) -> None:
    """Leading zeros stay; a damaged row keeps its error."""
    found = score(b"id,text,role\n007,a,x\n8\n", out="out.parquet")
    table = pq.read_table(found.path)
    assert table.column("id").to_pylist() == ["007", "8"]
    assert table.column("role_input").to_pylist() == ["x", ""]
    assert table.column("role").to_pylist()[1] is None
    assert table.column("error").to_pylist()[0] == ""


def test_parquet_without_rows(score: Score) -> None:
    """It comes out without rows, with all columns."""
    found = score(as_parquet(a_table().slice(0, 0)), name="in.parquet", out="out.parquet")
    assert pq.read_table(found.path).shape == (0, 7 + len(OURS))


@pytest.mark.parametrize("name, kind", [("in.parquet", "Parquet file"), ("in.xlsx", "Excel workbook")])
def test_what_is_something_else_is_refused(score: Score, name: str, kind: str) -> None:
    """With one line."""
    with pytest.raises(InputError, match=rf"{name}: must be an? {kind}, got something else") as caught:
        score(b"id,text\n1,a\n", name=name)
    assert "\n" not in str(caught.value)


def test_a_cut_off_parquet_is_refused(score: Score, tmp_path: Path) -> None:
    """A damaged page is told with its row group; nothing stands under the final name."""
    data = bytearray(as_parquet(pa.table({"text": [f"word {row}" * 50 for row in range(3000)]}), rows=1000))
    data[4:2000] = bytes(1996)
    with pytest.raises(InputError, match=r"in.parquet: row group 1 is damaged"):
        score(bytes(data), name="in.parquet", out="out.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def a_workbook(rows: Sequence[Sequence[object]], tmp_path: Path, sheet: str = "Ads") -> bytes:
    """Return the bytes of a workbook with a sheet of rows and another."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "made.xlsx"
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    page = book.add_worksheet(sheet)
    for place, row in enumerate(rows):
        page.write_row(place, 0, row)
    book.add_worksheet("Other").write_row(0, 0, ["body"])
    book.close()
    data = path.read_bytes()
    path.unlink()
    return data


def cells(found: Outcome) -> list[list[object]]:
    """Return the cells of the first sheet."""
    calamine = pytest.importorskip("python_calamine")
    with calamine.CalamineWorkbook.from_path(str(found.path)) as book:
        rows: list[list[object]] = book.get_sheet_by_index(0).to_python()
    return rows


def test_excel_keeps_cells(score: Score, tmp_path: Path) -> None:
    """Numbers, text that looks like a number or a formula, dates, empty cells, mixed columns."""
    names: list[object] = ["id", "text", "when", "mixed"]
    rows: list[list[object]] = [names, [7, "words", DAY, "x"], [8.5, "", None, 3], [9, "z", DAY, True]]
    found = score(a_workbook(rows, tmp_path), name="in.xlsx", out="out.xlsx")
    after = cells(found)
    assert after[0] == [*names, *OURS]
    assert after[1][:4] == [7, "words", DAY, "x"]
    assert after[2][:4] == [8.5, "", "", 3]
    assert after[3][3] is True
    assert after[2][OURS.index("reason") + 4] == "empty"


def test_csv_to_excel_is_text(score: Score) -> None:
    """Nothing is taken for a number, a date or a formula."""
    found = score(b"id,text\n007,=1+1\n1e5,2024-01-02\n", out="out.xlsx")
    assert [row[:2] for row in cells(found)[1:]] == [["007", "=1+1"], ["1e5", "2024-01-02"]]


def test_excel_to_text(score: Score, tmp_path: Path) -> None:
    """Whole numbers without a point, dates as ISO 8601."""
    data = a_workbook([["id", "text", "when"], [7, "a", DAY], [8, "b", None]], tmp_path)
    assert [row[:3] for row in score(data, name="in.xlsx").rows()[1:]] == [["7", "a", "2024-01-02"], ["8", "b", ""]]
    lines = score(data, name="in.xlsx", out="out.jsonl").data
    assert lines.startswith(b'{"id": 7, "text": "a", "when": "2024-01-02", "role": ')
    table = pq.read_table(score(data, name="in.xlsx", out="out.parquet").path)
    assert [str(kind) for kind in table.schema.types[:3]] == ["int64", "large_string", "date32[day]"]


def test_a_sheet_by_name(score: Score, tmp_path: Path) -> None:
    """One that is not there is refused with those that are."""
    data = a_workbook([["text"], ["a"]], tmp_path)
    assert score(data, name="in.xlsx", sheet="Other").tally.rows == 0
    with pytest.raises(UsageError, match=r"--sheet must be one of Ads, Other, got 'Sales'"):
        score(data, name="in.xlsx", sheet="Sales")


def test_what_a_cell_cannot_hold_is_refused(score: Score, tmp_path: Path) -> None:
    """Not cut: nothing is written."""
    with pytest.raises(OutputError, match=r"a cell holds 32767 characters, got 40000 in row 2, column 2"):
        score(b"id,text\n1," + b"x" * 40_000 + b"\n", out="out.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("library", ["python_calamine", "xlsxwriter"])
def test_without_the_extra(score: Score, tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what to install."""
    data = a_workbook([["text"], ["a"]], tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=r"needs the extra 'excel'.*pip install 'rolecall\[excel\]'"):
        score(data, name="in.xlsx", out="out.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["in.xlsx"]


def test_a_moment_in_excel(tmp_path: Path) -> None:
    """Times go from Parquet to a cell, and with a zone to text."""
    pytest.importorskip("xlsxwriter")
    zoned = MOMENT.replace(tzinfo=dt.UTC)
    table = pa.table({"text": ["a"], "at": [MOMENT], "zoned": pa.array([zoned], pa.timestamp("us", tz="UTC"))})
    pq.write_table(table, tmp_path / "in.parquet")
    options = Options(source=str(tmp_path / "in.parquet"), target=str(tmp_path / "out.xlsx"))
    tally = score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
    assert cells(Outcome(tally, tmp_path / "out.xlsx"))[1][1:3] == [MOMENT, "2024-01-02T03:04:05+00:00"]


@pytest.mark.parametrize("name", ["out.xlsx", "out.parquet"])
def test_a_full_disk(name: str, score: Score, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line, no complaint of a library, nothing under the final name."""
    real = target.Partial.__init__

    class Full(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(self: target.Partial, path: Path) -> None:
        real(self, path)
        self.file.close()
        self.file = Full(path.with_name(f".{path.name}.partial"), "r+b")

    monkeypatch.setattr(target.Partial, "__init__", opened)
    with pytest.raises(OutputError, match=rf"{name}: the disk is full. Free some space and try again$"):
        score(b"id,text\n1,a\n", out=name)
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_a_text_that_is_kept_once_counts_in_each_row(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "in.parquet"
    texts = pa.array(["word " * 2000] * 500, kind)
    pq.write_table(pa.table({"n": list(range(500)), "text": texts, "few": pa.array(["a", "b"] * 250)}), path)
    assert path.stat().st_size < 50_000
    assert 500 * 10_000 < unpacked(str(path), 1 << 30) < 500 * 10_000 + 500 * 40
    assert unpacked(str(path), 1000) > 1000


def test_what_is_no_parquet_is_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    path.write_bytes(b"PAR1 and more")
    with pytest.raises(InputError, match="must be a Parquet file"):
        unpacked(str(path), 1)
