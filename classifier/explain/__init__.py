"""Evidence for one text: what it matches in the documents, which words decided, what would change the answer.

The only door to spaCy on the answering side, and only for the tools.
"""

from __future__ import annotations

from classifier.explain.evidence import responsibilities
from classifier.explain.explained import contrast_of, evidence_of, explained
from classifier.explain.findings import Change, Contrast, Evidence, Explanation, Naming, Span, Term, Tool

__all__ = [
    "Change",
    "Contrast",
    "Evidence",
    "Explanation",
    "Naming",
    "Span",
    "Term",
    "Tool",
    "contrast_of",
    "evidence_of",
    "explained",
    "responsibilities",
]
