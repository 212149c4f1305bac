"""Ask a classifier about labelled texts and return the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.evaluation.figures import Outcome, figures
from classifier.model import Texts
from classifier.records import ROLES

if TYPE_CHECKING:
    from classifier.pipeline import Answers, Classifier


def evaluate(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str], titles: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the figures of a classifier on texts whose roles are known; see ``docs/method.md``."""
    answers, outcome = outcome_of(classifier, texts, labels, titles)
    return figures(outcome) | {"model": answers.model}


def outcome_of(
    classifier: Classifier, texts: Sequence[str], labels: Sequence[str], titles: Sequence[str] | None = None
) -> tuple[Answers, Outcome]:
    """Return the answers for texts, and what was asked and answered as the figures need it."""
    answers = classifier.answer(Texts.of(list(texts)), None if titles is None else Texts.of(list(titles)))
    wanted = np.array([ROLES.index(label) for label in labels], np.int64)
    decided = answers.decisions.role < len(ROLES)
    return answers, Outcome(wanted, answers.scores.probabilities, decided)
