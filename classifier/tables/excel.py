"""Read and write Excel workbooks; the only door to calamine and XlsxWriter (the extra ``excel``)."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, Final, TypeVar

import pyarrow as pa

from classifier.errors import InputError, OutputError, UsageError
from classifier.tables.batches import Answered, Batch, to_json
from classifier.tables.columns import beside, distinct, listed, numbered
from classifier.tables.formats import OTHERWISE
from classifier.tables.infer import Kinds, converted

ROWS: Final = 1024
"""Rows of a batch."""

MOST_ROWS: Final = 1_048_576
LONGEST: Final = 32_767
"""What a sheet and a cell of it can hold."""

_EXACT: Final = 10**15

_FORMATS: Final = {dt.datetime: "yyyy-mm-dd hh:mm:ss", dt.date: "yyyy-mm-dd", dt.time: "hh:mm:ss"}

Result = TypeVar("Result")


@dataclass(frozen=True)
class ExcelBatch(Batch):
    """Rows of a sheet as Python values; empty cells are None."""

    values: list[list[Any]]
    names: list[str]
    types: pa.Schema
    rows: int
    position: int

    def problems(self) -> dict[int, str]:
        """Return nothing: what can be opened can be read."""
        return {}

    def strings(self, column: int, skip: dict[int, str]) -> pa.Array:
        """Return a column as Arrow strings."""
        return converted([row[column] for row in self.values], pa.large_string())

    def first(self, rows: int) -> ExcelBatch:
        """Return the first rows alone."""
        return replace(self, values=self.values[:rows], rows=rows)

    def arrow(self) -> pa.RecordBatch:
        """Return all columns."""
        columns = [converted([row[i] for row in self.values], item.type) for i, item in enumerate(self.types)]
        return pa.RecordBatch.from_arrays(columns, schema=self.types)

    def cells(self) -> Iterator[tuple[Any, ...]]:
        """Go through the rows, each cell as it was."""
        return (tuple(row) for row in self.values)


class ExcelReader:
    """One sheet of a workbook, the first if none is named; it is read as a whole."""

    unit = "rows"

    def __init__(self, name: str, file: IO[bytes], *, header: bool, sheet: str | None) -> None:
        try:
            from python_calamine import CalamineError, CalamineWorkbook
        except ImportError:
            raise UsageError(_missing(name, "reading")) from None
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            there = workbook.sheet_names
            if sheet is not None and sheet not in there:
                raise UsageError(f"{name}: --sheet must be one of {listed(there)}, got {sheet!r}. Give one of them")
            rows = workbook.get_sheet_by_name(sheet or there[0]).to_python(skip_empty_area=False)
            file.close()
        except (CalamineError, OSError, ValueError, IndexError) as error:
            raise InputError(f"{name}: must be an Excel workbook, got something else ({error}). {OTHERWISE}") from None
        values = [[_cell(value) for value in row] for row in rows]
        while values and all(value is None for value in values[-1]):
            values.pop()
        if not values:
            raise InputError(
                f"{name}: must have a first row with the names of its columns, got an empty sheet. Name another with "
                "--sheet"
            )
        self.has_header = header
        self.names = (
            ["" if value is None else str(value) for value in values.pop(0)] if header else numbered(len(values[0]))
        )
        self._values = values
        self.total: int | None = len(values)
        self.passed = 0
        kinds = Kinds()
        places = distinct(self.names)
        kinds.add(dict.fromkeys(places))
        for row in values:
            kinds.add(dict(zip(places, row, strict=True)))
        self._types = kinds.schema()

    def schema(self) -> pa.Schema:
        """Return the types of the columns; text where the kinds of cells are mixed."""
        return self._types

    def batches(self, position: int) -> Iterator[ExcelBatch]:
        """Read on from the row ``position``."""
        for start in range(position, len(self._values), ROWS):
            rows = self._values[start : start + ROWS]
            self.passed = start + len(rows)
            yield ExcelBatch(rows, self.names, self._types, len(rows), self.passed)

    def close(self) -> None:
        """Do nothing: the file was read and let go."""


class _Quiet:
    """A file that takes no more after it failed once: a zip archive ends itself even after an error."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.failed = file, False

    def write(self, data: bytes) -> int:
        """Add bytes."""
        return len(data) if self.failed else self._try(lambda: self._file.write(data))

    def tell(self) -> int:
        """Return the place in the file."""
        return 0 if self.failed else self._try(self._file.tell)

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return 0 if self.failed else self._try(lambda: self._file.seek(place, whence))

    def flush(self) -> None:
        """Send what is waiting."""
        if not self.failed:
            self._try(self._file.flush)

    def _try(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except OSError:
            self.failed = True
            raise


class ExcelTable:
    """Writes rows and ours to the only sheet of a workbook."""

    resumable = False

    def __init__(self, name: str, file: IO[bytes], names: Sequence[str], ours: Sequence[str], *, header: bool) -> None:
        try:
            import xlsxwriter
        except ImportError:
            raise UsageError(_missing(name, "writing")) from None
        self._name, self._row = name, 0
        self._folder = tempfile.TemporaryDirectory(prefix="rolecall-")
        self._file = _Quiet(file)
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True, "tmpdir": self._folder.name})
        self._sheet = self._book.add_worksheet("rolecall")
        self._formats = {kind: self._book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        if header:
            self.append([[*beside(list(names), ours), *ours]])

    def encode(self, answered: Answered) -> list[list[Any]]:
        """Return the rows of a batch with ours."""
        ours = [column.to_pylist() for column in answered.columns.values()]
        rows = zip(answered.batch.cells(), zip(*ours, strict=True), strict=True)
        return [[*theirs, *added] for theirs, added in rows]

    def append(self, rows: list[list[Any]]) -> None:
        """Write rows; raise OutputError for what a sheet cannot hold."""
        for values in rows:
            if self._row >= MOST_ROWS:
                raise OutputError(f"{self._name}: a sheet holds {MOST_ROWS} rows, got more. Write .csv or .parquet")
            for column, value in enumerate(values):
                self._write(column, value)
            self._row += 1

    def finish(self) -> None:
        """Write the workbook."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # what the system said
        self._folder.cleanup()

    def abandon(self) -> None:
        """Remove what the library keeps on disk while a sheet grows."""
        self._book.fileclosed = True  # it would complain later that it was not closed
        self._file.failed = True
        self._sheet.row_data_fh.close()
        self._folder.cleanup()

    def _write(self, column: int, value: object) -> None:
        """Write one cell: text stays text, whatever it looks like."""
        if value is None or value == "" or value != value:  # the last is a NaN
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
        elif isinstance(value, int | float) and abs(value) < _EXACT:
            self._sheet.write_number(self._row, column, value)
        elif type(value) in self._formats and getattr(value, "tzinfo", None) is None:
            self._sheet.write_datetime(self._row, column, value, self._formats[type(value)])
        else:
            text = value if isinstance(value, str) else to_json(value).strip('"')
            if len(text) > LONGEST:
                raise OutputError(
                    f"{self._name}: a cell holds {LONGEST} characters, got {len(text)} in row {self._row + 1}, column "
                    f"{column + 1}. Write .csv or .parquet"
                )
            self._sheet.write_string(self._row, column, text)


def _cell(value: object) -> object:
    """Return a cell's value: None for an empty one, whole numbers as such."""
    if value == "" and isinstance(value, str):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _missing(name: str, doing: str) -> str:
    return (
        f"{name}: {doing} Excel workbooks needs the extra 'excel', which is not installed. "
        "Install it: pip install 'rolecall[excel]'"
    )
