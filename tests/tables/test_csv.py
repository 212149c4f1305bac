"""CSV and TSV, tidy and damaged."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from classifier.errors import InputError, UsageError
from classifier.tables import scan
from classifier.tables.dialect import Dialect, detect
from tests.tables.conftest import OURS, Score

TOO_FEW = "too few fields: the table has 3 columns, this row {}"


def test_columns_come_back_as_they_were(score: Score) -> None:
    """Leading zeros, dates, quotes and spaces stay; ours follow in the order of the contract."""
    found = score(b'id,text,day\r\n007, a ,2024-01-02\r\n"08","b ""c""\nd",\r\n')
    assert found.rows()[0] == ["id", "text", "day", *OURS]
    assert [row[:3] for row in found.rows()[1:]] == [["007", " a ", "2024-01-02"], ["08", 'b "c"\nd', ""]]
    assert found.data.startswith(b"id,text,day,role,")
    assert b'\r\n"08","b ""c""\nd",,' in found.data
    assert found.data.endswith(b",\r\n")


def test_probabilities_sum_to_one(score: Score) -> None:
    """They are short and still sum to 1 within 1e-6."""
    for record in score(b"text\n" + b"\n".join(b"x" * size for size in range(1, 50))).records():
        shares = [float(record[name]) for name in OURS if name.startswith("p_")]
        assert sum(shares) == pytest.approx(1, abs=1e-6)
        assert max(shares) == float(record["confidence"])
        assert all(len(record[name]) <= 10 for name in OURS if name.startswith("p_"))


def test_damaged_rows_come_back_with_an_error(score: Score) -> None:
    """Too few fields are padded; too many stay in the last column as they stood."""
    found = score(b'id,text,x\n1,a,b\n2,short\n3,a,b,"c, d",e\n4,ok,z\n')
    records = found.records()
    assert [record["id"] for record in records] == ["1", "2", "3", "4"]
    assert [record["x"] for record in records] == ["b", "", 'b,"c, d",e', "z"]
    assert [record["error"] for record in records] == [
        "", TOO_FEW.format(2), "too many fields: the table has 3 columns, this row 5", "",
    ]  # fmt: skip
    assert [record["role"] == "" for record in records] == [False, True, True, False]
    assert (found.tally.rows, found.tally.errors) == (4, 2)
    assert found.tally.named == [(2, "", TOO_FEW.format(2)), (3, "", records[2]["error"])]


def test_the_id_names_a_damaged_row(score: Score) -> None:
    """The id stands beside the row's number, where the row has one."""
    found = score(b"key,text,x\na,b,c\nk7,short\n", id_column="key")
    assert [(row, name) for row, name, _ in found.tally.named] == [(2, "k7")]


def test_an_open_quote_is_one_bad_row(score: Score) -> None:
    """The rows after it are read as usual."""
    found = score(b'id,text\n1,"open\n2,b\n3,c\n')
    assert [(record["id"], record["text"]) for record in found.records()] == [("1", '"open'), ("2", "b"), ("3", "c")]
    assert [record["error"] for record in found.records()] == ["a quote is opened and never closed", "", ""]


def test_blank_lines_stay_and_are_no_rows(score: Score) -> None:
    """A reader that passes over them finds as many rows as before."""
    found = score(b"\n\nid,text\n\n1,a\n\r\n\n2,b\n\n")
    assert found.tally.rows == 2
    lines = found.data.split(b"\n")
    assert [line.split(b",")[0] for line in lines] == [b"", b"", b"id", b"", b"1", b"\r", b"", b"2", b"", b""]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_stay(score: Score, ending: bytes, last: bool) -> None:
    """Each row keeps its own; a last row without one stays without."""
    found = score(ending.join([b"id,text", b"1,a", b"2,b"]) + (ending if last else b""))
    assert [record["id"] for record in found.records()] == ["1", "2"]
    assert found.data.count(ending) == 2 + last
    assert found.data.endswith(ending) == last


def test_header_only(score: Score) -> None:
    """A table without rows comes out without rows."""
    for data in (b"id,text", b"id,text\n"):
        found = score(data)
        assert found.rows() == [["id", "text", *OURS]]
        assert found.tally.rows == 0


def test_no_header(score: Score) -> None:
    """None in, none out; columns have numbers."""
    found = score(b"1,some words\n2,more words\n", header=False, text_column="2")
    assert [row[:2] for row in found.rows()] == [["1", "some words"], ["2", "more words"]]
    assert len(found.rows()) == found.tally.rows == 2
    assert score(b"only\ncolumn\n", header=False).tally.rows == 2
    with pytest.raises(UsageError, match="column_1, column_2"):
        score(b"1,a\n", header=False)


