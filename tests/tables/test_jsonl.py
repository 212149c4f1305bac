"""JSON Lines: values of any kind, damaged lines, other formats."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from classifier.errors import UsageError
from tests.tables.conftest import OURS, Outcome, Score


def parsed(found: Outcome) -> list[dict[str, Any]]:
    """Return the lines as objects."""
    return [json.loads(line) for line in found.data.splitlines() if line.strip()]


def test_lines_stay_as_they_were(score: Score) -> None:
    """Numbers, nesting, spacing and escapes, to the byte; ours follow."""
    lines = [
        b'{"text":"a", "n": 1.10, "big": 123456789012345678901234567890, "e": 1e400}',
        b'{ "id" : [1, {"x": null}], "text": "caf\\u00e9 \\ud83d\\ude00", "text2": "\xc3\xa9" }',
        b'{"text": "x", "text": "twice"}',
        b"{}",
    ]
    found = score(b"\r\n".join(lines), name="in.jsonl", out="out.jsonl")
    after = found.data.split(b"\r\n")
    assert len(after) == 4
    for line, new in zip(lines, after, strict=True):
        assert new.startswith(line[:-1].rstrip())
        assert list(json.loads(new))[-len(OURS) :] == OURS
    assert json.loads(after[3])["reason"] == "empty"
    assert list(json.loads(after[3])) == OURS


def test_values_of_ours(score: Score) -> None:
    """Numbers are numbers; nothing wrong is an empty error."""
    record = parsed(score(b'{"text": "some words"}\n', name="in.jsonl", out="out.jsonl"))[0]
    assert record["error"] == ""
    assert record["reason"] == ""
    assert isinstance(record["confidence"], float)
    assert sum(record[name] for name in OURS if name.startswith("p_")) == pytest.approx(1, abs=1e-6)


def test_damaged_lines_come_back_with_an_error(score: Score) -> None:
    """As text under 'line', the rest of ours null."""
    data = b'{"text": "a"}\nnot json\n[1]\n\n{"text": 5}\n{"text": null}\n{"other": 1}\n{"text": "\xff"}\n{"text": "z"}'
    found = score(data, name="in.jsonl", out="out.jsonl", encoding="utf-8")
    records = parsed(found)
    assert [record["error"].split(":")[0] for record in records] == [
        "", "is no JSON", "must be a JSON object", "text", "", "", "is not valid UTF-8", "",
    ]  # fmt: skip
    assert [record.get("line") for record in records] == [
        None, "not json", "[1]", None, None, None, '{"text": "\\xff"}', None,
    ]  # fmt: skip
    assert records[3]["error"] == "text: must be a string, got a number"
    assert records[3]["text"] == 5
    assert all((record["role"] is None) == bool(record["error"]) for record in records)
    assert [record["reason"] for record in records[4:6]] == ["empty", "empty"]
    assert found.data.count(b"\n") == data.count(b"\n")
    assert (found.tally.rows, found.tally.errors) == (8, 4)


def test_keys_named_like_ours_step_aside(score: Score) -> None:
    """Renamed where they stand; their values are not touched."""
    data = b'{"role": {"role": 1.10}, "text": "a", "erro\\u0072": "x" , "role_input": 2}\n'
    line = score(data, name="in.jsonl", out="out.jsonl").data
    assert line.startswith(
        b'{"role_input_input": {"role": 1.10}, "text": "a", "error_input": "x" , "role_input": 2, "role": '
    )


def test_half_a_surrogate_pair(score: Score) -> None:
    """JSON can spell what UTF-8 cannot hold; the line stays and is answered."""
    found = score(b'{"text": "a \\ud800 b"}\n', name="in.jsonl", out="out.jsonl")
    assert found.data.startswith(b'{"text": "a \\ud800 b", "role": ')
    assert found.tally.errors == 0
    assert score(b'{"text": "a \\ud800 b"}\n', name="in.jsonl", out="o.csv").records()[0]["text"] == "a ? b"


def test_an_empty_file(score: Score) -> None:
    """No lines in, none out."""
    found = score(b"", name="in.jsonl", out="out.jsonl")
    assert found.data == b""
    assert found.tally.rows == 0


def test_an_unknown_key(score: Score) -> None:
    """The keys of the first lines are listed."""
    with pytest.raises(UsageError, match=r"--text-column must be one of its columns \(a, b\), got 'text'"):
        score(b'{"a": 1}\n{"b": "x"}\n', name="in.jsonl", out="out.jsonl", text_column="text")


def test_to_csv(score: Score) -> None:
    """All keys of all lines become columns, nested values JSON."""
    data = b'{"text": "a", "tags": ["x", "y"]}\nbroken\n{"text": "b, c", "n": 1, "ok": true}\n'
    found = score(data, name="in.jsonl", out="out.csv")
    records = found.records()
    assert list(records[0]) == ["text", "tags", "line", "n", "ok", *OURS]
    assert records[0]["tags"] == '["x", "y"]'
    assert records[1]["line"] == "broken"
    assert records[2]["text"] == "b, c"
    assert (records[2]["n"], records[2]["ok"]) == ("1", "true")


def test_to_parquet(score: Score) -> None:
    """Types come from all lines; mixed kinds become text."""
    data = b'{"text": "a", "n": 1, "x": 1, "m": 1}\n{"text": "b", "n": 2, "x": 2.5, "m": "one"}\n{"text": null}\n'
    found = score(data, name="in.jsonl", out="out.parquet")
    table = pq.read_table(found.path)
    assert [str(table.schema.field(name).type) for name in ("n", "x", "m")] == ["int64", "double", "large_string"]
    assert table.column("x").to_pylist() == [1.0, 2.5, None]
    assert table.column("m").to_pylist() == ["1", "one", None]
    assert table.column("role").to_pylist()[2] == "unsure"


def test_encodings(score: Score) -> None:
    """The same as for CSV."""
    found = score('{"text": "é"}\n'.encode("utf-16"), name="in.jsonl", out="out.jsonl")
    assert parsed(found)[0]["text"] == "é"
    assert score(b'\xef\xbb\xbf{"text": "a"}\n', name="in.jsonl", out="out.jsonl").tally.errors == 0
