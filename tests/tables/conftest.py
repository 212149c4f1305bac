"""A small answer that needs no model, and a way to score bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from classifier.records import PROBABILITY_COLUMNS, ROLES
from classifier.tables import Columns, Options, Tally, score_file


def tiny_answer(texts: pa.Array, titles: pa.Array | None) -> Columns:
    """Answer by the length of the text alone; fail for texts with 'BOOM' in them."""
    if any("BOOM" in (text or "") for text in texts.to_pylist()):
        raise ValueError("went boom")
    sizes = np.asarray([len(text or "") for text in texts.to_pylist()], np.int64)
    weights = np.stack([1 + sizes % 7, 2 + sizes % 3, 1 + sizes % 5, 3 + 0 * sizes, 1 + 0 * sizes], 1)
    shares = weights / weights.sum(1, keepdims=True)
    order = np.argsort(-shares, axis=1, kind="stable")
    names = np.asarray(ROLES, object)
    empty = pc.equal(pc.fill_null(pc.binary_length(texts), 0), 0)
    columns: Columns = {
        "role": pc.if_else(empty, "unsure", pa.array(names[order[:, 0]], pa.string())),
        "best": pa.array(names[order[:, 0]], pa.string()),
        "runner_up": pa.array(names[order[:, 1]], pa.string()),
        "confidence": pa.array(shares.max(1) if len(sizes) else np.zeros(0)),
    }
    for place, name in enumerate(PROBABILITY_COLUMNS):
        columns[name] = pa.array(np.ascontiguousarray(shares[:, place]))
    columns["reason"] = pc.if_else(empty, "empty", "")
    if titles is not None:
        columns["title_conflict"] = pc.fill_null(pc.equal(titles, "conflict"), False)
    return columns | {"model": pa.repeat(pa.scalar("tiny"), len(texts))}


OURS = [
    "role", "best", "runner_up", "confidence", *PROBABILITY_COLUMNS, "reason", "model", "error",
]  # fmt: skip
"""Our columns without a title."""


@dataclass
class Outcome:
    """What came of scoring: the counts, the output and its name, the lines said."""

    tally: Tally
    path: Path
    said: list[str] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """The bytes written."""
        return self.path.read_bytes()

    def rows(self, delimiter: str = ",") -> list[list[str]]:
        """The output read as a CSV by Python, header and all."""
        text = self.data.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))

    def records(self, delimiter: str = ",") -> list[dict[str, str]]:
        """The output read as a CSV by Python."""
        text = self.data.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


Score = Callable[..., Outcome]


@pytest.fixture
def score(tmp_path: Path) -> Score:
    """Score bytes as a file of some name; options are those of Options."""

    def run(data: bytes, name: str = "in.csv", out: str = "out.csv", **options: Any) -> Outcome:
        source = tmp_path / name
        source.write_bytes(data)
        said: list[str] = []
        chosen = Options(source=str(source), target=str(tmp_path / out), **options)
        tally = score_file(chosen, tiny_answer, signature="tiny", say=said.append)
        return Outcome(tally, tmp_path / out, said)

    return run
