"""The share of each role in a scored table, corrected for errors measured on labelled rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.errors import InputError, UsageError
from classifier.records import ROLES, UNSURE

if TYPE_CHECKING:
    from classifier.tables import Tally


@dataclass(frozen=True, slots=True)
class Errors:
    """How often each label got which answer, as ``evaluate --report`` measured it of a model."""

    table: list[list[int]]


def read_errors(path: Path, model: str) -> Errors:
    """Read a ``report.json``; raise InputError if it is none, UsageError if it is of another model."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        table, measured = found["decisions"]["rows_are_labels"], found["model"]
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}). Make it: rolecall evaluate FILE --report DIR"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: is no report.json. Make it: rolecall evaluate FILE --report DIR") from None
    if measured != model:
        raise UsageError(
            f"{path}: must be of model {model}, got one of {measured}. Measure this one: rolecall evaluate"
        )
    return Errors(table)


def shares(tally: Tally, errors: Errors) -> dict[str, Any]:
    """Return the share of each role among the scored rows: counted, and corrected with an interval of 95 %."""
    import numpy as np

    from classifier.evaluation.shares import corrected_shares

    answered = np.array([tally.roles[role] for role in (*ROLES, UNSURE)], np.float64)
    return corrected_shares(answered, np.array(errors.table, np.float64))


def lines(found: dict[str, Any]) -> list[str]:
    """Return the shares for people to read."""
    return [
        f"share of {role}: counted {share['plain']:.1%}, corrected {share['value']:.1%} "
        f"({share['low']:.1%} to {share['high']:.1%})"
        for role, share in found.items()
    ]
