"""Look at every written example by itself: what the others say of it, and what it does to them.

These are hints, for people to judge. What breaks a rule is found by :mod:`classifier.training.check`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from classifier.normalise import tokens
from classifier.records import ROLES
from classifier.training import fit
from classifier.training.check import WRITTEN
from classifier.training.corpus import Corpus, Example
from classifier.training.influence import Fitted, LeftOut, leave_one_out
from classifier.training.likeness import MARGIN
from classifier.training.neighbours import close_groups, nearest
from classifier.training.rows import Material, evened
from classifier.training.settings import Settings
from classifier.training.train import Progress
from classifier.training.vocabulary import build_vocabulary

TIGHT: Final = 1e-5
"""Tolerance of the fit: leaving one out is reckoned from the optimum, so the fit has to reach it."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What leaving out one example changes.

    ``seen`` and ``unseen`` are the probabilities of its own role by a regression that has seen it
    and by one that has not; ``instead`` is the likeliest other role of the second, with its
    ``probability``. ``others`` is by how much the loss of all other examples together rises
    without it, in nats: well below zero, they are
    better off.
    """

    example: Example
    seen: float
    unseen: float
    instead: str
    probability: float
    others: float

    @property
    def own(self) -> float:
        """By how much its own loss rises without it, in nats."""
        return float(np.log(max(self.seen, 1e-300)) - np.log(max(self.unseen, 1e-300)))


@dataclass(frozen=True, slots=True)
class Doubt:
    """An example that reads like another role, and the nearest example of that role with its cosine."""

    influence: Influence
    near: Example
    likeness: float


@dataclass(frozen=True, slots=True)
class Close:
    """Examples of nearly the same words, and the greatest cosine among them."""

    likeness: float
    examples: tuple[Example, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that they have, each once."""
        return tuple(dict.fromkeys(example.role for example in self.examples))


@dataclass(frozen=True, slots=True)
class Deep:
    """What was found: the most doubtful first, of several roles and then the closest first, influences as read."""

    doubtful: tuple[Doubt, ...] = ()
    close: tuple[Close, ...] = ()
    influences: tuple[Influence, ...] = ()


def check_deeply(corpus: Corpus, *, progress: Progress | None = None) -> Deep:
    """Return what the written examples (ads, tickets and tasks) say of one another.

    They are read as a model reads them: the same words, pairs and triples, the same weights, and
    the regression of the tickets, with every role of the same mass. ``progress`` is called with a
    line for each step. Nothing is found where there are fewer than two roles.
    """
    say = progress or (lambda _: None)
    say("counting words")
    examples = tuple(each for each in corpus.examples if each.kind in WRITTEN and tokens(each.text))
    settings = Settings()
    present = sorted({ROLES.index(example.role) for example in examples})
    if len(present) < 2:
        return Deep()
    texts = [example.text for example in examples]
    vocabulary = build_vocabulary(corpus, texts, settings.min_examples, settings.min_pairs)
    if not vocabulary.terms:
        return Deep()
    rows = evened(Material(examples, vocabulary).take(list(range(len(examples)))))
    rows = replace(rows, labels=np.searchsorted(present, rows.labels))
    transformer = fit.fit_idf(rows.counts)
    weighed = transformer.transform(rows.counts).tocsr()
    say("fitting a regression")
    effort = replace(settings.ticket_effort, tolerance=TIGHT, iterations=1000, solver="newton-cg")
    head = fit.fit_head(rows, transformer, len(present), effort)
    say("leaving out each example")
    penalty = (2.0 if len(present) == 2 else 1.0) / effort.strength
    left = leave_one_out(Fitted(weighed, rows.labels, rows.weights, head, penalty))
    influences = _influences(examples, rows.labels, left, [ROLES[role] for role in present])
    say("comparing all examples")
    labels = np.array([ROLES.index(example.role) for example in examples], np.int64)
    return Deep(_doubtful(influences, weighed, labels), _close(examples, weighed), influences)


def _influences(
    examples: tuple[Example, ...], labels: npt.NDArray[np.int64], left: LeftOut, roles: list[str]
) -> tuple[Influence, ...]:
    every = np.arange(len(labels))
    rest = left.unseen.copy()
    rest[every, labels] = -1.0
    instead = rest.argmax(axis=1)
    columns = zip(
        examples,
        left.seen[every, labels].tolist(),
        left.unseen[every, labels].tolist(),
        [roles[place] for place in instead.tolist()],
        rest[every, instead].tolist(),
        left.others.tolist(),
        strict=True,
    )
    return tuple(Influence(*column) for column in columns)


def _doubtful(
    influences: tuple[Influence, ...], rows: sp.csr_matrix, labels: npt.NDArray[np.int64]
) -> tuple[Doubt, ...]:
    """Return the examples that the others take for another role's, by the margin of the check."""
    lead = np.array([each.probability - each.unseen for each in influences])
    order = np.argsort(-lead, kind="stable")
    asked = order[lead[order] >= MARGIN].tolist()
    wanted = np.array([ROLES.index(influences[row].instead) for row in asked], np.int64)
    places, cosines = nearest(rows, labels, asked, wanted)
    return tuple(
        Doubt(influences[row], influences[place].example, cosine)
        for row, place, cosine in zip(asked, places.tolist(), cosines.tolist(), strict=True)
    )


def _close(examples: tuple[Example, ...], rows: sp.csr_matrix) -> tuple[Close, ...]:
    groups = [Close(cosine, tuple(examples[row] for row in members)) for cosine, members in close_groups(rows)]
    return tuple(sorted(groups, key=lambda group: len(group.roles) == 1))
