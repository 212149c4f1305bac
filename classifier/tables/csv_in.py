"""Read CSV and TSV: any dialect, any damage, every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from classifier.errors import InputError
from classifier.tables import dialect as dialects
from classifier.tables import scan
from classifier.tables.batches import Batch
from classifier.tables.columns import distinct, numbered
from classifier.tables.dialect import Dialect
from classifier.tables.scan import Bytes, Ints
from classifier.tables.streams import TextReader, TextSource
from classifier.tables.windows import Window, windows

LONGEST: Final = 256 << 20
"""Bytes after which a row stops waiting for its closing quote."""

SPANS: Final = 1 << 17
"""Fields noted in one batch at most; it ends early in tables of many short rows."""


@dataclass(frozen=True)
class CsvBatch(Batch):
    """Rows as they stand in the file: bytes, with the place of each row and of the noted fields."""

    data: Bytes
    start: int
    stop: int
    found: Ints
    spans: Ints
    slots: Ints
    columns: int
    dialect: Dialect
    types: pa.Schema
    rows: int
    position: int

    def problems(self) -> dict[int, str]:
        """Return why rows cannot be read: the wrong number of fields, an open quote, broken UTF-8."""
        found = self.found
        odd = (found[:, scan.FIELDS] != self.columns) | (found[:, scan.UNCLOSED] != 0)
        problems = {int(row): self._problem(int(row)) for row in np.flatnonzero(odd)}
        return problems if is_utf8(self.data[self.start : self.stop]) else problems | self._broken()

    def _problem(self, row: int) -> str:
        if self.found[row, scan.UNCLOSED]:
            return "a quote is opened and never closed"
        count = int(self.found[row, scan.FIELDS])
        kind = "few" if count < self.columns else "many"
        return f"too {kind} fields: the table has {self.columns} columns, this row {count}"

    def _broken(self) -> dict[int, str]:
        pieces = ((row, self.data[start:end]) for row, (start, end) in enumerate(self.found[:, :2]))
        return {row: "is not valid UTF-8" for row, piece in pieces if not is_utf8(piece)}

    def strings(self, column: int, skip: dict[int, str]) -> pa.Array:
        """Return a noted column as Arrow strings; the rows of ``skip`` are empty."""
        spans = self.spans[:, self.slots[column]]
        if skip:
            spans = spans.copy()
            spans[list(skip)] = 0
        return as_strings(dialects.values(self.data, spans, self.dialect))

    def first(self, rows: int) -> CsvBatch:
        """Return the first rows alone."""
        stop = int(self.found[rows, scan.START])
        return replace(self, stop=stop, found=self.found[:rows], spans=self.spans[:rows], rows=rows)

    def row(self, row: int) -> list[bytes]:
        """Return the fields of one row, as many as the table has columns.

        Missing ones are empty; what is too much stays in the last, as it stands in the file.
        """
        start, end = self.found[row, :2]
        raw = self.data[start:end].tobytes()
        spans = dialects.fields(raw, self.dialect, whole=True, columns=self.columns, limit=1)[1][0]
        if self.found[row, scan.FIELDS] > self.columns:
            spans[-1] = spans[-1, 0], len(raw), scan.PLAIN
        fields: list[bytes] = dialects.values(np.frombuffer(raw, np.uint8), spans, self.dialect).to_pylist()
        return fields

    def arrow(self) -> pa.RecordBatch:
        """Return all columns as strings; only where the reader was asked for its schema."""
        odd = self.problems()
        repaired = {row: self.row(row) for row in odd}
        columns = []
        for column in range(self.columns):
            values = self.strings(column, odd)
            if repaired:
                mask = pa.array([row in repaired for row in range(self.rows)])
                fields = [text_of(fields[column]) for fields in repaired.values()]
                values = pc.replace_with_mask(values, mask, pa.array(fields, values.type))
            columns.append(values)
        return pa.RecordBatch.from_arrays(columns, schema=self.types)


class CsvReader(TextReader):
    """A CSV or TSV whose rows are read in batches of about :data:`classifier.tables.windows.BATCH` bytes."""

    def __init__(self, source: TextSource, dialect: Dialect, *, header: bool) -> None:
        super().__init__(source)
        self.dialect, self.has_header = dialect, header
        self.names, self.header_start, self.header_end, self.body = dialects.header(
            source.head, dialect, whole=source.whole
        )
        if not self.names:
            got = "an empty file" if not source.head.strip(b"\r\n") else "one of more than 1 MB"
            raise InputError(
                f"{source.name}: must have a first row with the names of its columns, got {got}. Check that it is the "
                "right file"
            )
        if not header:
            self.names, self.body = numbered(len(self.names)), 0
        self.lead = source.head[: self.body]
        self._noted: tuple[int, ...] | None = None

    def note(self, columns: tuple[int, ...]) -> None:
        """Say which columns will be asked for, so that the others are passed over quickly."""
        self._noted = columns

    @cached_property
    def _types(self) -> pa.Schema:
        return pa.schema([(name, pa.large_string()) for name in distinct(self.names)])

    def schema(self) -> pa.Schema:
        """Return the types of the columns: all are text."""
        self._noted = None
        return self._types

    def batches(self, position: int) -> Iterator[CsvBatch]:
        """Read on from ``position``."""
        position = max(position, self.body)
        self.source.skip(position)
        noted = range(len(self.names)) if self._noted is None else self._noted
        slots = np.full(len(self.names), -1)
        slots[list(noted)] = range(len(noted))
        limit = max(256, SPANS // max(len(noted), 1))
        rows, spans = np.zeros((limit, 4), np.int64), np.zeros((limit, len(noted), 3), np.int64)

        def take(window: Window) -> tuple[CsvBatch | None, int]:
            delimiter, quote = self.dialect.codes
            forced = window.stop - window.start >= LONGEST
            count, end = scan.scan(
                window.data, window.start, window.stop, window.final, forced, delimiter, quote,
                slots, rows[:1] if forced else rows, spans,
            )  # fmt: skip
            if end == window.start and not window.final:
                return None, end
            return CsvBatch(
                window.data, window.start, end, rows[:count].copy(), spans[:count].copy(), slots, len(self.names),
                self.dialect, self._types, count, window.position + end - window.start,
            ), end  # fmt: skip

        yield from windows(self.source, position, take)


def is_utf8(data: Bytes) -> bool:
    """Whether all the bytes are valid UTF-8, none cut in two."""
    offsets = pa.py_buffer(np.array([0, data.size], np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def as_strings(values: pa.Array) -> pa.Array:
    """Return Arrow bytes as Arrow strings, without copying; they are not checked."""
    return pa.Array.from_buffers(pa.large_string(), len(values), values.buffers())


def text_of(value: bytes) -> str:
    """Return bytes as text; those that are no UTF-8 become the replacement character."""
    return value.decode("utf-8", "replace")
