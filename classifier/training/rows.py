"""Which rows train which head: the examples, simulated ads and counted documents, weighted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp

from classifier.records import RESPONSIBILITIES, ROLES
from classifier.training import fit
from classifier.training.corpus import Corpus, Example
from classifier.training.settings import Settings
from classifier.training.simulate import counted_documents, simulated_ads
from classifier.training.vocabulary import Vocabulary

WHOLE_AD: Final = 600
"""Characters from which a written ad is a whole one, not a piece of one."""


SHORT: Final = 150
"""Different terms below which a piece of an ad is short: some sixty words."""


@dataclass(frozen=True, slots=True)
class Material:
    """The examples and how often each term stands in each of them."""

    examples: tuple[Example, ...]
    vocabulary: Vocabulary

    def rows(self, *kinds: str) -> list[int]:
        """Return the numbers of the examples of these kinds."""
        return [row for row, example in enumerate(self.examples) if example.kind in kinds]

    def take(self, rows: list[int], weight: float = 1.0) -> fit.Rows:
        """Return examples as training rows labelled with their role."""
        labels = [ROLES.index(self.examples[row].role) for row in rows]
        return fit.rows_of(self.vocabulary.counts[rows], labels, weight)


def ad_rows(material: Material, corpus: Corpus, settings: Settings) -> fit.Rows:
    """Simulated ads, counted documents, the written pieces and whole ads, and the statements."""
    rng = np.random.default_rng(settings.seed)
    pieces = material.rows("ad", "naming", "task")
    examples = [material.examples[row] for row in pieces]
    single = material.take(pieces)
    holds, roles = simulated_ads(examples, settings.documents_per_role, rng, settings.mixture)
    simulated = fit.Rows((holds @ single.counts).tocsr(), roles, np.ones(len(roles)))
    whole = [len(example.text) > WHOLE_AD and example.kind == "ad" for example in examples]
    single = replace(single, weights=np.where(whole, settings.whole_ad_weight, settings.piece_weight))
    drawn, labels = counted_documents(
        corpus.facts, material.vocabulary.terms, settings.counted_per_class, settings.counted_smoothing, rng
    )
    counted = fit.Rows(drawn, labels, fit.balanced(labels))
    stated = material.take(material.rows("statement"), settings.statement_weight)
    return fit.stack(simulated, evened(fit.stack(single, stated), settings.ad_mass), counted)


def ticket_rows(material: Material, settings: Settings) -> fit.Rows:
    """Tickets and tasks, the statements, and a little of the ads."""
    parts = (
        material.take(material.rows("ticket", "task")),
        material.take(material.rows("ad"), settings.ad_in_tickets),
        material.take(material.rows("statement"), settings.statement_weight),
    )
    return evened(fit.stack(*parts), settings.ticket_mass)


def title_rows(material: Material) -> fit.Rows:
    """Titles alone."""
    return evened(material.take(material.rows("title")))


def kind_rows(ads: fit.Rows, material: Material, settings: Settings) -> fit.Rows:
    """Ads (1) and tickets (0). Short pieces of ads, which might as well be tickets, say little of what an ad is."""
    tickets = material.take(material.rows("ticket", "task"))
    short = np.diff(ads.counts.indptr) < SHORT
    weights = np.concatenate([np.where(short, settings.short_ad_weight, 1.0), np.ones(len(tickets.labels))])
    labels = np.repeat(np.array([1, 0]), (len(short), len(tickets.labels)))
    return fit.Rows(sp.vstack([ads.counts, tickets.counts]).tocsr(), labels, fit.balanced(labels, weights))


def responsibility_rows(material: Material) -> fit.Rows:
    """Examples by the responsibility they show, 0 to 19; 20 is none of them."""
    none = len(RESPONSIBILITIES)
    rows = [
        row
        for row, example in enumerate(material.examples)
        if example.responsibility or (example.role == "none" and example.kind != "title")
    ]
    shown = [material.examples[row].responsibility for row in rows]
    labels = [RESPONSIBILITIES.index(name) if name else none for name in shown]
    return evened(fit.rows_of(material.vocabulary.counts[rows], labels))


def evened(rows: fit.Rows, mass: tuple[float, ...] | None = None) -> fit.Rows:
    """Return rows whose classes have the same mass, or that many times as much as ``mass`` says of each."""
    weights = fit.balanced(rows.labels, rows.weights)
    return replace(rows, weights=weights if mass is None else np.array(mass)[rows.labels] * weights)
