"""How many texts of each role there are in a batch without labels, given the errors the classifier is known to make."""

from __future__ import annotations

from typing import Any

import numpy as np

from classifier.evaluation.figures import Floats, Outcome
from classifier.records import ROLES


def decisions(outcome: Outcome) -> Floats:
    """Return how many labelled texts of each label (row) got which of the five roles or, last, ``unsure`` (5, 6)."""
    table = np.zeros((len(ROLES), len(ROLES) + 1))
    np.add.at(table, (outcome.labels, np.where(outcome.decided, outcome.best, len(ROLES))), 1.0)
    return table


def corrected_shares(answered: Floats, table: Floats, draws: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Return the share of each role among texts without labels, corrected for the classifier's known errors.

    ``answered`` (k,) counts the answers of a batch, the five roles first and perhaps ``unsure``;
    ``table`` (5, k) counts labelled texts by label (row) and answer. The shares are those that would
    lead to the answers seen, by expectation and maximisation on hard answers (Saerens, Latinne and
    Decaestecker 2002). The interval of 95 % is a bootstrap over both: the table's rows are drawn from
    a Dirichlet distribution with half a text added to each cell (Jeffreys), the answers from a
    multinomial one.
    """
    total = float(answered.sum())
    plain = answered / total if total else np.zeros(len(answered))
    rates = (table + 0.5) / (table + 0.5).sum(axis=1, keepdims=True)
    chance = np.random.default_rng(seed)
    drawn = np.stack([chance.dirichlet(row, draws) for row in table + 0.5], axis=1)
    counts = (
        chance.multinomial(int(total), plain, draws) / max(total, 1.0) if total else np.zeros((draws, len(answered)))
    )
    simulated = _unmixed(counts, drawn)
    low, high = np.quantile(simulated, [0.025, 0.975], axis=0)
    value = _unmixed(plain[None, :], rates[None])[0]
    return {
        role: {"plain": float(plain[i]), "value": float(value[i]), "low": float(low[i]), "high": float(high[i])}
        for i, role in enumerate(ROLES)
    }


def _unmixed(answers: Floats, rates: Floats, steps: int = 300) -> Floats:
    """Return the shares of labels (n, 5) that best explain shares of answers (n, k) at error rates (n, 5, k)."""
    shares = np.full((len(answers), rates.shape[1]), 1.0 / rates.shape[1])
    for _ in range(steps):
        joint = shares[:, :, None] * rates
        weights = answers[:, None, :] / np.maximum(joint.sum(axis=1, keepdims=True), 1e-12)
        shares = (joint * weights).sum(axis=2)
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    found: Floats = shares
    return found
