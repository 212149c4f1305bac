"""The nouns: roles, reasons, results and policies as plain values.

Everything that travels between the stages is one of these frozen records or a numpy or
Arrow array. This module imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

ROLES: Final = ("devops", "sre", "platform", "cloud", "none")
"""The five answers, in the order of every probability array."""

NAMED_ROLES: Final = ROLES[:4]
"""The four roles that a text can belong to."""

RESPONSIBILITIES: Final = tuple(f"{role}-{number}" for role in NAMED_ROLES for number in range(1, 6))
"""The twenty documented responsibilities, in the document's order."""

UNSURE: Final = "unsure"
"""The decision of a careful person who cannot tell."""

REASONS: Final = ("", "empty", "too_short", "not_english", "unfamiliar", "ambiguous")
"""Why the decision is ``unsure``; the empty text where it is not."""

PROBABILITY_COLUMNS: Final = tuple(f"p_{role}" for role in ROLES)


@dataclass(frozen=True, slots=True)
class Policy:
    """When to answer ``unsure``: thresholds chosen on held-out rows and kept with the model.

    ``min_confidence`` holds one probability for each of the five roles, in the order of
    :data:`ROLES`; an answer whose confidence lies below that of its role is ``ambiguous``.
    ``min_tokens`` counts words of two letters or more; ``min_known`` is the share of them,
    0 to 1, that the model must have seen in training; ``min_english`` is the share below
    which the language is asked for.
    """

    name: str = "default"
    min_confidence: tuple[float, float, float, float, float] = (0.62, 0.62, 0.62, 0.62, 0.62)
    min_tokens: int = 2
    min_known: float = 0.3
    min_english: float = 0.6

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as JSON-ready values."""
        return {
            "name": self.name,
            "min_confidence": list(self.min_confidence),
            "min_tokens": self.min_tokens,
            "min_known": self.min_known,
            "min_english": self.min_english,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The answer for one text: the same record in Python, JSON and (flattened) in tables."""

    role: str
    best: str
    runner_up: str
    confidence: float
    probabilities: dict[str, float]
    reason: str
    model: str
    title_conflict: bool | None = None
    responsibilities: tuple[str, ...] | None = None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as it is sent in JSON; absent parts are left out."""
        record: dict[str, Any] = {
            "role": self.role,
            "best": self.best,
            "runner_up": self.runner_up,
            "confidence": self.confidence,
            "probabilities": dict(self.probabilities),
            "reason": self.reason,
        }
        if self.title_conflict is not None:
            record["title_conflict"] = self.title_conflict
        if self.responsibilities is not None:
            record["responsibilities"] = list(self.responsibilities)
        record["model"] = self.model
        record["error"] = self.error
        return record


@dataclass(frozen=True, slots=True)
class Role:
    """One documented role: its title, the names it goes by, and its five responsibilities."""

    id: str
    title: str
    definition: str
    names: tuple[str, ...]
    neighbours: dict[str, str]
    responsibilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the manifest of a model on disk says of it; ``statements`` are the responsibilities it was trained on."""

    name: str
    id: str
    created: str
    corpus_hash: str
    format: int
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
