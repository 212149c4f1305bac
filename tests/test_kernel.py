from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier import kernel
from classifier.errors import CorpusError
from classifier.model import Head, Model, Texts
from classifier.normalise import tokens
from classifier.pipeline import Classifier
from classifier.training import Corpus
from classifier.training.naming import cue_hashes, name_table, surroundings
from classifier.training.vocabulary import build_lookup, build_table, term_hashes
from tests.texts import EDGES, anything, made, messy

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-9


class Twin:
    """scikit-learn's vectorizer and regression with the same tokens, terms, weights as a model."""

    def __init__(self, model: Model) -> None:
        terms = [model.term(index) for index in range(model.idf.size)]
        self.vectorizer = TfidfVectorizer(
            tokenizer=tokens,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 3),
            sublinear_tf=True,
            vocabulary={term: index for index, term in enumerate(terms)},
        )
        self.vectorizer.idf_ = model.idf
        self.regression = LogisticRegression()
        self.regression.coef_ = model.body.weights().T
        self.regression.intercept_ = model.body.bias
        self.regression.classes_ = np.arange(model.body.bias.size)

    def logits(self, texts: list[str]) -> Floats:
        found: Floats = self.regression.decision_function(self.vectorizer.transform(texts))
        return found


@pytest.fixture(scope="module")
def twin(classifier: Classifier) -> Twin:
    return Twin(classifier.model)


def words_of(corpus: Corpus) -> list[str]:
    found = {word for example in corpus.examples[::40] for word in example.text.split()}
    names = [name for role in corpus.roles for name in role.names]
    return [*sorted(found), *names * 4]


def same(classifier: Classifier, twin: Twin, texts: list[str]) -> None:
    logits = classifier.model.read(Texts.of(texts), classifier.model.body).logits
    np.testing.assert_allclose(logits, twin.logits(texts), rtol=0, atol=TOLERANCE)


def test_thousands_of_made_texts_score_as_in_scikit_learn(
    classifier: Classifier, twin: Twin, small_corpus: Corpus
) -> None:
    same(classifier, twin, made(words_of(small_corpus), 4000, seed=11))


def test_edges_score_as_in_scikit_learn(classifier: Classifier, twin: Twin) -> None:
    same(classifier, twin, list(EDGES))


def test_examples_score_as_in_scikit_learn(classifier: Classifier, twin: Twin, corpus: Corpus) -> None:
    same(classifier, twin, [example.text for example in corpus.examples[::7]])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=anything | messy)
def test_any_text_scores_as_in_scikit_learn(classifier: Classifier, twin: Twin, text: str) -> None:
    same(classifier, twin, [text])


def test_weights_fitted_by_scikit_learn_give_its_probabilities(corpus: Corpus) -> None:
    examples = corpus.examples[::25]
    texts = [example.text for example in examples]
    vectorizer = TfidfVectorizer(
        tokenizer=tokens, token_pattern=None, lowercase=False, ngram_range=(1, 3), sublinear_tf=True
    )
    rows = vectorizer.fit_transform(texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how far the fit went is not the matter
        regression = LogisticRegression(max_iter=10).fit(rows, [example.role for example in examples])
    regression.coef_, vectorizer.idf_ = regression.coef_.round(6), vectorizer.idf_.round(6)
    rows = vectorizer.transform(texts)
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    logits = run(Texts.of(texts), terms, vectorizer.idf_, regression.coef_.T.copy(), regression.intercept_)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, regression.predict_proba(rows), rtol=0, atol=TOLERANCE)


