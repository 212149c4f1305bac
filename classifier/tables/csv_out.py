"""Write CSV and TSV: the rows of a CSV as they stand with ours woven in, or rows of other tables."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from classifier.tables import scan
from classifier.tables.batches import Answered, Columns, plain
from classifier.tables.columns import beside
from classifier.tables.csv_in import CsvBatch, CsvReader
from classifier.tables.dialect import Dialect, with_quote

LINE_END: Final = b"\n"


@dataclass(frozen=True, slots=True)
class WovenCsv:
    """From a CSV to a CSV of the same dialect: every byte of a good row stays, ours come at its end.

    A row with too few fields gets empty ones, one with too many keeps the surplus in its last
    input column, as it stands in the file; both are quoted anew. Blank lines stay.
    """

    reader: CsvReader
    ours: tuple[str, ...]

    def head(self) -> bytes:
        """Return the header, with ours."""
        reader, delimiter = self.reader, self.reader.dialect.delimiter.encode()
        mark = codecs.BOM_UTF8 if reader.source.encoding.mark else b""
        if not reader.has_header:
            return mark
        lead, start, end = reader.lead, reader.header_start, reader.header_end
        names, fields = beside(reader.names, self.ours), lead[start:end]
        if names != reader.names:
            fields = delimiter.join(field(name.encode(), reader.dialect) for name in names)
        ours = b"".join(delimiter + name.encode() for name in self.ours)
        return mark + lead[:start] + fields + ours + (lead[end:] or LINE_END)

    def encode(self, answered: Answered) -> bytes:
        """Return the rows of a batch with ours."""
        batch = answered.batch
        if not isinstance(batch, CsvBatch):
            raise TypeError(f"needs rows of a CSV, got {type(batch).__name__}")
        suffixes = _suffixes(answered.columns, self.reader.dialect)
        pieces, place, row = [], batch.start, 0
        for odd in sorted(answered.problems):
            if batch.found[odd, scan.FIELDS] == batch.columns and not batch.found[odd, scan.UNCLOSED]:
                continue  # only its letters are broken: it stands as it is
            start, end = (int(value) for value in batch.found[odd, :2])
            pieces += [_woven(batch, place, start, row, odd, suffixes), self._repaired(batch, odd)]
            pieces.append(suffixes[odd].as_buffer().to_pybytes())
            place, row = end, odd + 1
        pieces.append(_woven(batch, place, batch.stop, row, batch.rows, suffixes))
        return b"".join(pieces)

    def _repaired(self, batch: CsvBatch, row: int) -> bytes:
        dialect = batch.dialect
        return dialect.delimiter.encode().join(field(value, dialect) for value in batch.row(row))


def _woven(batch: CsvBatch, start: int, stop: int, row: int, last: int, suffixes: pa.Array) -> bytes:
    """Return the bytes from ``start`` to ``stop`` with the suffixes of the rows ``row`` to ``last`` put in."""
    offsets = np.frombuffer(suffixes.buffers()[1], np.int64)[row : last + 1]
    added = np.frombuffer(suffixes.buffers()[2] or b"", np.uint8)
    added.flags.writeable = False
    out = np.empty(stop - start + int(offsets[-1] - offsets[0]), np.uint8)
    ends = np.ascontiguousarray(batch.found[row:last, scan.END])
    scan.weave(batch.data, start, stop, ends, added, offsets.copy(), out)
    return out.tobytes()


def _suffixes(columns: Columns, dialect: Dialect) -> pa.Array:
    """Return what comes after each row: our fields, each with a delimiter before it."""
    fields = []
    for name, column in columns.items():
        text = plain(column)
        if name == "error":
            text = pa.array([_message(value.as_py(), dialect) for value in text], text.type) if _any(text) else text
        fields.append(text)
    lead = pa.repeat(pa.scalar("", pa.large_string()), len(fields[0]))
    joined = pc.binary_join_element_wise(
        lead, *fields, pa.scalar(dialect.delimiter, pa.large_string()), null_handling="replace", null_replacement=""
    )
    return joined


def _any(text: pa.Array) -> bool:
    return bool(pc.any(pc.not_equal(text, "")).as_py())


def _message(text: str, dialect: Dialect) -> str:
    return field(text.encode(), dialect).decode()


def field(value: bytes, dialect: Dialect) -> bytes:
    """Return a value as a field, quoted where it needs to be."""
    special = (dialect.delimiter, dialect.quote, "\r", "\n") if dialect.quote else (dialect.delimiter, "\r", "\n")
    return dialect.quoted(value) if any(mark.encode() in value for mark in special) else value


@dataclass(frozen=True, slots=True)
class ArrowCsv:
    """From any table to a CSV: all values become text, nested ones JSON."""

    names: tuple[str, ...]
    ours: tuple[str, ...]
    dialect: Dialect
    header: bool = True

    def head(self) -> bytes:
        """Return the header, with ours."""
        names = [*beside(self.names, self.ours), *self.ours]
        dialect = with_quote(self.dialect)
        line = dialect.delimiter.encode().join(field(name.encode(), dialect) for name in names)
        return line + LINE_END if self.header else b""

    def encode(self, answered: Answered) -> bytes:
        """Return the rows of a batch with ours."""
        columns = [plain(column) for column in (*answered.batch.arrow().columns, *answered.columns.values())]
        table = pa.Table.from_arrays(columns, names=[str(place) for place in range(len(columns))])
        out = io.BytesIO()
        options = pa.csv.WriteOptions(include_header=False, delimiter=self.dialect.delimiter, quoting_style="needed")
        pa.csv.write_csv(table, out, options)
        return out.getvalue()
