"""Which words, pairs and triples the model knows, and the tables the kernel finds them in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
class Lookup:
    """The terms as the kernel finds them by hash: single words, and pairs and triples with their sieve."""

    words: npt.NDArray[np.uint64]
    grams: npt.NDArray[np.uint64]
    sieve: npt.NDArray[np.uint64]


def build_lookup(terms: Sequence[str], names: Collection[str] = (), modifiers: Collection[str] = ()) -> Lookup:
    """Build the tables that find the numbers of ``terms``, and whether each is a name or a modifier.

    A triple is looked for only where its first two words are in the table: where these are no term,
    they are there without a number. Raises CorpusError for more terms than a table can number.
    """
    if len(terms) > kernel.INDEX:
        raise CorpusError(
            f"vocabulary: at most {kernel.INDEX:,} terms are allowed, got {len(terms):,}. "
            "Raise min_examples or min_pairs"
        )
    stored = {term: number for number, term in enumerate(terms, 1)}
    leads = {term.rpartition(" ")[0] for term in terms if term.count(" ") == LONGEST_TERM - 1}
    for flag, flagged in ((kernel.LEADS, leads), (kernel.NAMES, names), (kernel.MODIFIES, modifiers)):
        for term in flagged:
            stored[term] = stored.get(term, 0) | flag
    tables = []
    for longer in (False, True):
        here = {term: value for term, value in stored.items() if (" " in term) == longer}
        tables.append((term_hashes(list(here)), np.fromiter(here.values(), np.int64)))
    (words, word_values), (grams, gram_values) = tables
    sieve = np.zeros((1 << max(6, int(6 * grams.size).bit_length())) // 64, np.uint64)
    kernel.sift(sieve, grams)
    return Lookup(build_table(words, word_values), build_table(grams, gram_values), sieve)


def build_table(hashes: npt.NDArray[np.uint64], stored: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Build the open-addressing table that finds what is ``stored`` with each hash; at most half of it is filled."""
    table = np.zeros(1 << max(3, int(2 * hashes.size).bit_length()), np.uint64)
    if not kernel.fill(table, hashes, stored):
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
