"""What goes from readers to writers: batches of rows, and the same batches answered."""

from __future__ import annotations

import datetime as dt
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

Columns = dict[str, pa.Array]
"""Our columns of a batch by name, in order, as long as the batch."""

Answer = Callable[[pa.Array, "pa.Array | None"], Columns]
"""The scorer: texts, and titles where there are any, to our columns."""


class Batch(ABC):
    """Some rows of a table, and where in the input the next ones start."""

    rows: int
    position: int

    @abstractmethod
    def problems(self) -> dict[int, str]:
        """Return why rows cannot be read, by their number in the batch."""

    @abstractmethod
    def strings(self, column: int, skip: dict[int, str]) -> pa.Array:
        """Return a column as Arrow strings; the rows of ``skip`` may be anything."""

    @abstractmethod
    def first(self, rows: int) -> Batch:
        """Return the first rows alone; ``rows`` is less than there are."""

    @abstractmethod
    def arrow(self) -> pa.RecordBatch:
        """Return all columns with the schema of the reader."""

    def cells(self) -> Iterator[tuple[Any, ...]]:
        """Go through the rows as Python values."""
        columns = [column.to_pylist() for column in self.arrow().columns]
        return zip(*columns, strict=True) if columns else iter([()] * self.rows)


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch with our columns; in the rows of ``problems`` all but the last, ``error``, are null."""

    batch: Batch
    columns: Columns
    problems: dict[int, str]


class Reader(Protocol):
    """A table that is being read; ``names`` are its columns as they stand there."""

    names: list[str]

    @property
    def unit(self) -> str:
        """What :attr:`total` and :attr:`passed` count: ``bytes`` or ``rows``."""

    @property
    def total(self) -> int | None:
        """How much there is to read; None if that is not known."""

    @property
    def passed(self) -> int:
        """How much was read so far."""

    def schema(self) -> pa.Schema:
        """Return the types of the columns, for writers that need them."""

    def batches(self, position: int) -> Iterator[Batch]:
        """Read on from a position that an earlier batch gave; 0 is the start."""

    def close(self) -> None:
        """Let go of the file."""


def plain(array: pa.Array) -> pa.Array:
    """Return a column as Arrow strings of 64-bit offsets; nested values become JSON, times ISO 8601."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    try:
        return array.cast(pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # nested values, durations, bytes that are no text
        values = array.to_pylist()
    return pa.array([_as_cell(value) for value in values], pa.large_string())


def _as_cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return to_json(value) if isinstance(value, dict | list | tuple) else _as_text(value)


def to_json(value: object) -> str:
    """Return a value as JSON on one line; bytes, times and what is no number become strings."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_as_text, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_as_text)


def _finite(value: object) -> object:
    """Return a value with null for each NaN, and 'inf' or '-inf' for the infinite."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def blanked(columns: Columns, problems: dict[int, str], rows: int) -> Columns:
    """Return our columns with ``error`` added, and null beside each error."""
    if not problems:
        return columns | {"error": pa.repeat(pa.scalar(""), rows)}
    bad = [row in problems for row in range(rows)]
    mask = pa.array(bad)
    empty = {name: pc.if_else(mask, pa.scalar(None, column.type), column) for name, column in columns.items()}
    return empty | {"error": pa.array([problems.get(row, "") for row in range(rows)], pa.string())}
