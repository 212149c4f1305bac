from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from classifier.normalise import tokens
from classifier.records import ROLES
from classifier.training import Corpus, Example
from classifier.training.check import WRITTEN
from classifier.training.corpus import Facts
from classifier.training.deep import Deep, check_deeply
from classifier.training.neighbours import BLOCK, close_groups, nearest
from classifier.training.unseen import corpus_words, unseen_words


def every(corpus: Corpus, step: int) -> Corpus:
    """One in so many of the shipped corpus' written examples, without facts."""
    examples = tuple(example for example in corpus.examples if example.kind in WRITTEN and tokens(example.text))
    return replace(corpus, examples=examples[::step], facts=Facts())


@pytest.fixture(scope="module")
def part(corpus: Corpus) -> Corpus:
    return every(corpus, 20)


WRONG = 40
"""Every so many examples of the mislabelled corpus have another's role."""


@pytest.fixture(scope="module")
def mislabelled(corpus: Corpus) -> Corpus:
    part = every(corpus, 5)
    examples = tuple(
        replace(example, role=ROLES[(ROLES.index(example.role) + 1) % 5], responsibility="")
        if row % WRONG == 0
        else example
        for row, example in enumerate(part.examples)
    )
    return replace(part, examples=examples)


@pytest.fixture(scope="module")
def deep(mislabelled: Corpus) -> Deep:
    return check_deeply(mislabelled)


def test_every_written_example_has_its_influence(mislabelled: Corpus, deep: Deep) -> None:
    assert [each.example for each in deep.influences] == list(mislabelled.examples)
    for each in deep.influences:
        assert 0 <= each.unseen <= 1
        assert each.instead != each.example.role
        assert each.unseen + each.probability <= 1 + 1e-9
    assert np.mean([each.own > 0 for each in deep.influences]) > 0.99, "an example speaks for its own role"


def test_wrong_labels_come_first(mislabelled: Corpus, deep: Deep) -> None:
    wrong = {example.place for example in mislabelled.examples[::WRONG]}
    first = {doubt.influence.example.place for doubt in deep.doubtful[:60]}
    others = {each.example.place for each in sorted(deep.influences, key=lambda each: each.others)[:60]}
    for found in (first, others):
        assert len(found & wrong) > 5 * len(found) / WRONG, "many times as often as by chance"
    leads = [doubt.influence.probability - doubt.influence.unseen for doubt in deep.doubtful]
    assert leads == sorted(leads, reverse=True)


def test_a_doubt_names_the_nearest_example_of_the_other_role(deep: Deep) -> None:
    assert deep.doubtful
    for doubt in deep.doubtful:
        assert doubt.near.role == doubt.influence.instead
        assert 0 <= doubt.likeness < 1


def test_groups_of_several_roles_come_first(part: Corpus) -> None:
    texts = [
        "Rename the blue ferry timetable",
        "Rename the blue ferry timetable now",
        "Rename our blue ferry timetable",
    ]
    roles = ["sre", "sre", "cloud"]
    mine = tuple(Example(text, role, "ticket", place=text) for text, role in zip(texts, roles, strict=True))
    twice = tuple(Example(f"Polish the brass bell of pier {word}", "none", "ad", place=word) for word in ("two", "six"))
    found = check_deeply(replace(part, examples=(*part.examples, *twice, *mine))).close
    assert [example.place for example in found[0].examples] == texts
    assert found[0].roles == ("sre", "cloud")
    assert ("two", "six") in [tuple(example.place for example in group.examples) for group in found]
    mixed = [len(group.roles) > 1 for group in found]
    assert mixed == sorted(mixed, reverse=True)


def test_names_and_titles_are_not_compared(part: Corpus) -> None:
    titles = tuple(Example("Blue Ferry Engineer", role, "title") for role in ("sre", "cloud"))
    assert check_deeply(replace(part, examples=(*part.examples[:300], *titles))).influences == tuple(
        check_deeply(replace(part, examples=part.examples[:300])).influences
    )


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [("sre", "Mend the pager"), ("sre", "Mend the alert")],
        [("sre", "?!"), ("cloud", "..")],
        [("sre", "alpha beta"), ("cloud", "gamma delta")],
    ],
    ids=["nothing", "one role", "no words", "no word twice"],
)
def test_there_is_nothing_to_say_of_too_little(part: Corpus, texts: list[tuple[str, str]]) -> None:
    examples = tuple(Example(text, role, "ad") for role, text in texts)
    assert check_deeply(replace(part, examples=examples)) == Deep()


def test_two_roles_are_enough(part: Corpus) -> None:
    two = tuple(example for example in part.examples if example.role in {"sre", "none"})
    found = check_deeply(replace(part, examples=two))
    assert {each.instead for each in found.influences} == {"sre", "none"}


def test_close_rows_are_found_across_blocks() -> None:
    ones = sp.identity(2 * BLOCK + 3, format="lil")
    ones[BLOCK + 1] = ones[0]
    ones[2 * BLOCK + 2] = ones[0]
    ones[7] = 0.0
    ones[7, 6], ones[7, 7] = 0.8, 0.6
    assert close_groups(ones.tocsr()) == [(1.0, [0, BLOCK + 1, 2 * BLOCK + 2]), (0.8, [6, 7])]


def test_the_nearest_row_has_the_wanted_label() -> None:
    rows = sp.csr_matrix(np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]]))
    labels = np.array([0, 1, 2, 2])
    places, cosines = nearest(rows, labels, [0, 0, 3], np.array([1, 2, 0]))
    assert places.tolist() == [1, 2, 0]
    assert cosines == pytest.approx([0.8, 0.6, 0.0])


def test_the_corpus_knows_its_examples_statements_facts_and_names(corpus: Corpus) -> None:
    words = corpus_words(corpus)
    assert {"pager", "sre"} <= words
    assert all(word in words for term in corpus.facts.terms for word in term.text.split())
    assert unseen_words(corpus, corpus.statements().values()).words == ()
    bare = corpus_words(replace(corpus, examples=()))
    assert bare < words


def test_unseen_words_are_counted_by_text_and_occurrence(corpus: Corpus) -> None:
    found = unseen_words(corpus, ["Zyxwv zyxwv zyxwv", "Qwrtp the Zyxwv", "qwrtp 20260101", "", "the the"])
    assert [(word.word, word.count, word.texts) for word in found.words] == [("zyxwv", 4, 2), ("qwrtp", 2, 2)]
    assert (found.texts, found.running, found.seen, found.strange) == (5, 9, 3, 3)
    assert found.share == pytest.approx(1 / 3)
    assert unseen_words(corpus, []).share == 1.0
