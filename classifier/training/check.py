"""Check a corpus: enough of everything, nothing twice, nothing from a template, nothing forbidden.

What breaks a rule is a fault. What only a person can judge is a remark, and many remarks on one
role are a fault. Labels are checked line by line when the corpus is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.normalise import tokens
from classifier.records import NAMED_ROLES, RESPONSIBILITIES, ROLES
from classifier.training.corpus import KINDS, Corpus, Example
from classifier.training.likeness import families, nearly_repeated, repeated, strangers

MIN_ROLE: Final = 200
"""Examples of each of the four roles."""
MIN_TICKETS: Final = 60
"""Tickets and tasks of each of the four roles."""
MIN_NONE: Final = 300
"""Examples of none that are no boilerplate."""
MIN_BOILERPLATE: Final = 80
MIN_RESPONSIBILITY: Final = 30
"""Examples of each documented responsibility."""
MAX_STRANGE: Final = 0.03
"""Share of a role's examples that may read like another's: hard cases are wanted, wrong labels are not."""
MAX_TERM_WORDS: Final = 3
"""Words of a counted term: longer ones would be sentences of somebody's."""

WRITTEN: Final = ("ad", "ticket", "task")
"""Kinds whose texts must all be different in shape; names and titles are alike by nature."""

FORBIDDEN: Final = {
    "a web address": re.compile(r"https?://|\bwww\.\w", re.IGNORECASE),
    "an e-mail address": re.compile(
        r"\b[\w.+-]+@[\w-]+\.(?!(?:service|timer|socket|mount|target)\b)[a-z]{2,}\b",  # units of systemd are none
        re.IGNORECASE,
    ),
    "a telephone number": re.compile(r"(?<![\w.])\+\d{1,3}[ (]{1,2}\d[\d ()/-]{6,}\d"),
    "a control character": re.compile(r"[\x00-\x08\x0b-\x1f\x7f]"),
}
"""What no example may hold, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong or doubtful, and where; ``fault`` says that it must be mended."""

    place: str
    what: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def check_corpus(corpus: Corpus) -> list[Finding]:
    """Return what is wrong or doubtful in a corpus, faults first; none where all is well."""
    words = [tokens(example.text) for example in corpus.examples]
    findings = [
        *_too_few(corpus.examples),
        *_forbidden(corpus.examples),
        *_alike(corpus.examples, words),
        *_strange(corpus.examples, words),
        *_long_terms(corpus),
    ]
    return sorted(findings, key=lambda finding: not finding.fault)


def _too_few(examples: Iterable[Example]) -> Iterator[Finding]:
    """Compare what there is with the least there must be."""
    roles: Counter[str] = Counter()
    tickets: Counter[str] = Counter()
    responsibilities: Counter[str] = Counter()
    for example in examples:
        roles["boilerplate" if example.group.startswith("boilerplate") else example.role] += 1
        tickets[example.role] += example.kind in {"ticket", "task"}
        responsibilities[example.responsibility] += 1
    wanted = [
        *((f"role {role}", roles[role], MIN_ROLE) for role in NAMED_ROLES),
        *((f"role {role}, tickets and tasks", tickets[role], MIN_TICKETS) for role in NAMED_ROLES),
        ("role none", roles["none"], MIN_NONE),
        ("role none, boilerplate", roles["boilerplate"], MIN_BOILERPLATE),
        *((f"responsibility {each}", responsibilities[each], MIN_RESPONSIBILITY) for each in RESPONSIBILITIES),
    ]
    for what, count, least in wanted:
        if count < least:
            yield Finding("corpus", f"{what}: must have {least} examples, got {count}. Write more")


def _forbidden(examples: Iterable[Example]) -> Iterator[Finding]:
    for example in examples:
        for what, pattern in FORBIDDEN.items():
            if found := pattern.search(example.text):
                yield Finding(example.place, f"holds {what}, {found[0]!r}. Take it out")


def _alike(examples: tuple[Example, ...], words: list[list[str]]) -> Iterator[Finding]:
    """Name duplicates within a kind, and near duplicates and template families of what is written at length."""
    for kinds in (WRITTEN, *((kind,) for kind in KINDS if kind not in WRITTEN)):
        rows = [place for place, example in enumerate(examples) if example.kind in kinds]
        for same in repeated([words[row] for row in rows]):
            first, *others = (examples[rows[place]].place for place in same)
            yield from (Finding(other, f"is the same text as {first}. Remove one") for other in others)
    rows = _written(examples)
    written = [words[row] for row in rows]
    for one, two, share in nearly_repeated(written):
        first, second = examples[rows[one]].place, examples[rows[two]].place
        yield Finding(second, f"has {share:.0%} of its runs of words in common with {first}. Write one of them anew")
    for shape, family in families(written):
        shown = ", ".join(examples[rows[place]].place for place in family[:3])
        yield Finding(shown, f"and {len(family) - 3} more have one shape, {shape!r}. Write them anew, or keep a few")


def _written(examples: Iterable[Example]) -> list[int]:
    return [row for row, example in enumerate(examples) if example.kind in WRITTEN]


def _strange(examples: tuple[Example, ...], words: list[list[str]]) -> Iterator[Finding]:
    """Name examples nearer to another role; too many of one role are a fault."""
    written = _written(examples)
    if not written:
        return
    labels = np.array([ROLES.index(examples[place].role) for place in written], np.int64)
    all_of, strange = Counter(labels.tolist()), Counter[int]()
    for place, other in sorted(strangers([words[place] for place in written], labels)):
        example = examples[written[place]]
        strange[int(labels[place])] += 1
        yield Finding(example.place, f"is nearer to {ROLES[other]} than to its role, {example.role}", fault=False)
    for label, count in sorted(strange.items()):
        if count > MAX_STRANGE * all_of[label]:
            share = f"{count} of {all_of[label]} examples are nearer to another role, allowed are {MAX_STRANGE:.0%}"
            yield Finding("corpus", f"role {ROLES[label]}: {share}. Check their labels")


def _long_terms(corpus: Corpus) -> Iterator[Finding]:
    for term in corpus.facts.terms:
        if len(term.text.split()) > MAX_TERM_WORDS:
            yield Finding("corpus/facts/terms.csv", f"{term.text!r} has more than {MAX_TERM_WORDS} words. Remove it")
