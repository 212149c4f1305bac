"""How good the answers are: figures on labelled texts."""

from __future__ import annotations

from classifier.evaluation.figures import Outcome, figures
from classifier.evaluation.measure import evaluate

__all__ = ["Outcome", "evaluate", "figures"]
