"""What came out: rows, errors, the share of each role, why rows are unsure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow.compute as pc

from classifier.records import REASONS, ROLES, UNSURE
from classifier.tables.batches import Answered

NAMED: Final = 20
"""Rows with errors that are named one by one."""


@dataclass
class Tally:
    """Counts that grow with each batch; ``named`` are the first rows with errors: row, id, why."""

    rows: int = 0
    errors: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    named: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, answered: Answered, id_column: int | None) -> None:
        """Count a batch."""
        for problem in sorted(answered.problems)[: max(0, NAMED - len(self.named))]:
            name = "" if id_column is None else _name(answered, problem, id_column)
            self.named.append((self.rows + problem + 1, name, answered.problems[problem]))
        self.rows += answered.batch.rows
        self.errors += len(answered.problems)
        self.roles += _counts(answered, "role")
        self.reasons += _counts(answered, "reason")

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values, roles and reasons in the order of the contract."""
        return {
            "rows": self.rows,
            "errors": self.errors,
            "roles": {role: self.roles[role] for role in (*ROLES, UNSURE)},
            "unsure": {reason: self.reasons[reason] for reason in REASONS if reason},
        }

    def to_note(self) -> dict[str, Any]:
        """Return all of it as JSON-ready values, for a run that goes on from here."""
        return {
            "rows": self.rows, "errors": self.errors, "roles": dict(self.roles), "reasons": dict(self.reasons),
            "named": self.named,
        }  # fmt: skip

    @classmethod
    def from_note(cls, note: dict[str, Any]) -> Tally:
        """Return what :meth:`to_note` gave."""
        named = [(int(row), str(name), str(why)) for row, name, why in note["named"]]
        return cls(note["rows"], note["errors"], Counter(note["roles"]), Counter(note["reasons"]), named)


def _counts(answered: Answered, name: str) -> Counter[str]:
    column = answered.columns.get(name)
    if column is None:
        return Counter()
    counted = pc.value_counts(column).to_pylist()
    return Counter({item["values"]: item["counts"] for item in counted if item["values"]})


def _name(answered: Answered, row: int, id_column: int) -> str:
    value = answered.batch.strings(id_column, {})[row].as_py()
    return "" if value is None else str(value)
