"""Which words, pairs and triples the model knows, and the table the kernel finds them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from classifier import kernel
from classifier.errors import CorpusError
from classifier.normalise import tokens
from classifier.training.corpus import Corpus
from classifier.training.naming import LONGEST_NAME, name_table

LONGEST_TERM: Final = 3


@dataclass(frozen=True, slots=True)
class Table:
    """An open-addressing hash table with its sieve, as the kernel reads it."""

    keys: npt.NDArray[np.uint64]
    values: npt.NDArray[np.int32]
    sieve: npt.NDArray[np.uint64]


def build_table(hashes: npt.NDArray[np.uint64]) -> Table:
    """Build the table that finds a hash's place in ``hashes``; at most half of it is filled."""
    size = 1 << max(3, int(2 * hashes.size).bit_length())
    bits = 1 << max(6, int(6 * hashes.size).bit_length())
    table = Table(np.zeros(size, np.uint64), np.full(size, -1, np.int32), np.zeros(bits // 64, np.uint64))
    if not kernel.build_table(hashes, table.keys, table.values, table.sieve):
        raise CorpusError("vocabulary: two terms have the same hash. Change one of the texts that hold them")
    return table


def term_hashes(terms: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return the kernel's hashes of terms of one to three words."""
    encoded = [term.encode("utf-32-le") for term in terms]
    offsets = np.cumsum([0, *(len(term) // 4 for term in encoded)])
    hashes: npt.NDArray[np.uint64] = kernel.hash_terms(np.frombuffer(b"".join(encoded), np.uint32), offsets)
    return hashes


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms in the order of their numbers, and how often each stands in each example."""

    terms: dict[str, int]
    counts: sp.csr_matrix


def build_vocabulary(corpus: Corpus, texts: Sequence[str], min_examples: int, min_pairs: int) -> Vocabulary:
    """Choose the terms and count them in ``texts``.

    Words stand in at least ``min_examples`` texts, pairs and triples in ``min_pairs``; counted
    terms of the facts join them. Terms that hold a role's name are left out, since names are
    read by their surroundings.
    """
    names = name_table(corpus.roles)
    vectorizer = CountVectorizer(
        tokenizer=tokens, token_pattern=None, lowercase=False, ngram_range=(1, LONGEST_TERM), dtype=np.float64
    )
    counts = vectorizer.fit_transform(texts).tocsc()
    found: dict[str, int] = vectorizer.vocabulary_
    frequency = np.diff(counts.indptr)
    chosen = {
        term for term, column in found.items() if frequency[column] >= (min_pairs if " " in term else min_examples)
    }
    chosen |= {term.text for term in corpus.facts.terms}
    allowed = (term for term in chosen if not holds_name(term, names))
    # Frequent terms first: their rows stand together, and the processor's cache holds them.
    terms = sorted(allowed, key=lambda term: (-int(frequency[found[term]]) if term in found else 0, term))
    here = [number for number, term in enumerate(terms) if term in found]
    kept = counts[:, [found[terms[number]] for number in here]].tocoo()
    shape = (len(texts), len(terms))
    wide = sp.csr_matrix((kept.data, (kept.row, np.array(here)[kept.col])), shape=shape)
    return Vocabulary({term: number for number, term in enumerate(terms)}, wide)


def holds_name(term: str, names: dict[str, int]) -> bool:
    """Tell whether a term holds a role's name, or half of one that is two words."""
    words = term.split(" ")
    return any(
        " ".join(words[start : start + size]) in names
        for size in range(1, LONGEST_NAME + 1)
        for start in range(len(words) - size + 1)
    )
