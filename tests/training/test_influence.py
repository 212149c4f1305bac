"""The approximations of leaving one out against what they stand for: fits on all the others."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import spearmanr

from classifier.records import ROLES
from classifier.training import Corpus, fit
from classifier.training.corpus import Facts
from classifier.training.fit import Effort
from classifier.training.influence import Fitted, LeftOut, leave_one_out
from classifier.training.rows import Material, evened
from classifier.training.vocabulary import build_vocabulary

EFFORT = Effort(1.5, tolerance=1e-9, iterations=1000, solver="newton-cg")

Floats = npt.NDArray[np.float64]


class Refits:
    """Tickets of the shipped corpus, some of each role, and fits without any of them."""

    def __init__(self, corpus: Corpus, each: int, roles: tuple[str, ...] = ROLES) -> None:
        tickets = [example for example in corpus.examples if example.kind == "ticket"]
        # The same number of each role, from all over its file.
        mine = {role: [example for example in tickets if example.role == role] for role in roles}
        examples = tuple(found[len(found) * place // each] for found in mine.values() for place in range(each))
        facts = Facts()
        vocabulary = build_vocabulary(replace(corpus, facts=facts), [example.text for example in examples], 2, 4)
        rows = evened(Material(examples, vocabulary).take(list(range(len(examples)))))
        labels = np.unique(rows.labels, return_inverse=True)[1]
        # Weights that differ, as those of roles with few examples do.
        self.rows = replace(rows, labels=labels, weights=1.0 + 0.5 * labels / labels.max())
        self.transformer = fit.fit_idf(rows.counts)
        self.weighed = self.transformer.transform(rows.counts).tocsr()
        self.classes = len(roles)

    def left_out(self, shared: int = 200) -> LeftOut:
        head = fit.fit_head(self.rows, self.transformer, self.classes, EFFORT)
        penalty = (2 if self.classes == 2 else 1) / EFFORT.strength
        return leave_one_out(Fitted(self.weighed, self.rows.labels, self.rows.weights, head, penalty), shared)

    def without(self, *left: int) -> Floats:
        """Probabilities of all rows by a real fit that has not seen those."""
        kept = np.setdiff1d(np.arange(len(self.rows.labels)), left)
        rows = fit.Rows(self.rows.counts[kept], self.rows.labels[kept], self.rows.weights[kept])
        head = fit.fit_head(rows, self.transformer, self.classes, EFFORT)
        powers = np.exp(self.weighed @ head.weights + head.bias)
        shares: Floats = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def own(self, shares: Floats) -> Floats:
        """The probability of each row's own class."""
        found: Floats = shares[np.arange(len(shares)), self.rows.labels]
        return found


@pytest.mark.parametrize("roles", [ROLES, ("sre", "none"), ("devops", "platform", "none")], ids=len)
def test_each_example_left_out_is_what_a_refit_says(corpus: Corpus, roles: tuple[str, ...]) -> None:
    refits = Refits(corpus, 60 // len(roles), roles)
    left = refits.left_out()
    real = np.stack([refits.without(row)[row] for row in range(60)])
    assert np.abs(left.seen - refits.without()).max() < 1e-5
    assert np.abs(left.unseen - real).max() < 0.01
    assert np.abs(left.seen - real).max() > 0.05, "leaving out changes something"


def test_few_shared_dimensions_keep_the_order_and_err_to_one_side(corpus: Corpus) -> None:
    refits = Refits(corpus, 60)
    left = refits.left_out(shared=30)
    asked = range(0, 300, 6)
    real = np.array([refits.own(refits.without(row))[row] for row in asked])
    mine = refits.own(left.unseen)[asked]
    assert spearmanr(mine, real).statistic > 0.98
    assert np.abs(mine - real).mean() < 0.03
    assert mine.mean() < real.mean()


def test_what_the_others_gain_is_what_refits_without_two_say(corpus: Corpus) -> None:
    refits = Refits(corpus, 7)
    count = len(refits.rows.labels)
    left = refits.left_out()
    alone = np.array([-np.log(refits.own(refits.without(row))[row]) for row in range(count)])
    rise = np.zeros(count)
    for one, two in combinations(range(count), 2):
        both = -np.log(refits.own(refits.without(one, two)))
        rise[one] += refits.rows.weights[two] * (both[two] - alone[two])
        rise[two] += refits.rows.weights[one] * (both[one] - alone[one])
    slope, _ = np.polyfit(rise, left.others, 1)
    assert np.corrcoef(left.others, rise)[0, 1] > 0.97
    assert 0.9 < slope < 1.1


def test_wrong_labels_are_what_the_others_are_better_off_without(corpus: Corpus) -> None:
    refits = Refits(corpus, 60)
    labels = refits.rows.labels.copy()
    wrong = np.arange(5, 300, 12)
    labels[wrong] = (labels[wrong] + 1) % refits.classes
    refits.rows = replace(refits.rows, labels=labels)
    left = refits.left_out()
    own = refits.own(left.unseen)
    assert (left.others[wrong] < np.median(left.others)).mean() > 0.8
    assert (own[wrong] < np.median(own)).mean() > 0.8
