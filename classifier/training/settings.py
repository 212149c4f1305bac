"""Every number that training uses, in one frozen record that the manifest keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from classifier.training.simulate import Mixture


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is trained. The defaults were chosen by measurement: ``docs/method.md``."""

    seed: int = 20
    min_examples: int = 2
    min_pairs: int = 4
    documents_per_role: int = 1000
    counted_per_class: int = 300
    counted_smoothing: float = 100.0
    ad_strength: float = 2.0
    ticket_strength: float = 10.0
    title_strength: float = 10.0
    responsibility_strength: float = 10.0
    piece_weight: float = 1.0
    iterations: int = 60
    naming: tuple[float, float] = (0.4, 0.1)
    other_jobs: float = 0.35
    unnamed: tuple[float, float] = (0.2, 0.0)
    temperature: tuple[float, float] = (1.0, 1.0)
    title: float = 1.3
    title_names: tuple[float, float] = (6.0, 2.0)
    conflict: float = 0.8
    target_precision: float = 0.9
    mixture: Mixture = field(default_factory=Mixture)
