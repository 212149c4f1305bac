"""What an explanation is made of, as frozen records; offsets count characters of the text as it was sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from classifier.records import Result

SHOWN_TERMS: Final = 20
"""Terms that are written out in JSON; the others are added up."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment that matches a documented responsibility: ``quote`` is ``text[start:end]``.

    ``strength`` is the probability, 0 to 1, that the segment speaks of this responsibility and of
    no other, nor of none; ``statement`` says the responsibility in the words of the model's corpus.
    """

    start: int
    end: int
    responsibility: str
    statement: str
    strength: float
    quote: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word, pair or triple and what it adds to the difference; ``place`` is ``text`` or ``title``."""

    term: str
    weight: float
    place: str = "text"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Why ``role`` and not ``against``: the difference of their log-odds, taken apart without a rest.

    ``difference`` is the sum of the weights of ``terms``, of ``names`` (how the text, and the
    title, name a role or another job; by role), of ``unnamed`` (that the text names no role) and
    of ``bias``. Every weight holds how much the text is read as an ad or as a ticket, and the temperature.
    """

    role: str
    against: str
    difference: float
    terms: tuple[Term, ...]
    names: dict[str, float]
    unnamed: float
    bias: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: the strongest terms, and the sum of the others."""
        shown, others = self.terms[:SHOWN_TERMS], self.terms[SHOWN_TERMS:]
        return {
            "role": self.role,
            "against": self.against,
            "difference": self.difference,
            "terms": [asdict(term) for term in shown],
            "other_terms": sum(term.weight for term in others),
            "names": dict(self.names),
            "unnamed": self.unnamed,
            "bias": self.bias,
        }


@dataclass(frozen=True, slots=True)
class Naming:
    """The phrase in which the text, or the title, names a role as its own; ``none`` stands for another job.

    ``weight`` is what the surroundings of the name say, in log-odds.
    """

    role: str
    phrase: str
    start: int
    end: int
    weight: float
    place: str = "text"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the text names: ``name`` as the list has it, ``text[start:end]`` as the text does."""

    name: str
    family: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text: ``quote`` is ``text[start:end]``."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Change:
    """Segments without which the most probable role would be ``role`` instead; each of them is needed."""

    role: str
    segments: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one text, and why. ``change`` is None where no few segments decide."""

    text: str
    result: Result
    evidence: tuple[Evidence, ...]
    contrast: Contrast
    naming: tuple[Naming, ...]
    tools: tuple[Tool, ...]
    change: Change | None

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that argued for the role (above 0) and for the runner-up (below), strongest first."""
        return self.contrast.terms

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, without the text itself."""
        return self.result.to_dict() | {
            "evidence": [asdict(item) for item in self.evidence],
            "contrast": self.contrast.to_dict(),
            "naming": [asdict(item) for item in self.naming],
            "tools": [asdict(item) for item in self.tools],
            "change": None if self.change is None else asdict(self.change),
        }
