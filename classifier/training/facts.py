"""Count facts on labelled real texts: single terms and surroundings of names, never sentences.

What is kept is how many texts of each class hold a term of one to three words, for terms that
at least five employers use. Who the employer is, is seldom said; texts that share a run of
twelve words come from one employer.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.normalise import tokens
from classifier.records import NAMED_ROLES, ROLES
from classifier.training.corpus import Corpus
from classifier.training.naming import name_table, named, surroundings

MIN_EMPLOYERS: Final = 5
SHARED_RUN: Final = 12
COUNTED_ROW: Final = "(texts)"
COUNTED_JOBS: Final = "(job texts)"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One real text: ``label`` is a role, or ``none:near`` and ``none:far`` where that is known."""

    text: str
    label: str


def employers(documents: Sequence[Sequence[str]]) -> list[int]:
    """Return a number for each text's employer: texts that share a run of twelve words share it."""
    owner: dict[int, int] = {}
    parent = list(range(len(documents)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for number, words in enumerate(documents):
        for start in range(len(words) - SHARED_RUN + 1):
            first = owner.setdefault(hash(tuple(words[start : start + SHARED_RUN])), number)
            if first != number:
                parent[root(number)] = root(first)
    return [root(number) for number in range(len(documents))]


def count_terms(rows: Sequence[Labelled], corpus: Corpus, least: int) -> tuple[list[str], dict[str, list[int]]]:
    """Return the classes and the counts by term; the first row counts the texts.

    Terms that hold a role's name are left out: :func:`count_cues` counts those. ``least`` is
    how many texts must hold a term.
    """
    names = name_table(corpus.roles)
    documents = [_without_names(tokens(row.text), names) for row in rows]
    owners = employers([[word for word in words if word] for words in documents])
    classes = sorted({row.label for row in rows}, key=lambda label: (label.startswith("none"), _order(label)))
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(classes))
    users: dict[str, set[int]] = defaultdict(set)
    for row, words, owner in zip(rows, documents, owners, strict=True):
        column = classes.index(row.label)
        for term in _terms(words):
            counts[term][column] += 1
            if len(users[term]) < MIN_EMPLOYERS:
                users[term].add(owner)
    kept = _shared(counts, users, least)
    texts = Counter(row.label for row in rows)
    return classes, {COUNTED_ROW: [texts[label] for label in classes]} | kept


def _order(label: str) -> tuple[int, str]:
    return (NAMED_ROLES.index(label) if label in NAMED_ROLES else len(NAMED_ROLES), label)


def _without_names(words: list[str], names: dict[str, int]) -> list[str]:
    """Blank the role names, so that no term reaches over one."""
    kept = list(words)
    for _, start, last in named(words, names):
        kept[start : last + 1] = [""] * (last + 1 - start)
    return kept


def _terms(words: list[str]) -> set[str]:
    """Return the distinct words, pairs and triples, none over a blank."""
    found = set()
    for start in range(len(words)):
        for size in range(1, 4):
            piece = words[start : start + size]
            if len(piece) < size or "" in piece:
                break
            found.add(" ".join(piece))
    return found


def count_cues(rows: Sequence[Labelled], corpus: Corpus, least: int) -> dict[str, list[int]]:
    """Return in how many texts each kind of surroundings stood around the own and another role's name.

    The first two rows count the texts: for the four roles, and for other jobs.
    """
    names = name_table(corpus.roles, corpus.jobs)
    documents = [tokens(row.text) for row in rows]
    owners = employers(documents)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    users: dict[str, set[int]] = defaultdict(set)
    texts = {COUNTED_ROW: [0, 0], COUNTED_JOBS: [0, 0]}
    for row, words, owner in zip(rows, documents, owners, strict=True):
        for role, kinds in zip(ROLES, surroundings(words, names, corpus.modifiers), strict=True):
            column = int(row.label.split(":")[0] != role)
            texts[COUNTED_ROW if role in NAMED_ROLES else COUNTED_JOBS][column] += 1
            for kind in kinds:
                counts[kind][column] += 1
                users[kind].add(owner)
    return texts | _shared(counts, users, least)


def _shared(counts: dict[str, list[int]], users: dict[str, set[int]], least: int) -> dict[str, list[int]]:
    """Return, sorted, what stands in enough texts of enough employers."""
    return {
        key: found for key, found in sorted(counts.items()) if sum(found) >= least and len(users[key]) >= MIN_EMPLOYERS
    }


def write_counts(path: Path, columns: Sequence[str], counts: dict[str, list[int]]) -> None:
    """Write a table of counts; rows in brackets say how many texts were counted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["term", *columns])
        writer.writerows([term, *found] for term, found in counts.items())
