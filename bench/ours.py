"""What our model answers: as shipped, and with its facts counted on the other fold only."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

import numpy as np
from labelled import Flags, Sample, group
from yardsticks import Answer, Floats, cue_facts

from classifier.model import Texts
from classifier.pipeline import Classifier
from classifier.records import ROLES
from classifier.training import Corpus, train_model
from classifier.training.corpus import Facts, Term
from classifier.training.facts import Labelled, count_terms

LEAST: Final = 15
"""Texts that must hold a term for it to be counted, as ``rolecall corpus count`` has it."""


def as_shipped(sample: Sample, classifier: Classifier, corpus: Corpus) -> Answer:
    """Answer by a model as it is; say so where its facts were counted on this very file."""
    found, decided = answered(classifier, sample, np.ones(len(sample.texts), bool))
    counted = dict(zip(corpus.facts.classes, corpus.facts.texts, strict=True))
    in_sample = counted == dict(Counter(group(row) for row in sample.rows))
    remark = "its facts were counted on this file" if in_sample else ""
    return Answer(f"ours as shipped{' (in-sample)' if in_sample else ''}", found, decided, remark=remark)


def by_fold(sample: Sample, classifier: Classifier, corpus: Corpus) -> Answer:
    """Answer each fold by a model whose facts were counted on the others; policy as shipped."""
    folds = sample.folds()
    found = np.zeros((len(folds), len(ROLES)))
    decided = np.ones(len(folds), bool)
    for fold in np.unique(folds):
        held = folds == fold
        facts = counted_facts(sample, ~held, corpus)
        trained = train_model(replace(corpus, facts=facts, hash=f"{corpus.hash}-{fold}"))
        model = Classifier(trained.model, trained.info, classifier.policy)
        found[held], decided[held] = answered(model, sample, held)
    return Answer("ours, facts of the other fold", found, decided)


def counted_facts(sample: Sample, known: Flags, corpus: Corpus) -> Facts:
    """Count terms and cues on some of the rows, names left in whatever was asked."""
    rows = [Labelled(sample.rows[row]["text"], group(sample.rows[row])) for row in np.flatnonzero(known)]
    classes, counts = count_terms(rows, corpus, LEAST)
    (_, texts), *terms = counts.items()
    return replace(
        cue_facts(rows, corpus),
        classes=tuple(classes),
        texts=tuple(texts),
        terms=tuple(Term(text, tuple(found)) for text, found in terms),
    )


def answered(classifier: Classifier, sample: Sample, asked: Flags) -> tuple[Floats, Flags]:
    """Return probabilities of the texts asked for, and which of them were not ``unsure``."""
    places = np.flatnonzero(asked)
    titles = None if sample.titles is None else Texts.of([sample.titles[place] for place in places])
    answers = classifier.answer(Texts.of([sample.texts[place] for place in places]), titles)
    return answers.scores.probabilities, answers.decisions.role < len(ROLES)
