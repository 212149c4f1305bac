"""Read and write Parquet, a piece of a row group at a time; types and metadata are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import IO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from classifier.errors import InputError
from classifier.tables.batches import Answered, Batch, Columns, plain
from classifier.tables.columns import beside, distinct
from classifier.tables.formats import OTHERWISE

ROWS: Final = 1024
"""Rows of a batch."""

GROUP: Final = 64 << 20
"""Bytes in memory after which a row group is written."""


@dataclass(frozen=True)
class ParquetBatch(Batch):
    """Rows as Arrow holds them."""

    table: pa.RecordBatch
    rows: int
    position: int

    def problems(self) -> dict[int, str]:
        """Return nothing: what can be opened can be read."""
        return {}

    def strings(self, column: int, skip: dict[int, str]) -> pa.Array:
        """Return a column as Arrow strings."""
        return plain(self.table.column(column))

    def first(self, rows: int) -> ParquetBatch:
        """Return the first rows alone."""
        return replace(self, table=self.table.slice(0, rows), rows=rows)

    def arrow(self) -> pa.RecordBatch:
        """Return all columns."""
        return self.table


class ParquetReader:
    """A Parquet file; positions and sizes count rows.

    With ``counting``, texts are read as references to what the file keeps once, to be measured and not used.
    """

    unit = "rows"

    def __init__(self, name: str, file: IO[bytes], *, counting: bool = False) -> None:
        self.name, self._raw = name, file
        try:
            self._file = pq.ParquetFile(file, pre_buffer=False)
            if counting:
                self._file = pq.ParquetFile(file, pre_buffer=False, read_dictionary=_texts(self._file.schema_arrow))
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{name}: must be a Parquet file, got something else ({_line(error)}). {OTHERWISE}"
            ) from None
        self.names: list[str] = list(self._file.schema_arrow.names)
        self.total: int | None = self._file.metadata.num_rows
        self.passed = 0

    def schema(self) -> pa.Schema:
        """Return the types of the columns."""
        return self._file.schema_arrow

    def batches(self, position: int) -> Iterator[ParquetBatch]:
        """Read on from the row ``position``, which ends a batch."""
        row = 0
        for group in range(self._file.num_row_groups):
            size = self._file.metadata.row_group(group).num_rows
            if row + size <= position:
                row += size
                continue
            for table in self._group(group):
                row += table.num_rows
                if row > position:
                    self.passed = row
                    yield ParquetBatch(table, table.num_rows, row)

    def _group(self, group: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(batch_size=ROWS, row_groups=[group], use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.name}: row group {group + 1} is damaged ({_line(error)}). Get it again") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()


def unpacked(name: str, most: int) -> int:
    """Return how many bytes the rows of a file are in memory; count no further than just beyond ``most``.

    A text that is kept once and referred to by a million rows counts a million times, and is not
    made a million times to be counted. Raises InputError where the file cannot be read.
    """
    with open(name, "rb") as file, closing(ParquetReader(name, file, counting=True)) as reader:
        size = 0
        for batch in reader.batches(0):
            size += sum(map(_size, batch.table.columns))
            if size > most:
                break
        return size


def _size(column: pa.Array) -> int:
    if not (pa.types.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return int(pc.sum(lengths.cast(pa.int64())).as_py() or 0) + 4 * len(column)


class ParquetTable:
    """Writes rows and ours to a Parquet file."""

    resumable = False

    def __init__(self, file: IO[bytes], schema: pa.Schema, ours: Columns) -> None:
        names = beside(distinct(schema.names), list(ours))
        theirs = [item.with_name(name) for item, name in zip(schema, names, strict=True)]
        added = [pa.field(name, column.type) for name, column in ours.items()]
        self._schema = pa.schema([*theirs, *added], metadata=schema.metadata)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._size = 0

    def encode(self, answered: Answered) -> pa.RecordBatch:
        """Return the rows of a batch with ours."""
        arrays = [*answered.batch.arrow().columns, *answered.columns.values()]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def append(self, rows: pa.RecordBatch) -> None:
        """Write rows, or keep them until there are enough for a row group."""
        self._waiting.append(rows)
        self._size += rows.nbytes
        if self._size >= GROUP:
            self._write()

    def finish(self) -> None:
        """Write what is left and the footer."""
        self._write()
        self._writer.close()

    def abandon(self) -> None:
        """Close the library's writer, which would complain later."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting, self._size = [], 0


def _texts(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if _is_text(field.type)]


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
