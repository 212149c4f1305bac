"""Other classifiers that answer the same texts, each ready to be timed on one thread."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.model import Model
from classifier.training.corpus import Example

BLANK: Final = re.compile(r"\s+")
FASTTEXT_PACKAGES: Final = ("fasttext-community", "fasttext-wheel", "fasttext", "fasttext-numpy2")


@dataclass(frozen=True, slots=True)
class Peer:
    """A classifier by name.

    ``answer`` answers texts that ``prepare`` has made ready, which is not timed; ``share`` of the texts is
    enough to time a slow one.
    """

    name: str
    answer: Callable[[Any], Any] | None
    share: float = 1.0
    prepare: Callable[[Sequence[str]], Any] = list
    missing: str = ""


def installed(*packages: str) -> str:
    """Return name and version of the first of these packages that is installed, or nothing."""
    for package in packages:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            continue
    return ""


def scikit_learn(model: Model) -> Peer:
    """Return scikit-learn's own TF-IDF and logistic regression with the model's terms and weights."""
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 3), sublinear_tf=True, vocabulary={model.term(index): index for index in range(model.idf.size)}
    )
    vectorizer.idf_ = model.idf
    regression = LogisticRegression()
    regression.coef_ = np.ascontiguousarray(model.body.weights().T)
    regression.intercept_ = model.body.bias
    regression.classes_ = np.arange(model.body.bias.size)

    def answer(texts: Sequence[str]) -> Any:
        return regression.predict_proba(vectorizer.transform(texts))

    return Peer(f"{installed('scikit-learn')}: TfidfVectorizer + LogisticRegression, same weights", answer, 0.5)


def fasttext(examples: Sequence[Example]) -> Peer:
    """Return fastText trained on the corpus with words and pairs, at its default size."""
    name = "fastText predict, words and pairs"
    try:
        import fasttext as library
    except ImportError:
        return Peer(name, None, missing="no package of fastText is installed, e.g. fasttext-community")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "examples.txt")
        lines = [f"__label__{example.role} {BLANK.sub(' ', example.text)}\n" for example in examples]
        path.write_text("".join(lines), encoding="utf-8")
        model = library.train_supervised(str(path), wordNgrams=2, epoch=3, thread=1, verbose=0)

    def prepare(texts: Sequence[str]) -> list[str]:
        return [f"{BLANK.sub(' ', text)}\n" for text in texts]

    def answer(lines: list[str]) -> Any:
        return model.f.multilinePredict(lines, 5, 0.0, "strict")

    return Peer(f"{installed(*FASTTEXT_PACKAGES) or 'fasttext'}: predict, words and pairs", answer, prepare=prepare)


def spacy_textcat(examples: Sequence[Example]) -> Peer:
    """Return spaCy's bag-of-words text categoriser on a blank model, a few steps trained."""
    name = "spaCy textcat, bag of words, blank model"
    try:
        import spacy
        from spacy.training import Example as Lesson
    except ImportError:
        return Peer(name, None, missing="spacy is not installed")
    nlp = spacy.blank("en")
    bag = {
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
    }
    nlp.add_pipe("textcat", config={"model": bag})
    roles = sorted({example.role for example in examples})
    lessons = [
        Lesson.from_dict(nlp.make_doc(example.text), {"cats": {role: float(role == example.role) for role in roles}})
        for example in examples[:: max(1, len(examples) // 500)]
    ]
    optimizer = nlp.initialize(lambda: lessons)
    for start in range(0, len(lessons), 50):
        nlp.update(lessons[start : start + 50], sgd=optimizer)

    def answer(texts: Sequence[str]) -> Any:
        return [doc.cats for doc in nlp.pipe(texts, batch_size=128)]

    return Peer(f"{installed('spacy')}: textcat, bag of words, blank model", answer, 0.1)
