"""Rolecall where people already are: scikit-learn, spaCy, Spark. Each needs its library and nothing else.

The modules are imported by their names, so that none costs who doesn't use it:
:mod:`classifier.integrations.sklearn`, :mod:`classifier.integrations.spacy`, :mod:`classifier.integrations.spark`.
"""

from __future__ import annotations
