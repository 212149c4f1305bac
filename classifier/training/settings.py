"""Every number that training uses, in one frozen record that the manifest keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from classifier.training.fit import Effort
from classifier.training.simulate import Mixture

_AD: Final = Effort(1.3, tolerance=1e-3)
_TICKET: Final = Effort(3.0)
_KIND: Final = Effort(10.0, tolerance=1e-3, iterations=20)
_TITLE: Final = Effort(10.0, iterations=30)
_RESPONSIBILITY: Final = Effort(10.0, tolerance=1e-3, iterations=30)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is trained. The defaults were chosen by measurement: ``docs/method.md``."""

    seed: int = 20
    min_examples: int = 2
    min_pairs: int = 5
    documents_per_role: int = 1000
    counted_per_class: int = 500
    counted_smoothing: float = 100.0
    ad_effort: Effort = _AD
    ticket_effort: Effort = _TICKET
    kind_effort: Effort = _KIND
    title_effort: Effort = _TITLE
    responsibility_effort: Effort = _RESPONSIBILITY
    piece_weight: float = 1.0
    whole_ad_weight: float = 4.0
    ad_mass: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.5)
    ticket_mass: tuple[float, ...] = (1.0, 1.8, 0.7, 1.0, 1.5)
    ad_in_tickets: float = 0.1
    short_ad_weight: float = 0.03
    statement_weight: float = 10.0
    naming: tuple[float, float] = (0.4, 0.3)
    other_jobs: float = 0.3
    unnamed: tuple[float, float] = (0.3, 0.0)
    temperature: tuple[float, float] = (1.0, 0.6)
    title: float = 1.3
    title_names: tuple[float, float] = (6.0, 2.0)
    conflict: float = 0.8
    mixture: Mixture = field(default_factory=Mixture)

    @classmethod
    def brief(cls, documents_per_role: int, iterations: int) -> Settings:
        """Return settings that train a weaker model quickly, for tests and trials."""
        effort = Effort(2.0, iterations=iterations)
        return cls(
            documents_per_role=documents_per_role,
            counted_per_class=documents_per_role // 3,
            ad_effort=effort,
            ticket_effort=effort,
            kind_effort=effort,
            title_effort=effort,
            responsibility_effort=effort,
        )
