"""The first rows of a scored table, for people to look at."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifier.tables.parquet import ParquetReader

SEARCHED: Final = 100_000
"""Rows in which rows of one role are looked for."""
SHOWN: Final = 300
"""Characters of a value that are shown."""


def excerpt(path: Path, kind: str, role: str | None, limit: int) -> list[dict[str, Any]]:
    """Return up to ``limit`` rows of a table, those decided as ``role`` where one is given."""
    wanted = (row for row in islice(_rows(path, kind), SEARCHED) if role is None or row.get("role") == role)
    return [{name: _cut(value) for name, value in row.items()} for row in islice(wanted, limit)]


def _rows(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    if kind == "parquet":
        with closing(ParquetReader(str(path), path.open("rb"))) as reader:
            for batch in reader.batches(0):
                yield from batch.arrow().to_pylist()
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        if kind == "jsonl":
            for line in file:
                found = json.loads(line)
                yield found if isinstance(found, dict) else {"value": found}
            return
        csv.field_size_limit(sys.maxsize)
        for row in csv.DictReader(file, restkey="", restval="", delimiter="\t" if kind == "tsv" else ","):
            yield {name: value for name, value in row.items() if name}


def _cut(value: object) -> object:
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif not isinstance(value, str | int | None) and not (isinstance(value, float) and math.isfinite(value)):
        value = str(value)  # times, decimals, bytes and infinity, which JSON has not
    return value if not isinstance(value, str) or len(value) <= SHOWN else f"{value[:SHOWN]}..."
