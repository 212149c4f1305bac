"""How a text names its own role: the surroundings of role names, and what they are worth.

"We are looking for a Site Reliability Engineer" speaks of the text's own role; "partner with
DevOps and SRE" does not. What tells them apart is counted: in how many texts each kind of
surroundings stood around the name of the text's own role, and around another's. The weight of
a kind is the logarithm of the ratio of the two shares (naive Bayes), the same for all roles.

:func:`surroundings` is the readable twin of what the kernel does; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier import kernel
from classifier.normalise import tokens
from classifier.records import ROLES, Role
from classifier.training.corpus import Facts

LONGEST_NAME: Final = 3
EDGE: Final = "^"

_SALTS: Final = {
    "before": kernel.BEFORE,
    "before2": kernel.BEFORE_2,
    "before3": kernel.BEFORE_3,
    "after": kernel.AFTER,
    "after2": kernel.AFTER_2,
    "around": kernel.AROUND,
    "place": kernel.PLACE,
    "modified": kernel.MODIFIED,
    "any": kernel.ANY,
    "first": kernel.FIRST,
    "first_of_role": kernel.FIRST_OF_ROLE,
}

SMOOTHING: Final = 3.0
"""Imagined texts by which counted shares are drawn together."""


def name_table(roles: Iterable[Role], jobs: Iterable[str] = ()) -> dict[str, int]:
    """Return the number of the role for every name a role goes by, in folded words; other ``jobs`` are 4."""
    names = {" ".join(tokens(job)): ROLES.index("none") for job in jobs}
    return names | {" ".join(tokens(name)): ROLES.index(role.id) for role in roles for name in role.names}


def named(words: Sequence[str], names: dict[str, int]) -> Iterator[tuple[int, int, int]]:
    """Yield role, first and last word of every name; the longest name that ends at a word counts."""
    for last in range(min(len(words), kernel.MAX_WALK)):
        for size in range(min(LONGEST_NAME, last + 1), 0, -1):
            role = names.get(" ".join(words[last - size + 1 : last + 1]))
            if role is not None:
                yield role, last - size + 1, last
                break


def surroundings(words: Sequence[str], names: dict[str, int], modifiers: frozenset[str]) -> list[set[str]]:
    """Return, for each of the five roles, the kinds of surroundings in which the words name it.

    Kinds around the name of a job that is none of the four roles start with ``job``.
    """
    found: list[set[str]] = [set() for _ in ROLES]
    first = True
    for role, start, last in named(words, names):
        before = start - 1
        skipped = 0
        while before >= 0 and skipped < 4 and words[before] in modifiers:
            before -= 1
            skipped += 1
        p1, p2, p3 = (words[before - i] if before >= i else EDGE for i in range(3))
        n1, n2 = (words[last + i] if last + i < len(words) else EDGE for i in (1, 2))
        place = min(7, (1 + (start >> 3)).bit_length() - 1)
        kinds = {
            f"before {p1}", f"before2 {p2} {p1}", f"before3 {p3} {p2} {p1}", f"after {n1}", f"after2 {n1} {n2}",
            f"around {p1} {n1}", f"place {place}", f"modified {int(skipped > 0)}", "any",
        }  # fmt: skip
        if first:
            kinds.add("first")
        if not found[role]:
            kinds.add("first_of_role")
        found[role] |= {f"job {kind}" for kind in kinds} if role == ROLES.index("none") else kinds
        first = False
    return found


def cue_hashes(cues: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return the kernel's hashes of kinds of surroundings as :func:`surroundings` writes them."""
    hashes = np.zeros(len(cues), np.uint64)
    for row, cue in enumerate(cues):
        kind, *words = cue.removeprefix("job ").split(" ")
        salt = _SALTS[kind] + (kernel.OTHER_JOB if cue.startswith("job ") else np.uint64(0))
        hashes[row] = kernel.hash_cue(salt, _word_hashes(kind, words))
    return hashes


def _word_hashes(kind: str, words: list[str]) -> npt.NDArray[np.uint64]:
    if kind in {"place", "modified"}:
        return np.array([int(words[0])], np.uint64)
    if not words:
        return np.array([kernel.EDGE], np.uint64)
    letters = [np.array([ord(c) for c in word], np.uint32) for word in words]
    offsets = np.cumsum([0, *(len(word) for word in letters)])
    hashes = kernel.hash_terms(np.concatenate(letters), offsets)
    for place, word in enumerate(words):
        if word == EDGE:
            hashes[place] = kernel.EDGE
    return np.asarray(hashes, np.uint64)


def cue_weights(facts: Facts, smoothing: float = SMOOTHING) -> npt.NDArray[np.float64]:
    """Return the log-odds of every counted kind of surroundings: own role's name against another's.

    That a role is named at all counts once, among all texts; every other kind counts among the
    texts that name the role, or the same evidence would be added up again and again.
    """
    counts = {row.text: row.counts for row in (*facts.cue_texts, *facts.cues)}
    weights = np.zeros(len(facts.cues))
    for row, cue in enumerate(facts.cues):
        job = "job " if cue.text.startswith("job ") else ""
        among = f"({job}texts)" if cue.text == f"{job}any" else f"{job}any"
        own_texts, other_texts = counts[among]
        total = own_texts + other_texts
        own = (cue.counts[0] + smoothing * own_texts / total) / own_texts
        other = (cue.counts[1] + smoothing * other_texts / total) / other_texts
        weights[row] = np.log(own / other)
    return weights
