"""The compiled passes against Python's csv module."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.tables import dialect as dialects
from classifier.tables import scan
from classifier.tables.dialect import Dialect

COMMA = Dialect()


def by_us(data: bytes, dialect: Dialect = COMMA) -> list[list[str]]:
    """Read all rows with the compiled passes."""
    rows, _, _ = dialects.fields(data, dialect, whole=True)
    widest = int(rows[:, scan.FIELDS].max(initial=0))
    rows, spans, _ = dialects.fields(data, dialect, whole=True, columns=widest)
    view = np.frombuffer(data, np.uint8)
    return [
        [value.decode() for value in dialects.values(view, span[: row[scan.FIELDS]], dialect).to_pylist()]
        for row, span in zip(rows, spans, strict=True)
    ]


def by_csv(data: bytes) -> list[list[str]]:
    """Read all rows but blank lines with Python's csv module."""
    return [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]


def closes(data: bytes) -> bool:
    """Whether no quote is left open."""
    rows, _, _ = dialects.fields(data, Dialect(), whole=True)
    return not rows[:, scan.UNCLOSED].any()


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.text(alphabet='ab,"\n\r é\0;', max_size=60))
def test_rows_and_values_are_those_of_pythons_csv(text: str) -> None:
    """Whatever the bytes are, if no quote is left open."""
    data = text.encode()
    if closes(data):
        assert by_us(data) == by_csv(data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.text(alphabet='ab,"\n\r é', max_size=8), min_size=2, max_size=4), max_size=6))
def test_what_python_writes_is_read_back(table: list[list[str]]) -> None:
    """Values go there and back."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    assert by_us(out.getvalue().encode()) == table


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet='ab,"\n\r', max_size=40), st.integers(0, 40))
def test_a_part_gives_the_first_rows_of_the_whole(text: str, size: int) -> None:
    """A window that ends anywhere gives whole rows, the same as the whole gives, and says where they end."""
    data = text.encode()
    if not closes(data):
        return
    part = data[:size]
    rows, _, end = dialects.fields(part, Dialect(), whole=False)
    assert end <= len(part)
    assert by_us(data[:end]) == by_us(data)[: len(rows)]
    assert by_us(data[:end]) + by_us(data[end:]) == by_us(data)


@pytest.mark.parametrize(
    "data, rows",
    [
        (b'1,"open\n2,b\n3,c\n', [["1", '"open'], ["2", "b"], ["3", "c"]]),
        (b'1,a\n"2,b', [["1", "a"], ['"2', "b"]]),
        (b'"', [['"']]),
        (b'1,"a ""b\n2,""\n', [["1", '"a ""b'], ["2", ""]]),
    ],
)
def test_an_open_quote_swallows_nothing(data: bytes, rows: list[list[str]]) -> None:
    """A quote that is never closed is a character like others."""
    assert by_us(data) == rows


def test_open_quotes_cost_no_more_than_twice() -> None:
    """A file full of quotes is read in one go and a half, not in as many as it has quotes."""
    data = b'a,"b\n' + b'x,"""\n' * 20_000
    rows, _, end = dialects.fields(data, Dialect(), whole=True, limit=30_000)
    assert end == len(data)
    assert len(rows) > 0


def test_each_pass_is_compiled_once() -> None:
    """No caller hands over arrays of another kind, which would cost seconds at run time."""
    by_us(b"a,b\n1,2\n")
    for name in ("scan", "gather"):
        assert len(getattr(scan, name).signatures) == 1
