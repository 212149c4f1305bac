"""The composition of an explanation: one text, its answer, and why."""

from __future__ import annotations

from dataclasses import replace

from classifier.explain.changes import change
from classifier.explain.evidence import evidence, matches, spans
from classifier.explain.findings import Contrast, Evidence, Explanation, Naming
from classifier.explain.naming import naming
from classifier.explain.segments import cut
from classifier.explain.terms import contrast
from classifier.explain.tools import tools
from classifier.explain.words import Words, read_words
from classifier.model import Model, Texts
from classifier.records import Result


def explained(
    model: Model, result: Result, text: str, title: str | None = None, *, statements: dict[str, str]
) -> Explanation:
    """Explain the answer that ``model`` gave for a text; ``statements`` holds the responsibilities by id."""
    whole = Texts.of([text])
    segments = cut(whole)
    pieces = spans(text, segments)
    words = read_words(model, text)
    items = evidence(matches(model, segments), pieces, statements)
    return Explanation(
        text=text,
        result=replace(result, responsibilities=_ranked(items)),
        evidence=items,
        contrast=contrast(model, whole, words, title, result.best, result.runner_up),
        naming=(*naming(model, text, words, pieces), *_of_title(model, title)),
        tools=tools(text, pieces),
        change=change(model, segments, pieces, title, result.best),
    )


def contrast_of(model: Model, text: str, title: str | None, *, role: str, against: str) -> Contrast:
    """Return why a text is more, or less, ``role`` than ``against``, and nothing else."""
    return contrast(model, Texts.of([text]), read_words(model, text), title, role, against)


def evidence_of(model: Model, text: str, *, statements: dict[str, str]) -> tuple[Evidence, ...]:
    """Return the segments of a text that match a documented responsibility, and nothing else."""
    segments = cut(Texts.of([text]))
    return evidence(matches(model, segments), spans(text, segments), statements)


def _ranked(items: tuple[Evidence, ...]) -> tuple[str, ...]:
    """Return the responsibilities found, by their strongest segment, strongest first."""
    strongest: dict[str, float] = {}
    for item in items:
        strongest[item.responsibility] = max(item.strength, strongest.get(item.responsibility, 0.0))
    return tuple(sorted(strongest, key=lambda name: -strongest[name]))


def _of_title(model: Model, title: str | None) -> tuple[Naming, ...]:
    if title is None:
        return ()
    words: Words = read_words(model, title)
    return naming(model, title, words, (), "title")