def run(texts: Texts, terms: list[str], idf: Floats, weights: Floats, bias: Floats) -> Floats:
    """Run the kernel with a vocabulary and weights, and no names."""
    from classifier.normalise import folding_table

    fold, expansions = folding_table()
    lookup, nothing = build_lookup(terms), build_table(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    head = Head.of(weights, bias, idf)
    logits = np.zeros((len(texts), bias.size))
    names, stats = np.zeros((len(texts), 5)), np.zeros((len(texts), len(kernel.STATS)), np.int64)
    kernel.score(
        texts.data, texts.offsets, fold, expansions, lookup.words, lookup.grams, lookup.sieve,
        np.zeros(len(terms), np.uint8), nothing, np.zeros(0), head.rows, head.bias, np.zeros(len(head.rows), np.int32),
        logits, names, stats,
    )  # fmt: skip
    return logits


def test_counts_are_those_of_the_readable_twin(classifier: Classifier, small_corpus: Corpus) -> None:
    model = classifier.model
    texts = [*EDGES, *made(words_of(small_corpus), 500, seed=12)]
    known = {model.term(index) for index in range(model.idf.size)}
    stats = model.read(Texts.of(texts), model.body).stats
    found = [tokens(text) for text in texts]
    assert stats[:, 0].tolist() == [len(words) for words in found]
    assert stats[:, 1].tolist() == [sum(word in known for word in words) for words in found]


def named(model: Model, corpus: Corpus, words: list[str]) -> list[float]:
    """What the readable twin of the walk says of each name, by the model's own weights."""
    cues = {cue.text: weight for cue, weight in zip(corpus.facts.cues, model.cue_weights, strict=True)}
    kinds = surroundings(words, name_table(corpus.roles, corpus.jobs), corpus.modifiers)
    return [sum(cues.get(kind, 0.0) for kind in found) for found in kinds]


def test_names_are_read_as_by_the_readable_twin(classifier: Classifier, small_corpus: Corpus) -> None:
    texts = [*EDGES, *made(words_of(small_corpus), 1500, seed=13)]
    texts += [example.text for example in small_corpus.examples if example.kind in {"naming", "mention", "title"}]
    names = classifier.model.read(Texts.of(texts), classifier.model.body).names
    wanted = [named(classifier.model, small_corpus, tokens(text)) for text in texts]
    np.testing.assert_allclose(names, np.array(wanted), rtol=0, atol=TOLERANCE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=messy)
def test_names_in_any_order_are_read_as_by_the_readable_twin(
    classifier: Classifier, small_corpus: Corpus, text: str
) -> None:
    names = classifier.model.read(Texts.of([text]), classifier.model.body).names[0]
    np.testing.assert_allclose(names, named(classifier.model, small_corpus, tokens(text)), rtol=0, atol=TOLERANCE)


def test_a_text_scores_the_same_alone_and_among_others(classifier: Classifier, small_corpus: Corpus) -> None:
    model = classifier.model
    texts = [*EDGES, *made(words_of(small_corpus), 50, seed=14)]
    together = model.read(Texts.of(texts), model.body)
    for row, text in enumerate(texts):
        alone = model.read(Texts.of([text]), model.body)
        assert np.array_equal(alone.logits[0], together.logits[row])
        assert np.array_equal(alone.names[0], together.names[row])


def test_broken_utf8_neither_crashes_nor_reads_beyond_the_text(classifier: Classifier) -> None:
    chance = np.random.default_rng(15)
    data = chance.integers(0, 256, 200_000).astype(np.uint8)
    offsets = np.sort(np.concatenate([[0, data.size], chance.integers(0, data.size, 5000)])).astype(np.int64)
    whole = classifier.model.read(Texts(data, offsets), classifier.model.body)
    assert np.isfinite(whole.logits).all()
    for row in (0, 17, 2500, 5000):
        piece = data[offsets[row] : offsets[row + 1]].copy()
        alone = classifier.model.read(Texts(piece, np.array([0, piece.size])), classifier.model.body)
        assert np.array_equal(alone.logits[0], whole.logits[row])


def test_every_term_is_found_by_its_hash() -> None:
    terms = ["on", "on call", "on call rota", "\ud55c", "deja vu", "dev sec ops"]
    lookup = build_lookup(terms, names=["on call"], modifiers=["on"])
    assert kernel.find_all(lookup.words, term_hashes(["on", "\ud55c", "call"])).tolist() == [0, 3, -1]
    pairs = ["on call", "on call rota", "deja vu", "dev sec ops", "dev sec", "call rota"]
    assert kernel.find_all(lookup.grams, term_hashes(pairs)).tolist() == [1, 2, 4, 5, -1, -1]
    flags = {term: kernel.find(lookup.grams, term_hashes([term])[0]) & ~kernel.INDEX for term in pairs}
    assert flags["on call"] == kernel.NAMES | kernel.LEADS
    assert flags["dev sec"] == kernel.LEADS, "a triple is looked for although its pair is no term"
    assert kernel.find(lookup.words, term_hashes(["on"])[0]) & kernel.MODIFIES


def test_more_terms_than_a_table_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "INDEX", 2)
    with pytest.raises(CorpusError, match="at most 2 terms are allowed, got 3"):
        build_lookup(["one", "two", "three"])


def test_weights_too_large_for_their_unit_are_refused() -> None:
    with pytest.raises(OverflowError, match="below 2147, got 3000"):
        Head.of(np.full((1, 2), 3000.0), np.zeros(2), np.ones(1))


def test_a_text_longer_than_the_walk_scores_as_in_scikit_learn(classifier: Classifier, twin: Twin) -> None:
    words = ["deploy", "the", "cluster", "with", "terraform", "site", "reliability", "engineer", "on", "call"]
    for spare in range(-3, 4):
        count = kernel.MAX_WALK + spare
        same(classifier, twin, [" ".join((words * (count // len(words) + 1))[:count])])


def test_surroundings_of_the_same_words_have_hashes_of_their_own() -> None:
    cues = ["before a", "after a", "before2 a b", "after2 a b", "around a b", "place 1", "modified 1", "any", "first"]
    assert len(set(cue_hashes(cues).tolist())) == len(cues)


def test_a_text_without_any_term_scores_the_bias(classifier: Classifier) -> None:
    logits = classifier.model.read(Texts.of(["", "zzzzqq"]), classifier.model.body).logits
    assert np.array_equal(logits, np.tile(classifier.model.body.bias, (2, 1)))
