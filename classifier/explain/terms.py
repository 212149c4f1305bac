"""Why one role and not another: the difference of their logits, taken apart exactly.

For a given text :meth:`Model.blended` is linear in what the heads and the names say: how much the
text is read as an ad (the gate), how much a title counts over it, and the temperature are numbers.
Asked about unit readings with the gate as it is, it says what each of them weighs; nothing of the
blend is known here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.explain.findings import Contrast, Term
from classifier.explain.words import Words, read_words, weighted
from classifier.model import Head, Model, Readings, Texts, softmax
from classifier.records import ROLES

Floats = npt.NDArray[np.float64]

ROLE_COUNT: Final = len(ROLES)


def contrast(model: Model, text: Texts, words: Words, title: str | None, role: str, against: str) -> Contrast:
    """Return why ``role`` is more probable than ``against``, the weights summing to the difference of their logits."""
    pair = (ROLES.index(role), ROLES.index(against))
    readings = model.read(text, model.body)
    titles = None if title is None else model.read(Texts.of([title]), model.title)
    if int(readings.stats[0, 0]) + (0 if titles is None else int(titles.stats[0, 0])) == 0:
        prior = float(np.log(model.prior[pair[0]]) - np.log(model.prior[pair[1]]))
        return Contrast(role, against, prior, (), {}, 0.0, prior)
    found = _body(model, words, readings, pair)
    if titles is not None and title is not None and titles.stats[0, 0]:
        trust = float(model.trust(readings, softmax(model.blended(readings)))[0, 0])
        found = _joined(found, _title(model, read_words(model, title), titles, pair, trust))
    terms = tuple(sorted(found.terms, key=lambda term: -abs(term.weight)))
    difference = sum(term.weight for term in terms) + sum(found.names.values()) + found.unnamed + found.bias
    return replace(found, difference=difference, terms=terms)


def _body(model: Model, words: Words, readings: Readings, pair: tuple[int, int]) -> Contrast:
    heads = readings.logits.shape[1] - 1
    count = 2 + heads + ROLE_COUNT
    logits = np.zeros((count, heads + 1))
    logits[:, -1] = readings.logits[0, -1]
    logits[2 : 2 + heads, :heads] = np.eye(heads)
    names = np.zeros((count, ROLE_COUNT))
    names[2 + heads :] = np.eye(ROLE_COUNT)
    stats = np.repeat(readings.stats, count, axis=0)
    stats[1, -1] = 1  # as if a role were named
    units = _difference(model.blended(Readings(logits, names, stats)), pair)
    weighs = units - units[0]
    by_head, by_name = weighs[2 : 2 + heads], weighs[2 + heads :]
    terms = _terms(model, words, model.body, np.append(by_head, 0.0), "text")  # the gate is a number here
    named = {ROLES[i]: float(readings.names[0, i] * by_name[i]) for i in np.flatnonzero(readings.names[0])}
    bias = float(model.body.bias[:heads] @ by_head) + float(units[1])
    return Contrast(ROLES[pair[0]], ROLES[pair[1]], 0.0, terms, named, float(-weighs[1]), bias)


def _title(model: Model, words: Words, readings: Readings, pair: tuple[int, int], trust: float) -> Contrast:
    units = Readings(np.eye(ROLE_COUNT), np.zeros((ROLE_COUNT, ROLE_COUNT)), np.repeat(readings.stats, ROLE_COUNT, 0))
    weighs = _difference(model.title_logits(units, trust), pair)
    terms = _terms(model, words, model.title, weighs, "title")
    names = np.where(np.eye(ROLE_COUNT, dtype=bool), readings.names, 0.0)
    nothing = Readings(np.zeros((ROLE_COUNT, ROLE_COUNT)), names, units.stats)
    gained = _difference(model.title_logits(nothing, trust), pair)
    named = {ROLES[i]: float(gained[i]) for i in np.flatnonzero(gained)}
    return Contrast(ROLES[pair[0]], ROLES[pair[1]], 0.0, terms, named, 0.0, float(model.title.bias @ weighs))


def _difference(logits: Floats, pair: tuple[int, int]) -> Floats:
    return logits[:, pair[0]] - logits[:, pair[1]]


def _terms(model: Model, words: Words, head: Head, by_head: Floats, place: str) -> tuple[Term, ...]:
    """Return each term's share: its weight in the text, times its weights in the heads, times what these weigh."""
    numbers, weights = weighted(model, words)
    shares = weights * (head.weights(numbers) @ by_head)
    starts, ends = model.term_offsets[numbers].tolist(), model.term_offsets[numbers + 1].tolist()
    data = model.terms.tobytes()
    counted = zip(starts, ends, shares.tolist(), strict=True)
    return tuple(Term(data[start:end].decode(), share, place) for start, end, share in counted if share)


def _joined(body: Contrast, title: Contrast) -> Contrast:
    names = {role: body.names.get(role, 0.0) + title.names.get(role, 0.0) for role in {**body.names, **title.names}}
    return replace(body, terms=body.terms + title.terms, names=names, bias=body.bias + title.bias)
