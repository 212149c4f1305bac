"""The composition of training: corpus in, model, manifest and policy out."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import scipy.sparse as sp

from classifier.artefact import DEFAULT, FORMAT
from classifier.model import Blend, Floats, Head, Model
from classifier.normalise import folding_table
from classifier.records import RESPONSIBILITIES, ROLES, ModelInfo, Policy
from classifier.training import fit, rows
from classifier.training.corpus import Corpus, describe
from classifier.training.fit import Fit
from classifier.training.naming import cue_hashes, cue_weights, name_table
from classifier.training.settings import Settings
from classifier.training.vocabulary import Vocabulary, build_lookup, build_table, build_vocabulary

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model with its manifest and default policy."""

    model: Model
    info: ModelInfo
    policy: Policy


def train_model(
    corpus: Corpus, *, name: str = DEFAULT, settings: Settings | None = None, progress: Progress | None = None
) -> Trained:
    """Train a model. The same corpus, settings and library versions give the same model id.

    ``progress`` is called with a line for each step.
    """
    chosen = settings or Settings()
    say = progress or (lambda _: None)
    say("counting words")
    texts = [example.text for example in corpus.examples]
    vocabulary = build_vocabulary(corpus, texts, chosen.min_examples, chosen.min_pairs)
    material = rows.Material(corpus.examples, vocabulary)
    say("simulating job ads")
    ads = rows.ad_rows(material, corpus, chosen)
    tickets = rows.ticket_rows(material, chosen)
    transformer = fit.fit_idf(sp.vstack([ads.counts, tickets.counts]).tocsr())
    say("fitting job ads, tickets, titles and responsibilities")
    tasks = (
        (ads, len(ROLES), chosen.ad_effort),
        (tickets, len(ROLES), chosen.ticket_effort),
        (rows.kind_rows(ads, material, chosen), 2, chosen.kind_effort),
        (rows.title_rows(material), len(ROLES), chosen.title_effort),
        (rows.responsibility_rows(material), len(RESPONSIBILITIES) + 1, chosen.responsibility_effort),
    )
    ad, ticket, kind, title_head, responsibility = fit.fit_heads(tasks, transformer)
    body = fit.Fit(
        np.concatenate([ad.weights, ticket.weights, 2 * kind.weights[:, 1:]], axis=1),
        np.concatenate([ad.bias, ticket.bias, 2 * kind.bias[1:]]),
    )
    say("putting the model together")
    model = _assemble(corpus, vocabulary, transformer.idf_, body, title_head, responsibility, chosen)
    policy = Policy()
    info = ModelInfo(
        name=name,
        id=model.id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        corpus_hash=corpus.hash,
        format=FORMAT,
        settings=asdict(chosen),
        versions=_versions(),
        figures={"terms": len(vocabulary.terms), "corpus": describe(corpus)},
        statements=corpus.statements(),
    )
    return Trained(model, info, policy)


def _assemble(
    corpus: Corpus, vocabulary: Vocabulary, idf: Any, body: Fit, title: Fit, responsibility: Fit, settings: Settings
) -> Model:
    """Join the fitted numbers with the tables the kernel reads, and name the whole by its hash."""
    names, modifiers = name_table(corpus.roles, corpus.jobs), corpus.modifiers
    extra = sorted((names.keys() | modifiers) - vocabulary.terms.keys())
    terms = [*vocabulary.terms, *extra]
    lookup = build_lookup(terms, names, modifiers)
    cues = cue_hashes([cue.text for cue in corpus.facts.cues])
    padded = np.concatenate([idf, np.zeros(len(extra))])
    fold, expansions = folding_table()
    encoded = [term.encode() for term in terms]
    model = Model(
        id="",
        fold=fold,
        expansions=expansions,
        words=lookup.words,
        grams=lookup.grams,
        sieve=lookup.sieve,
        idf=padded,
        name_roles=np.array([names.get(term, -1) + 1 for term in terms], np.uint8),
        modifiers=np.array([term in modifiers for term in terms], np.bool_),
        cues=build_table(cues, np.arange(1, cues.size + 1)),
        cue_weights=np.round(cue_weights(corpus.facts), fit.DECIMALS),
        body=_head(body, padded),
        title=_head(title, padded),
        responsibility=_head(responsibility, padded),
        terms=np.frombuffer(b"".join(encoded), np.uint8).copy(),
        term_offsets=np.cumsum([0, *(len(term) for term in encoded)]),
        blend=Blend(
            naming=settings.naming,
            other_jobs=settings.other_jobs,
            unnamed=settings.unnamed,
            temperature=settings.temperature,
            title=settings.title,
            title_names=settings.title_names,
            conflict=settings.conflict,
        ),
        prior=(0.1, 0.1, 0.1, 0.1, 0.6),
    )
    return replace(model, id=_model_id(model))


def _head(found: Fit, idf: Floats) -> Head:
    """Lay a head out, with weights of zero for terms that are only looked up, not weighed."""
    extra = np.zeros((idf.size - len(found.weights), found.bias.size))
    return Head.of(np.concatenate([found.weights, extra]), found.bias, idf)


def _model_id(model: Model) -> str:
    digest = hashlib.sha256()
    for name, part in sorted(model.to_parts().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.hexdigest()[:12]


def _versions() -> dict[str, str]:
    packages = ("numpy", "numba", "scikit-learn", "scipy", "joblib", "pyarrow")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}
