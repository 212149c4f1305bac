"""A scikit-learn estimator that reads texts as Rolecall does and learns one's own labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from classifier.normalise import tokens

if TYPE_CHECKING:
    from sklearn.utils import Tags

Floats = npt.NDArray[np.float64]


class RoleClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classify texts into one's own labels: TF-IDF of Rolecall's tokens and logistic regression.

    ``X`` is a column of texts (a list, an array, a pandas or Arrow column of strings), HTML and odd
    Unicode included. It may be a table as well: its columns of texts are read together, one below the
    other, and its columns of numbers are features as they are; a table of numbers alone is
    classified by these.

    Args:
        strength: scikit-learn's C, the inverse of the regularisation.
        words: the longest run of words that counts as a term, 1 to 3.
        min_texts: texts that must hold a term for it to be known.
        base: name of a model of Rolecall, whose five logits for a text are features as well; with it
            a few labels of the same roles go a long way. None reads the words alone.
        class_weight: as scikit-learn's; ``balanced`` gives every label the same mass.

    Attributes:
        classes_: the labels, sorted.
        vocabulary_: the known terms and their columns; empty where there are no texts.

    >>> texts = ["define SLOs", "error budgets and SLOs", "care for patients", "night shift on the ward"]
    >>> RoleClassifier().fit(texts, ["sre", "sre", "nurse", "nurse"]).predict(["budgets for errors and SLOs"])
    array(['sre'], dtype='<U5')
    """

    def __init__(
        self,
        *,
        strength: float = 10.0,
        words: int = 2,
        min_texts: int = 1,
        base: str | None = None,
        class_weight: str | dict[Any, float] | None = None,
    ) -> None:
        self.strength = strength
        self.words = words
        self.min_texts = min_texts
        self.base = base
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the labels ``y`` of ``X``; raise ValueError where they cannot be used."""
        if not 1 <= self.words <= 3:
            raise ValueError(f"RoleClassifier: 'words' must be 1 to 3, got {self.words!r}")
        texts, numbers, labels = self._checked(X, y)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        counted = labels if sample_weight is None else labels[_check_sample_weight(sample_weight, labels) > 0]
        if len(np.unique(counted)) < 2:
            only = np.unique(counted).tolist()
            raise ValueError(f"RoleClassifier: 'y' must hold 2 classes or more, got {len(only)} class: {only}")
        self.vectorizer_ = None if texts is None else self._vectorizer()
        if self.vectorizer_ is not None:
            self.vectorizer_.fit(texts)
        self.vocabulary_ = {} if self.vectorizer_ is None else self.vectorizer_.vocabulary_
        self.base_ = None if self.base is None or texts is None else _loaded(self.base)
        self.regression_ = LogisticRegression(C=self.strength, max_iter=1000, class_weight=self.class_weight)
        self.regression_.fit(self._joined(texts, numbers), labels, sample_weight=sample_weight)
        self.n_iter_ = self.regression_.n_iter_
        return self

    def _vectorizer(self) -> TfidfVectorizer:
        return TfidfVectorizer(
            tokenizer=tokens,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, self.words),
            min_df=self.min_texts,
            sublinear_tf=True,
        )

    def _checked(self, X: Any, y: Any) -> tuple[list[str] | None, Floats | None, npt.NDArray[Any]]:
        """Return texts, numbers and labels to learn from."""
        if not _holds_text(X):
            numbers, labels = validate_data(self, X, y)
            return None, numbers, labels
        if y is None:
            raise ValueError("RoleClassifier: requires y to be passed, but the target y is None")
        labels = column_or_1d(y, warn=True)
        texts, found = self._taken_apart(X, reset=True)
        check_consistent_length(texts, labels)
        return texts, found, labels

    def _taken_apart(self, X: Any, *, reset: bool) -> tuple[list[str], Floats | None]:
        """Return the texts of a column or table, and the numbers that stand beside them."""
        table = _table(X)
        if table.shape[1] > 1:
            validate_data(self, X, reset=reset, skip_check_array=True)
        written = [all(isinstance(cell, str) for cell in column) for column in table.T]
        if not any(written):
            raise ValueError(f"RoleClassifier: 'X' must hold texts, got {_stranger(table)}")
        texts = ["\n".join(row) for row in table[:, written]]
        others = table[:, [not each for each in written]]
        return texts, check_array(others, dtype=np.float64) if others.shape[1] else None

    def decision_function(self, X: Any) -> Floats:
        """Return scores of the labels (n, labels); of two labels, those of the second (n,)."""
        features = self._features(X)
        scores: Floats = self.regression_.decision_function(features)
        return scores

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each label (n, labels), in the order of ``classes_``."""
        features = self._features(X)
        probabilities: Floats = self.regression_.predict_proba(features)
        return probabilities

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable label of each text."""
        features = self._features(X)
        labels: npt.NDArray[Any] = self.regression_.predict(features)
        return labels

    def _features(self, X: Any) -> Any:
        check_is_fitted(self)
        if self.vectorizer_ is None:
            return self._joined(None, validate_data(self, X, reset=False))
        if not _holds_text(X):
            raise ValueError("RoleClassifier: 'X' must hold texts as in fit, got numbers alone")
        return self._joined(*self._taken_apart(X, reset=False))

    def _joined(self, texts: list[str] | None, numbers: Floats | None) -> Any:
        """Put terms, the logits of the base model and numbers beside one another, as far as there are any."""
        if texts is None or self.vectorizer_ is None:
            return numbers
        parts = [self.vectorizer_.transform(texts)]
        if self.base_ is not None:
            probabilities = np.array([list(row.probabilities.values()) for row in self.base_.classify_many(texts)])
            logits = np.log(np.clip(probabilities, 1e-9, None))
            parts.append(logits - logits.mean(axis=1, keepdims=True))
        if numbers is not None:
            parts.append(numbers)
        return sp.hstack(parts).tocsr()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


def _loaded(name: str) -> Any:
    from classifier import load

    return load(name)


def _holds_text(X: Any) -> bool:
    """Tell whether ``X`` is a column, or a table with a column, of anything but numbers."""
    if isinstance(X, str):
        raise ValueError("RoleClassifier: 'X' must be a column of texts, got one string. Put it into a list")
    if sp.issparse(X):
        return False
    if hasattr(X, "to_pylist"):
        return True
    array = np.asarray(X, dtype=object if isinstance(X, list | tuple) else None)
    if array.ndim == 1:
        return array.dtype.kind in "OUT" and any(isinstance(cell, str) for cell in array)
    return array.ndim == 2 and array.dtype.kind in "OUT" and any(isinstance(cell, str) for cell in array.ravel())


def _table(X: Any) -> npt.NDArray[Any]:
    """Return texts as an array of objects (n, columns)."""
    array = np.asarray(X.to_pylist() if hasattr(X, "to_pylist") else X, dtype=object)
    if not len(array):
        raise ValueError("RoleClassifier: found array with 0 sample(s) while a minimum of 1 is required")
    return array[:, None] if array.ndim == 1 else array


def _stranger(table: npt.NDArray[Any]) -> str:
    """Name the first cell that is no text."""
    row, column = next((row, column) for (row, column), cell in np.ndenumerate(table) if not isinstance(cell, str))
    return f"{type(table[row, column]).__name__} in row {row}"
