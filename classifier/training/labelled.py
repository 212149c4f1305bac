"""Add the user's own labelled texts to what a corpus holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, replace

from classifier.training.corpus import Corpus, Example


def with_examples(corpus: Corpus, examples: Sequence[Example]) -> Corpus:
    """Return a corpus that holds these examples too; its hash tells the two apart."""
    if not examples:
        return corpus
    digest = hashlib.sha256(corpus.hash.encode())
    for example in examples:
        digest.update(repr(astuple(replace(example, place=""))).encode())
    return replace(corpus, examples=(*corpus.examples, *examples), hash=digest.hexdigest())
