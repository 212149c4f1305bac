"""Which examples lie close to one another: by the cosine of their weighted words, pairs and triples.

:mod:`classifier.training.likeness` compares the order of words, and so finds copies; this finds
texts of the same words, however they are put.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

CLOSE: Final = 0.6
"""Cosine from which on two texts are close."""
BLOCK: Final = 500
"""Rows that are compared at a time: their cosines with all others are held in memory."""


def close_groups(rows: sp.csr_matrix) -> list[tuple[float, list[int]]]:
    """Return groups of rows that closeness links, with the greatest cosine in each, greatest first.

    ``rows`` (n, terms) have length 1 or are empty. A group holds two rows or more; each is close
    to at least one other of it.
    """
    links = sp.vstack([_links(rows, start) for start in range(0, rows.shape[0], BLOCK)]).tocsr()
    _, numbers = connected_components(links, directed=False)
    best = np.asarray((links.maximum(links.T)).max(axis=1).todense()).ravel()
    groups: dict[int, list[int]] = {}
    for row in np.flatnonzero(best).tolist():
        groups.setdefault(int(numbers[row]), []).append(row)
    found = [(float(best[members].max()), members) for members in groups.values()]
    return sorted(found, key=lambda group: (-group[0], group[1]))


def _links(rows: sp.csr_matrix, start: int) -> sp.csr_matrix:
    """Return the cosines of a block of rows with those after each, where they are close."""
    cosines = (rows[start : start + BLOCK] @ rows.T).tocoo()
    kept = (cosines.data >= CLOSE) & (cosines.row + start < cosines.col)
    return sp.csr_matrix((cosines.data[kept], (cosines.row[kept], cosines.col[kept])), shape=cosines.shape)


def nearest(
    rows: sp.csr_matrix, labels: npt.NDArray[np.int64], asked: Sequence[int], wanted: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return, for each of the rows ``asked``, the nearest row with its ``wanted`` label, and the cosine."""
    places, cosines = np.zeros(len(asked), np.int64), np.zeros(len(asked))
    for start in range(0, len(asked), BLOCK):
        block = slice(start, start + BLOCK)
        likeness = np.where(labels == wanted[block, None], (rows[asked[block]] @ rows.T).toarray(), -1.0)
        places[block], cosines[block] = likeness.argmax(axis=1), likeness.max(axis=1)
    return places, cosines
