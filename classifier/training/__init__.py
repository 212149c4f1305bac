"""From the corpus to a model: reading, checking, simulating, fitting, calibrating.

The only door to scikit-learn.
"""

from __future__ import annotations

from classifier.training.corpus import Corpus, Example, read_corpus
from classifier.training.train import train_model

__all__ = ["Corpus", "Example", "read_corpus", "train_model"]
