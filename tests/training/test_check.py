from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from classifier.normalise import tokens
from classifier.records import ROLES
from classifier.training import Corpus, Example
from classifier.training import check as checking
from classifier.training.check import Finding, check_corpus
from classifier.training.corpus import Term
from classifier.training.likeness import families, nearly_repeated, repeated, strangers

SHARE = "examples are nearer to another role"


def faults(corpus: Corpus) -> list[str]:
    """The faults, but for shares of doubtful labels: in a part of the corpus these are greater."""
    return [str(finding) for finding in check_corpus(corpus) if finding.fault and SHARE not in finding.what]


def adding(corpus: Corpus, *texts: str, role: str = "sre", kind: str = "ad") -> Corpus:
    fresh = tuple(Example(text, role, kind, place=f"mine:{number}") for number, text in enumerate(texts, 1))
    return replace(corpus, examples=(*corpus.examples, *fresh))


@pytest.fixture(scope="module")
def written(corpus: Corpus) -> Corpus:
    """A third of the shipped corpus, without names and titles."""
    examples = tuple(example for example in corpus.examples if example.kind in checking.WRITTEN)[::3]
    return replace(corpus, examples=examples)


def test_the_shipped_corpus_is_good_and_checked_in_seconds(corpus: Corpus) -> None:
    start = time.perf_counter()
    assert [str(finding) for finding in check_corpus(corpus) if finding.fault] == []
    assert time.perf_counter() - start < 20


@pytest.fixture(scope="module")
def before(written: Corpus) -> set[str]:
    """What is wrong with it already."""
    return set(faults(written))


LONG = "Replay last winter's outage of the ferry booking core with the night crew and time every single step"


@pytest.mark.parametrize(
    "texts, said",
    [
        ([LONG, LONG], "mine:2: is the same text as mine:1. Remove one"),
        ([LONG, LONG.upper() + "!"], "mine:2: is the same text as mine:1"),
        ([LONG, f"{LONG} of it"], "mine:2: has 89% of its runs of words in common with mine:1. Write one of them anew"),
        (["See https://example.org for the rota"], "mine:1: holds a web address, 'https://'. Take it out"),
        (["Write to pager@example.org at once"], "mine:1: holds an e-mail address, 'pager@example.org'. Take it out"),
        (["Call +49 (89) 1234567 for the pager"], "mine:1: holds a telephone number, '+49 (89) 1234567'"),
        (["A bell \x07 rings for the pager"], "mine:1: holds a control character"),
    ],
)
def test_what_breaks_a_rule_is_a_fault(written: Corpus, before: set[str], texts: list[str], said: str) -> None:
    found = [fault for fault in faults(adding(written, *texts)) if fault not in before]
    assert len(found) == 1
    assert said in found[0]


FAMILY = [
    f"Migrate the {first} billing cluster to {second} storage before {third}"
    for first, second, third in zip(
        "red blue green amber coral ivory jade lilac ochre pearl ruby teal".split(),
        "ceph nvme tape zfs ext4 nfs smb s3 btrfs xfs gluster lustre".split(),
        "monday tuesday wednesday thursday friday easter june july august autumn winter spring".split(),
        strict=True,
    )
]


def test_many_texts_of_one_shape_are_a_template_family(written: Corpus, before: set[str]) -> None:
    found = [fault for fault in faults(adding(written, *FAMILY)) if fault not in before]
    assert len(found) == 1
    assert found[0].startswith("mine:1, mine:2, mine:3: and 9 more have one shape, ")


def test_titles_may_be_alike_but_not_the_same(written: Corpus, before: set[str]) -> None:
    titles = [f"Site Reliability Engineer, {place}" for place in "Oslo Bergen Malmo Turku Riga Gdansk Lund".split()]
    assert set(faults(adding(written, *titles, kind="title"))) == before
    twice = faults(adding(written, titles[0], titles[0], kind="title"))
    assert set(twice) - before == {"mine:2: is the same text as mine:1. Remove one"}


@pytest.mark.parametrize(
    "kept, said",
    [
        (lambda example: example.role != "sre", "corpus: role sre: must have 200 examples, got 0. Write more"),
        (lambda example: not example.group.startswith("boilerplate"), "role none, boilerplate: must have 80"),
        (
            lambda example: example.role != "cloud" or example.kind == "ad",
            "role cloud, tickets and tasks: must have 60",
        ),
        (lambda example: example.responsibility != "platform-3", "responsibility platform-3: must have 30 examples"),
    ],
)
def test_too_few_of_anything_is_a_fault(written: Corpus, kept: Callable[[Example], bool], said: str) -> None:
    examples = tuple(example for example in written.examples if kept(example))
    assert any(said in fault for fault in faults(replace(written, examples=examples)))


def test_a_doubtful_label_is_a_remark_and_many_are_a_fault(written: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [finding.what for finding in check_corpus(written) if not finding.fault]
    assert few
    assert all(what.startswith("is nearer to") for what in few)
    monkeypatch.setattr(checking, "MAX_STRANGE", 0.0)
    said = [finding.what for finding in check_corpus(written) if finding.fault and SHARE in finding.what]
    assert said
    assert all(f"{SHARE}, allowed are 0%. Check their labels" in what for what in said)


def test_wrong_labels_are_noticed(written: Corpus) -> None:
    chance = np.random.default_rng(1)
    examples = tuple(
        replace(example, role=ROLES[chance.integers(5)], responsibility="") if chance.random() < 0.1 else example
        for example in written.examples
    )
    wrong = {new.place for new, old in zip(examples, written.examples, strict=True) if new.role != old.role}
    found = {finding.place for finding in check_corpus(replace(written, examples=examples)) if not finding.fault}
    assert len(found & wrong) > 2 * len(found - wrong) * len(wrong) / len(examples)
    assert len(found & wrong) > 0.15 * len(wrong)


def test_a_counted_sentence_is_a_fault(written: Corpus, before: set[str]) -> None:
    terms = (*written.facts.terms, Term("we are looking for", (1,)))
    found = faults(replace(written, facts=replace(written.facts, terms=terms)))
    assert set(found) - before == {"corpus/facts/terms.csv: 'we are looking for' has more than 3 words. Remove it"}


def test_faults_come_first(written: Corpus) -> None:
    found = check_corpus(adding(written, LONG, LONG))
    assert [finding.fault for finding in found] == sorted((finding.fault for finding in found), reverse=True)
    assert isinstance(found[0], Finding)


def test_an_empty_corpus_only_lacks_examples(corpus: Corpus) -> None:
    found = faults(replace(corpus, examples=()))
    assert found
    assert all("must have" in fault for fault in found)


def test_nothing_is_alike_in_nothing() -> None:
    assert not [*repeated([]), *nearly_repeated([]), *families([])]
    assert list(nearly_repeated([["a"], ["b"]])) == []
    assert list(strangers([["aa"], ["bb"]], np.array([0, 1]))) == []


def test_strangers_are_found_the_same_each_time() -> None:
    rows = [tokens(f"{'pager outage rota' if number % 2 else 'bucket subnet bill'} {number}") for number in range(90)]
    labels = np.array([number % 2 for number in range(90)])
    labels[7] = 0
    assert list(strangers(rows, labels)) == list(strangers(rows, labels))
    assert (7, 1) in list(strangers(rows, labels))
