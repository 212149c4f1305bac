"""Types for the columns of tables whose values carry their own: JSON Lines and Excel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from classifier.tables.batches import to_json

_EXACT: Final = 1 << 53
_LARGEST: Final = 1 << 63

_SIMPLE: Final[dict[str, pa.DataType]] = {
    "string": pa.large_string(), "bool": pa.bool_(), "integer": pa.int64(), "small": pa.int64(),
    "number": pa.float64(), "date": pa.date32(), "moment": pa.timestamp("us"),
}  # fmt: skip


class Kinds:
    """What kinds of values were seen under each name."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take note of a row."""
        for name, value in record.items():
            self._seen.setdefault(name, set()).update(_kind(value))

    def schema(self) -> pa.Schema:
        """Return a type for each name; text, with JSON for what is no string, where kinds are mixed."""
        return pa.schema([(name, _type(kinds)) for name, kinds in self._seen.items()])


def _kind(value: object) -> Iterable[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("bool",)
    if isinstance(value, int):
        size = abs(value)
        return ("small" if size <= _EXACT else "integer" if size < _LARGEST else "large",)
    if isinstance(value, dt.datetime):
        return ("moment",) if value.tzinfo is None else ("other",)
    kinds = {str: "string", float: "number", dt.date: "date"}
    return (kinds.get(type(value), "other"),)


def _type(kinds: set[str]) -> pa.DataType:
    if kinds == {"small", "number"}:
        return pa.float64()
    if kinds == {"small", "integer"}:
        return pa.int64()
    if len(kinds) == 1:
        return _SIMPLE.get(next(iter(kinds)), pa.large_string())
    return pa.large_string()


def converted(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Return values as a column of a type that :meth:`Kinds.schema` gave."""
    if kind == pa.large_string():
        texts = (value if value is None or isinstance(value, str) else to_json(value) for value in values)
        clean = [None if text is None else text.encode("utf-8", "replace") for text in texts]
        return pa.array(clean, pa.large_string())
    if kind == pa.float64():
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, kind)