@pytest.mark.parametrize("data", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(score: Score, data: bytes, tmp_path: Path) -> None:
    """With one line, and nothing under the final name."""
    with pytest.raises(InputError, match=r"in\.csv: must have a first row .*, got an empty file"):
        score(data)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_columns_named_like_ours_step_aside(score: Score) -> None:
    """Once, or as often as it takes."""
    found = score(b"role,text,role_input,error,role\na,b,c,d,e\n")
    assert found.rows()[0][:5] == ["role_input_input", "text", "role_input", "error_input", "role_input_input_input"]
    assert found.rows()[1][:5] == ["a", "b", "c", "d", "e"]


def test_columns_of_the_same_name_stay(score: Score) -> None:
    """The first of them is read, and that is said."""
    found = score(b"x,text,x,text\n1,abc,2,\n")
    assert found.rows()[0][:4] == ["x", "text", "x", "text"]
    assert found.records()[0]["reason"] == ""
    assert "(the first of that name)" in found.said[0]
    lines = score(b"x,text,x,text\n1,abc,2,\n", out="out.jsonl").data
    assert list(json.loads(lines))[:4] == ["x", "text", "x_2", "text_2"]


def test_nul_bytes_are_bytes(score: Score) -> None:
    """They are no reason to fail."""
    found = score(b"id,text\n1,a\0b\n\0,c\n")
    assert [row[:2] for row in found.rows()[1:]] == [["1", "a\0b"], ["\0", "c"]]
    assert found.tally.errors == 0


def test_a_very_long_field(score: Score) -> None:
    """Quoted or not, longer than many batches; the rows around it are as always."""
    long = "word, \n" * 1_500_000
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "text"], [1, "a"], [2, long], [3, "b"]])
    found = score(out.getvalue().encode())
    assert found.tally.rows == 3
    assert found.tally.errors == 0
    csv.field_size_limit(1 << 30)
    assert [record["text"] for record in found.records()] == ["a", long, "b"]


def test_many_short_rows(score: Score) -> None:
    """More than one batch by number, not by size."""
    found = score(b"text\n" + b"a\n" * 300_000, workers=2)
    assert found.tally.rows == 300_000
    assert found.data.count(b"\n") == 300_001


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_change_nothing(score: Score, workers: int) -> None:
    """The same bytes, whatever their number."""
    data = b"id,text\n" + b"".join(b'%d,"%s"\n' % (row, b"some words " * (row % 900)) for row in range(2000))
    assert len(data) > 4 << 21
    assert score(data, workers=workers).data == score(data, out="other.csv", workers=3).data


def test_limit(score: Score) -> None:
    """The first rows alone, blank lines between them too."""
    found = score(b"id,text\n1,a\n\n2,b\n3,c\n", limit=2)
    assert [record["id"] for record in found.records()] == ["1", "2"]
    assert found.tally.rows == 2
    assert score(b"id,text\n1,a\n", limit=5).tally.rows == 1


def test_a_row_that_cannot_be_scored(score: Score) -> None:
    """It alone has an error."""
    records = score(b"text\na\nBOOM\nb\n").records()
    assert [record["error"] for record in records] == ["", "cannot be scored: ValueError: went boom", ""]
    assert [bool(record["role"]) for record in records] == [True, False, True]


def test_to_another_dialect(score: Score) -> None:
    """A TSV of a CSV and back: values stay, also those with tabs and quotes."""
    found = score(b'id,text\n"0,7","a\tb ""c"""\n2\n', out="out.tsv")
    assert [row[:2] for row in found.rows("\t")] == [["id", "text"], ["0,7", 'a\tb "c"'], ["2", ""]]
    assert score(b'id\ttext\n7\t"a,b"\n', name="in.tsv", out="o.csv").rows()[1][:2] == ["7", "a,b"]


@pytest.mark.parametrize(
    "sample, dialect",
    [
        (b"id,text\n1,a\n", Dialect(",")),
        (b"id;text;pay\n1;a, b;1,5\n2;c;2,5\n", Dialect(";")),
        (b"id\ttext\n1\ta, b, c\n", Dialect("\t")),
        (b"id|text\n1|a\n", Dialect("|")),
        (b"text\none, two\nthree\n", Dialect(",")),
        (b"id,text\n1,'a, b'\n2,'c, it''s'\n", Dialect(",", "'")),
        (b"id,text\n1,it's\n2,'tis, he said\n", Dialect(",")),
        (b'"id","text"\n"1","a; b; c"\n', Dialect(",")),
        (b"", Dialect(",")),
    ],
)
def test_the_dialect_is_found(sample: bytes, dialect: Dialect) -> None:
    """By the delimiter that makes rows regular; single quotes only where they help."""
    assert detect(sample, whole=True) == dialect


def test_the_dialect_is_said_and_kept(score: Score) -> None:
    """A semicolon in, a semicolon out."""
    found = score(b"id;text\n1;a\n")
    assert "CSV, utf-8, delimiter ';', quote \"" in found.said[0]
    assert found.records(";")[0]["text"] == "a"


def test_the_dialect_can_be_given(score: Score) -> None:
    """Against what would be found."""
    found = score(b"id,text:x\n1,a:b\n", delimiter=":", text_column="id,text")
    assert found.rows(":")[1][:2] == ["1,a", "b"]
    found = score(b'id\ttext\n1\t"a\n2\tb"\n', name="in.tsv", out="o.tsv", quote="none")
    assert found.tally.rows == 2
    assert found.tally.errors == 0


@pytest.mark.parametrize("options", [{"delimiter": "ab"}, {"delimiter": "x"}, {"delimiter": "\n"}, {"quote": "*"}])
def test_what_can_be_no_dialect_is_refused(score: Score, options: dict[str, str]) -> None:
    """With a line that says what is allowed."""
    with pytest.raises(UsageError, match=r"^--(delimiter|quote): must be .*, got "):
        score(b"id,text\n", **options)


def test_each_pass_stays_compiled_once(score: Score) -> None:
    """The way through all of it hands over the same kinds of arrays."""
    score(b"id,text\n1,a\n2\n3,b,c\n")
    score(b"id,text\n1,a\n2\n3,b,c\n", out="out.jsonl")
    for name in ("scan", "gather", "weave"):
        assert len(getattr(scan, name).signatures) == 1
