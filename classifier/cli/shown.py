"""One responsibility as the corpus has it: its statement, examples, and the terms that speak for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from classifier.errors import UsageError
from classifier.records import RESPONSIBILITIES

if TYPE_CHECKING:
    from classifier.model import Model
    from classifier.training import Corpus

TERMS: Final = 20


def lines(corpus: Corpus, model: Model, responsibility: str, examples: int) -> Iterator[str]:
    """Yield what there is to say of a responsibility; raise UsageError where there is none of that id."""
    if responsibility not in RESPONSIBILITIES:
        raise UsageError(f"corpus show: must be one of {', '.join(RESPONSIBILITIES)}, got {responsibility!r}. Name one")
    mine = [example for example in corpus.examples if example.responsibility == responsibility]
    yield f"{responsibility}: {corpus.statements()[responsibility]}"
    kinds: dict[str, int] = {}
    for example in mine:
        kinds[example.kind] = kinds.get(example.kind, 0) + 1
    yield f"{len(mine)} examples: {', '.join(f'{count} of kind {kind}' for kind, count in kinds.items())}"
    step = max(1, len(mine) // max(examples, 1))
    for example in mine[::step][:examples]:
        yield f"  {example.place}: {' '.join(example.text.split())}"
    yield f"strongest terms (model {model.id}): {', '.join(strongest(model, RESPONSIBILITIES.index(responsibility)))}"


def strongest(model: Model, place: int) -> list[str]:
    """Return the terms that speak most for one responsibility and against the others."""
    import numpy as np

    weights = model.responsibility.weights()
    lead = (weights[:, place] - weights.mean(axis=1)) * model.idf
    return [model.term(int(number)) for number in np.argsort(-lead, kind="stable")[:TERMS]]
