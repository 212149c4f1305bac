"""Documents made from the corpus: whole ads from written pieces, bags of words from counts.

A real ad holds a few dozen lines, of which some speak of its own role, some of its
neighbours', and many of nothing in particular. :func:`simulated_ads` draws such documents from
the written pieces. :func:`counted_documents` draws bags of terms whose shares follow what was
counted on real texts. Both are seeded: the same corpus gives the same documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from classifier.records import NAMED_ROLES, ROLES
from classifier.training.corpus import Example, Facts

NONE: Final = ROLES.index("none")


@dataclass(frozen=True, slots=True)
class Mixture:
    """How a simulated ad is mixed; the defaults were chosen on held-out real ads."""

    shortest: int = 6
    longest: int = 45
    own: tuple[float, float] = (1.0, 3.0)
    foreign: float = 0.7
    neighbouring: float = 0.6


class _Pools:
    """Row numbers of the pieces by what they speak of."""

    def __init__(self, examples: Sequence[Example]) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, example in enumerate(examples):
            rows[example.group or example.role].append(row)
        self.rows = {name: np.array(found) for name, found in rows.items()}
        self.near = sorted(name for name in rows if name.startswith("near:"))
        self.far = sorted(name for name in rows if name.startswith("far:"))
        boilerplate = [row for name in sorted(rows) if name.startswith("boilerplate:") for row in rows[name]]
        self.boilerplate = np.array(boilerplate)


def simulated_ads(
    examples: Sequence[Example], per_role: int, rng: np.random.Generator, mixture: Mixture
) -> tuple[sp.csr_matrix, npt.NDArray[np.int64]]:
    """Return which pieces each simulated ad holds, (documents, examples), and its role, 0 to 4.

    ``per_role`` documents are made for each of the four roles and twice as many for none.
    """
    pools = _Pools(examples)
    documents: list[npt.NDArray[np.int64]] = []
    roles: list[int] = []
    for role in range(len(ROLES)):
        for _ in range(per_role * (2 if role == NONE else 1)):
            documents.append(_document(pools, role, rng, mixture))
            roles.append(role)
    lengths = [len(document) for document in documents]
    rows = np.repeat(np.arange(len(documents)), lengths)
    columns = np.concatenate(documents)
    ones = np.ones(len(columns))
    return sp.csr_matrix((ones, (rows, columns)), shape=(len(documents), len(examples))), np.array(roles)


def _document(pools: _Pools, role: int, rng: np.random.Generator, mixture: Mixture) -> npt.NDArray[np.int64]:
    size = int(rng.integers(mixture.shortest, mixture.longest))
    if role == NONE:
        near = bool(pools.near) and rng.random() < mixture.neighbouring
        own = _any(pools.near if near else pools.far, rng)
        share, foreign = rng.beta(3.0, 2.0), mixture.foreign / 2 if near else 0.0
    else:
        near, own = True, NAMED_ROLES[role]
        share, foreign = rng.beta(*mixture.own), mixture.foreign
    count = max(2, int(size * share))
    strangers = int((size - count) * rng.random() * foreign)
    parts = [rng.choice(pools.rows[own], count)]
    for _ in range(strangers):
        parts.append(rng.choice(pools.rows[_stranger(pools, own, rng)], 1))
    parts.append(rng.choice(pools.boilerplate, max(size - count - strangers, 0)))
    return np.concatenate(parts)


def _stranger(pools: _Pools, own: str, rng: np.random.Generator) -> str:
    """Return whose piece stands in an ad beside its own: mostly another role's."""
    if own in NAMED_ROLES and rng.random() < 0.7:
        return _any([role for role in NAMED_ROLES if role != own], rng)
    if own not in NAMED_ROLES and rng.random() < 0.5:
        return _any(NAMED_ROLES, rng)
    return _any(pools.near, rng)


def _any(names: Sequence[str], rng: np.random.Generator) -> str:
    return names[int(rng.integers(len(names)))]


def counted_documents(
    facts: Facts, vocabulary: dict[str, int], per_class: int, smoothing: float, rng: np.random.Generator
) -> tuple[sp.csr_matrix, npt.NDArray[np.int64]]:
    """Return bags of terms (documents, vocabulary) drawn from counted shares, and their roles.

    Each term stands in a document of a class with the share of that class's texts that held
    it, drawn towards the mean of the roles, or of what is none, by ``smoothing`` imagined texts.
    """
    known = [term for term in facts.terms if term.text in vocabulary]
    if not known:
        return sp.csr_matrix((0, len(vocabulary))), np.zeros(0, np.int64)
    columns = np.array([vocabulary[term.text] for term in known])
    texts = np.array(facts.texts, float)[:, None]
    counts = np.array([term.counts for term in known], float).T
    shares = counts / texts
    named = np.array([name in NAMED_ROLES for name in facts.classes])
    middle = np.where(named[:, None], shares[named].mean(axis=0), shares[~named].mean(axis=0))
    shares = (counts + smoothing * middle) / (texts + smoothing)
    drawn = [sp.csr_matrix(rng.random((per_class, len(columns))) < share) for share in shares]
    bags = sp.vstack(drawn).tocsr()
    wide = sp.csr_matrix(
        (np.ones(bags.nnz), columns[bags.indices], bags.indptr), shape=(bags.shape[0], len(vocabulary))
    )
    roles = [ROLES.index(name.split(":")[0]) for name in facts.classes]
    return wide, np.repeat(roles, per_class)
