"""Labelled texts of a file: as a classifier gets them, in folds and in slices."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from classifier.records import ROLES

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Row = dict[str, Any]

NAMES: Final = re.compile(
    r"\b(dev[\s/-]?(sec)?[\s/-]?ops|site[\s-]reliability(\s+engineer(s|ing)?)?|sres?"
    r"|platform\s+engineer(s|ing)?|cloud\s+(infrastructure\s+|platform\s+)?(engineer(s|ing)?|architects?))\b",
    re.IGNORECASE,
)
"""The roles' own names, which the blind measurement removes."""

PARTS: Final = 5
"""Parts into which a file without folds of its own is cut."""

SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Sample:
    """The texts of one file. ``texts`` are as asked (perhaps without names), ``rows`` as they were."""

    name: str
    rows: tuple[Row, ...]
    texts: tuple[str, ...]
    titles: tuple[str, ...] | None
    labels: Codes

    @property
    def joined(self) -> list[str]:
        """The texts with their titles, where titles are used, in front."""
        if self.titles is None:
            return list(self.texts)
        return [f"{title}\n{text}" for title, text in zip(self.titles, self.texts, strict=True)]

    @property
    def has_folds(self) -> bool:
        """Whether the file says itself how it is halved."""
        return all("fold" in row for row in self.rows)

    def folds(self) -> Codes:
        """Return the fold of each text: the file's own, or one of PARTS drawn by label."""
        if self.has_folds:
            names = sorted({str(row["fold"]) for row in self.rows})
            return np.array([names.index(str(row["fold"])) for row in self.rows])
        parts = np.zeros(len(self.rows), np.int64)
        cut = StratifiedKFold(PARTS, shuffle=True, random_state=SEED)
        for part, (_, held) in enumerate(cut.split(self.labels, self.labels)):
            parts[held] = part
        return parts

    def accepted(self) -> Flags:
        """Return (n, 5): which roles are right for each text, second ones included."""
        good = np.zeros((len(self.rows), len(ROLES)), bool)
        good[np.arange(len(self.rows)), self.labels] = True
        for number, row in enumerate(self.rows):
            for role in row.get("second") or []:
                good[number, ROLES.index(role)] = True
        return good


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a file of one JSON object a line, packed with gzip or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def read_sample(path: Path, *, blind: bool = False, title: bool = False) -> Sample:
    """Read a labelled file; ``blind`` removes the roles' names, ``title`` uses the posted titles."""
    rows = read_rows(path)
    return Sample(
        name=path.name,
        rows=rows,
        texts=tuple(NAMES.sub(" ", row["text"]) if blind else row["text"] for row in rows),
        titles=tuple(row.get("title") or "" for row in rows) if title else None,
        labels=np.array([ROLES.index(row["role"]) for row in rows]),
    )


def group(row: Row) -> str:
    """Return the label for counting facts: the role; for none also whether it is near the roles."""
    if row["role"] == "none" and isinstance(row.get("near"), bool):
        return "none:near" if row["near"] else "none:far"
    return str(row["role"])


def slices(sample: Sample) -> dict[str, Flags]:
    """Return the parts of a file that are told apart, by name."""
    lengths = np.array([len(text) for text in sample.texts])
    low, high = np.quantile(lengths, [1 / 3, 2 / 3])
    found = {
        f"short: up to {low:.0f} letters": lengths <= low,
        f"middle: up to {high:.0f} letters": (lengths > low) & (lengths <= high),
        f"long: over {high:.0f} letters": lengths > high,
    }
    if any(isinstance(row.get("near"), bool) for row in sample.rows):
        for name in ("none:near", "none:far"):
            found[name] = np.array([group(row) == name for row in sample.rows])
    for key in ("kind", "form"):
        values = sorted({str(row[key]) for row in sample.rows if row.get(key)})
        for value in values:
            found[f"{key}: {value}"] = np.array([str(row.get(key)) == value for row in sample.rows])
    return found
