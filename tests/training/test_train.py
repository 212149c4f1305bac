from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifier.records import ROLES
from classifier.training import Corpus, Example, train_model
from classifier.training.labelled import with_examples
from classifier.training.settings import Settings
from classifier.training.train import Trained

TINY = Settings.brief(20, 5)


@pytest.fixture(scope="module")
def tiny_corpus(small_corpus: Corpus) -> Corpus:
    facts = replace(small_corpus.facts, terms=small_corpus.facts.terms[::20])
    return replace(small_corpus, examples=small_corpus.examples[::9], facts=facts)


@pytest.fixture(scope="module")
def tiny(tiny_corpus: Corpus) -> Trained:
    return train_model(tiny_corpus, settings=TINY)


def test_training_twice_gives_the_same_model(tiny_corpus: Corpus, tiny: Trained) -> None:
    again = train_model(tiny_corpus, settings=TINY)
    assert again.info.id == tiny.info.id
    for name, part in tiny.model.to_parts().items():
        if isinstance(part, np.ndarray):
            assert np.array_equal(part, again.model.to_parts()[name]), name


def test_another_seed_another_corpus_and_another_example_give_other_models(tiny_corpus: Corpus, tiny: Trained) -> None:
    example = Example("Restart the kettle of the platform team", "none", "ticket", group="ticket:office")
    more = with_examples(tiny_corpus, [example] * 3)
    assert more.hash != tiny_corpus.hash
    others = [
        train_model(tiny_corpus, settings=replace(TINY, seed=21)),
        train_model(replace(tiny_corpus, examples=tiny_corpus.examples[1:]), settings=TINY),
        train_model(more, settings=TINY),
    ]
    assert len({tiny.info.id, *(other.info.id for other in others)}) == 4


def test_progress_is_said_step_by_step(tiny_corpus: Corpus) -> None:
    steps: list[str] = []
    train_model(tiny_corpus, settings=TINY, progress=steps.append)
    assert steps[0] == "counting words"
    assert len(steps) >= 3
    assert all("\n" not in step for step in steps)


def test_the_manifest_holds_settings_versions_and_figures(tiny_corpus: Corpus, tiny: Trained) -> None:
    assert tiny.info.name == "default"
    assert tiny.info.corpus_hash == tiny_corpus.hash
    assert tiny.info.settings["seed"] == TINY.seed
    assert tiny.info.figures["corpus"]["examples"] == len(tiny_corpus.examples)


def test_the_model_is_whole(tiny: Trained) -> None:
    model = tiny.model
    assert model.body.weights().shape == (model.idf.size, 2 * len(ROLES) + 1)
    assert np.any(model.body.weights(), axis=0).all()
    assert sum(model.prior) == pytest.approx(1.0)
    terms = [model.term(index) for index in range(model.idf.size)]
    assert len(set(terms)) == len(terms)
    assert "the" in terms[:5], "frequent terms come first"


def test_no_examples_added_leave_the_corpus_as_it_is(tiny_corpus: Corpus) -> None:
    assert with_examples(tiny_corpus, []) is tiny_corpus
