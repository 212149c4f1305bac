"""Tables in memory: the same kind comes out, with the answers of one text at a time."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from classifier.errors import UsageError
from classifier.frames import texts_of
from classifier.pipeline import Classifier

TEXTS = [
    "Define SLOs and run blameless postmortems; carry the pager for production.",
    "",
    None,
    "Build the internal developer platform: golden paths, self-service, a service catalogue.",
    "Kinderbetreuung gesucht für zwei Kinder am Nachmittag, gerne mit Erfahrung.",
    "word " * 40_000,
]
TITLES = ["SRE", None, "Nurse", "Platform Engineer", "", "x"]


def a_table(rows: int = 6) -> pa.Table:
    """Return a table of many types, with a column named like one of ours."""
    table = pa.table(
        {
            "id": pa.array(range(6), pa.int8()),
            "text": pa.array(TEXTS),
            "title": pa.array(TITLES),
            "role": pa.array([["nested"], None, [], [], [], []]),
            "day": pa.array([dt.date(2024, 1, 2)] * 6),
        },
    )
    return pa.concat_tables([table] * (rows // 6)).replace_schema_metadata({"made": "by us"})


def check(records: list[dict[str, object]], classifier: Classifier, *, titles: bool) -> None:
    """Compare rows with the answers of one text at a time."""
    for place, record in enumerate(records):
        text, title = TEXTS[place % 6] or "", TITLES[place % 6] or ""
        expected = classifier.classify(text, title=title if titles else None)
        assert record["role"] == expected.role
        assert record["best"] == expected.best
        assert record["runner_up"] == expected.runner_up
        assert record["reason"] == expected.reason
        assert record["model"] == expected.model
        assert record["error"] == ""
        assert record["confidence"] == pytest.approx(expected.confidence, abs=1e-12)
        for role, probability in expected.probabilities.items():
            assert record[f"p_{role}"] == pytest.approx(probability, abs=1e-12)
        assert ("title_conflict" in record) == titles


@pytest.mark.parametrize("titles", [False, True])
def test_arrow(classifier: Classifier, titles: bool) -> None:
    """Tables, record batches and readers; types and metadata stay."""
    title = "title" if titles else None
    table = a_table(12)
    scored = classifier.score(table, text="text", title=title)
    assert isinstance(scored, pa.Table)
    assert scored.column_names[:5] == ["id", "text", "title", "role_input", "day"]
    assert scored.schema.metadata == {b"made": b"by us"}
    assert scored.select(["id", "text", "title", "role_input", "day"]).rename_columns(table.column_names).equals(table)
    check(scored.to_pylist(), classifier, titles=titles)

    batch = table.combine_chunks().to_batches()[0].slice(6, 6)
    scored_batch = classifier.score(batch, text="text", title=title)
    assert isinstance(scored_batch, pa.RecordBatch)
    check(scored_batch.to_pylist(), classifier, titles=titles)

    reader = classifier.score(table.to_reader(max_chunksize=5), text="text", title=title)
    assert isinstance(reader, pa.RecordBatchReader)
    check(reader.read_all().to_pylist(), classifier, titles=titles)


@pytest.mark.parametrize("titles", [False, True])
def test_pandas(classifier: Classifier, titles: bool) -> None:
    """The index, labels that are no strings, and types stay."""
    frame = pd.DataFrame({"text": TEXTS, "title": TITLES, 7: range(6), "role": [1.5] * 6}, index=list("aabbcc"))
    scored = classifier.score(frame, text="text", title="title" if titles else None)
    assert isinstance(scored, pd.DataFrame)
    assert list(scored.columns[:4]) == ["text", "title", 7, "role_input"]
    assert list(scored.index) == list("aabbcc")
    assert scored[7].dtype == frame[7].dtype
    check(scored.to_dict("records"), classifier, titles=titles)
    assert list(frame.columns) == ["text", "title", 7, "role"]
    for kind in ("category", "object", "string"):
        check(classifier.score(frame.astype({"text": kind}), text="text").to_dict("records"), classifier, titles=False)


@pytest.mark.parametrize("titles", [False, True])
def test_polars(classifier: Classifier, titles: bool) -> None:
    """Types stay."""
    frame = pl.DataFrame({"text": TEXTS, "title": TITLES, "role": [1.5] * 6})
    scored = classifier.score(frame, text="text", title="title" if titles else None)
    assert isinstance(scored, pl.DataFrame)
    assert scored.columns[:3] == ["text", "title", "role_input"]
    check(scored.to_dicts(), classifier, titles=titles)


def test_no_rows(classifier: Classifier) -> None:
    """None in, none out, with all columns."""
    table = a_table().slice(0, 0)
    assert classifier.score(table, text="text").num_rows == 0
    assert classifier.score(pd.DataFrame({"text": []}, dtype="str")).shape == (0, 13)
    assert classifier.score(pl.DataFrame({"text": []}, schema={"text": pl.String})).shape == (0, 13)
    batch = pa.RecordBatch.from_pydict({"text": pa.array([], pa.string())})
    assert classifier.score(batch).num_rows == 0


def test_the_text_is_known_by_name(classifier: Classifier) -> None:
    """If it is not given."""
    assert classifier.score(pa.table({"id": [1], "Description": ["a"]})).num_columns == 14
    with pytest.raises(UsageError, match=r"got id\. Name it with text="):
        classifier.score(pa.table({"id": [1]}))


@pytest.mark.parametrize(
    "table, line",
    [
        (pa.table({"text": [1]}), "column 'text' must hold text, got int64"),
        (pd.DataFrame({"text": [1, 2]}), "column 'text' must hold text, got int64"),
        (pd.DataFrame({"text": ["a", 2]}), "column 'text' must hold text, got"),
        (pl.DataFrame({"text": [1.5]}), "column 'text' must hold text, got double"),
        (pl.LazyFrame({"text": ["a"]}), "must be a pyarrow Table.*got polars.*LazyFrame. Convert it"),
        (pd.Series(["a"]), "must be a pyarrow Table.*got pandas.*Series"),
        (["a"], "must be a pyarrow Table.*got builtins.list"),
        (pa.array(["a"]), "must be a pyarrow Table.*got pyarrow.*StringArray"),
    ],
)
def test_anything_else_is_refused(classifier: Classifier, table: object, line: str) -> None:
    """With one line that says what is allowed."""
    with pytest.raises(UsageError, match=line):
        classifier.score(table, text="text")


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
@pytest.mark.parametrize("start, size", [(0, 6), (2, 3), (5, 1), (6, 0)])
def test_texts_of_a_slice(kind: pa.DataType, start: int, size: int) -> None:
    """Nulls are empty texts."""
    texts = texts_of(pa.array(TEXTS).cast(kind).slice(start, size))
    assert [texts.text(row) for row in range(len(texts))] == [text or "" for text in TEXTS[start : start + size]]


def test_texts_are_not_copied() -> None:
    """The bytes are those of Arrow."""
    array = pa.array(["some", "words"], pa.large_string())
    assert texts_of(array).data.ctypes.data == array.buffers()[2].address
    assert texts_of(array.slice(1)).data.ctypes.data == array.buffers()[2].address


def test_a_null_with_bytes_is_empty() -> None:
    """Arrow allows bytes under a null; they are no text."""
    offsets, data = np.array([0, 3, 6], np.int32), np.frombuffer(b"abcdef", np.uint8)
    buffers = [pa.py_buffer(b"\x02"), pa.py_buffer(offsets), pa.py_buffer(data)]
    texts = texts_of(pa.Array.from_buffers(pa.string(), 2, buffers))
    assert [texts.text(row) for row in range(2)] == ["", "def"]


def test_no_library_is_loaded_for_another() -> None:
    """Scoring an Arrow table loads no polars; pandas may be loaded by pyarrow itself."""
    code = (
        "import sys, pyarrow as pa; from classifier.frames import score\n"
        "def answer(texts, titles): return {'role': pa.repeat(pa.scalar('sre'), len(texts))}\n"
        "assert score(pa.table({'text': ['a']}), answer, text=None, title=None).column('role').to_pylist() == ['sre']\n"
        "print(sorted({'polars', 'sklearn', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
