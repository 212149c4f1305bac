"""Read JSON Lines: one object a line, any keys, every line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from classifier.errors import InputError
from classifier.tables.batches import Batch
from classifier.tables.formats import STANDARD
from classifier.tables.infer import Kinds, converted
from classifier.tables.streams import TextReader, TextSource, open_bytes
from classifier.tables.windows import Window, windows

LINE: str = "line"
"""The key under which a line that is no object is kept."""


@dataclass(frozen=True)
class JsonlBatch(Batch):
    """Whole lines, blank ones among them; parsed when a worker asks."""

    lines: list[bytes]
    filled: list[int]
    names: list[str]
    types: pa.Schema | None
    rows: int
    position: int

    @cached_property
    def _parsed(self) -> list[dict[str, Any] | str]:
        """The objects, or why a line is none."""
        return [_parse(self.lines[place]) for place in self.filled]

    def problems(self) -> dict[int, str]:
        """Return why lines cannot be read: no JSON, no object, broken UTF-8."""
        return {row: record for row, record in enumerate(self._parsed) if isinstance(record, str)}

    def objects(self) -> list[dict[str, Any]]:
        """Return the rows as objects; a line that is none becomes an object that holds it as text."""
        texts = (self.lines[place].strip().decode("utf-8", "backslashreplace") for place in self.filled)
        return [
            record if isinstance(record, dict) else {LINE: text}
            for record, text in zip(self._parsed, texts, strict=True)
        ]

    def strings(self, column: int, skip: dict[int, str]) -> pa.Array:
        """Return the values of a key as Arrow strings; null where it is missing.

        A value that is neither a string nor null is noted in ``skip``.
        """
        name, values = self.names[column], []
        for row, record in enumerate(self._parsed):
            value = record.get(name) if isinstance(record, dict) else None
            if value is not None and not isinstance(value, str):
                skip.setdefault(row, f"{name}: must be a string, got {_KINDS.get(type(value), 'a number')}")
                value = None
            values.append(value)
        try:
            return pa.array(values, pa.large_string())
        except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and UTF-8 cannot
            texts = [value and value.encode("utf-8", "replace") for value in values]
            return pa.array(texts, pa.large_string())

    def first(self, rows: int) -> JsonlBatch:
        """Return the first rows alone."""
        filled = self.filled[:rows]
        return replace(self, lines=self.lines[: filled[-1] + 1], filled=filled, rows=rows)

    def arrow(self) -> pa.RecordBatch:
        """Return all keys as columns; only where the reader was asked for its schema."""
        if self.types is None:
            raise TypeError("the reader was not asked for its schema")
        objects = self.objects()
        columns = [converted([record.get(item.name) for record in objects], item.type) for item in self.types]
        return pa.RecordBatch.from_arrays(columns, schema=self.types)


_KINDS = {bool: "true or false", list: "a list", dict: "an object"}


def _parse(line: bytes) -> dict[str, Any] | str:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return "is not valid UTF-8"
    except RecursionError:
        return "is nested too deeply"
    except ValueError as error:
        return f"is no JSON: {error}"
    return record if isinstance(record, dict) else "must be a JSON object"


class JsonlReader(TextReader):
    """A JSON Lines file. ``names`` are the keys of its first lines, until all are asked for."""

    def __init__(self, source: TextSource) -> None:
        super().__init__(source)
        lines = source.head.splitlines(keepends=True)
        if not source.whole and len(lines) > 1:
            lines = lines[:-1]
        keys: dict[str, None] = {}
        for line in lines[:1000]:
            record = _parse(line)
            if isinstance(record, dict):
                keys.update(dict.fromkeys(record))
        self.names = list(keys)
        self._types: pa.Schema | None = None

    def schema(self) -> pa.Schema:
        """Return the keys of all lines and their types: the whole input is read once for it."""
        if self._types is not None:
            return self._types
        if self.source.total is None or self.source.name == STANDARD:
            raise InputError(
                f"{self.source.name}: only JSON Lines can be made of JSON Lines that come through a pipe, since the "
                "columns of another format are known at the end. Save the input to a file first"
            )
        name, encoding = self.source.name, self.source.encoding.name
        first = TextSource(name, open_bytes(name), encoding=encoding, compression=self.source.compression)
        kinds = Kinds()
        for batch in windows(first, 0, self._take):
            for record in batch.objects():
                kinds.add(record)
        first.close()
        self._types = kinds.schema()
        self.names = list(self._types.names)
        return self._types

    def batches(self, position: int) -> Iterator[JsonlBatch]:
        """Read on from ``position``."""
        self.source.skip(position)
        return windows(self.source, position, self._take)

    def _take(self, window: Window) -> tuple[JsonlBatch | None, int]:
        data = window.data[window.start : window.stop].tobytes()
        end = len(data) if window.final else data.rfind(b"\n") + 1
        if not end:
            return None, window.start
        lines = data[:end].split(b"\n")
        lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        filled = [place for place, line in enumerate(lines) if line.strip()]
        return JsonlBatch(
            lines, filled, self.names, self._types, len(filled), window.position + end
        ), window.start + end
