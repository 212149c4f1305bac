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
from classifier.model import Blend, Head, Model
from classifier.normalise import folding_table
from classifier.records import RESPONSIBILITIES, ROLES, ModelInfo, Policy
from classifier.training import fit
from classifier.training.corpus import Corpus, Example, describe
from classifier.training.naming import cue_hashes, cue_weights, name_table
from classifier.training.settings import Settings
from classifier.training.simulate import NONE, counted_documents, simulated_ads
from classifier.training.vocabulary import Vocabulary, build_table, build_vocabulary, term_hashes

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model with its manifest and default policy."""

    model: Model
    info: ModelInfo
    policy: Policy


@dataclass(frozen=True, slots=True)
class _Material:
    """The examples by what they train, as row numbers, with their vocabulary."""

    examples: tuple[Example, ...]
    vocabulary: Vocabulary

    def rows(self, *kinds: str) -> list[int]:
        return [row for row, example in enumerate(self.examples) if example.kind in kinds]

    def labels(self, rows: list[int]) -> list[int]:
        return [ROLES.index(self.examples[row].role) for row in rows]

    def counts(self, rows: list[int]) -> sp.csr_matrix:
        return self.vocabulary.counts[rows]


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
    material = _Material(corpus.examples, vocabulary)
    say("simulating job ads")
    ads = _ad_rows(material, corpus, chosen)
    tickets = _ticket_rows(material)
    transformer = fit.fit_idf(sp.vstack([ads.counts, tickets.counts]).tocsr())
    say("fitting: job ads")
    ad_head = fit.fit_head(ads, transformer, len(ROLES), chosen.ad_strength, chosen.iterations)
    say("fitting: tickets and tasks")
    ticket_head = fit.fit_head(tickets, transformer, len(ROLES), chosen.ticket_strength, chosen.iterations)
    say("fitting: titles and responsibilities")
    kind_head = _kind_head(ads, tickets, transformer, chosen)
    titles = material.rows("title")
    title_rows = fit.rows_of(material.counts(titles), material.labels(titles))
    title_rows = replace(title_rows, weights=fit.balanced(title_rows.labels))
    title_head = fit.fit_head(title_rows, transformer, len(ROLES), chosen.title_strength, chosen.iterations)
    responsibility = _responsibility_head(material, transformer, chosen)
    body = Head(
        np.concatenate([ad_head.weights, ticket_head.weights, kind_head.weights], axis=1),
        np.concatenate([ad_head.bias, ticket_head.bias, kind_head.bias]),
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
    )
    return Trained(model, info, policy)


def _ad_rows(material: _Material, corpus: Corpus, settings: Settings) -> fit.Rows:
    """Simulated ads, counted documents, and the written pieces themselves."""
    rng = np.random.default_rng(settings.seed)
    pieces = material.rows("ad", "naming", "task")
    examples = [material.examples[row] for row in pieces]
    counts = material.counts(pieces)
    holds, roles = simulated_ads(examples, settings.documents_per_role, rng, settings.mixture)
    simulated = fit.Rows((holds @ counts).tocsr(), roles, np.ones(len(roles)))
    single = fit.rows_of(counts, material.labels(pieces))
    single = replace(single, weights=settings.piece_weight * fit.balanced(single.labels))
    drawn, labels = counted_documents(
        corpus.facts, material.vocabulary.terms, settings.counted_per_class, settings.counted_smoothing, rng
    )
    counted = fit.Rows(drawn, labels, fit.balanced(labels) if len(labels) else np.zeros(0))
    return fit.stack(simulated, single, counted)


def _ticket_rows(material: _Material) -> fit.Rows:
    """Tickets and tasks, every class weighted alike."""
    rows = material.rows("ticket", "task")
    found = fit.rows_of(material.counts(rows), material.labels(rows))
    return replace(found, weights=fit.balanced(found.labels))


def _kind_head(ads: fit.Rows, tickets: fit.Rows, transformer: Any, settings: Settings) -> Head:
    """Tell ads (1) from tickets (0): one output, the log-odds of an ad."""
    labels = np.concatenate([np.ones(ads.counts.shape[0], np.int64), np.zeros(tickets.counts.shape[0], np.int64)])
    rows = fit.Rows(sp.vstack([ads.counts, tickets.counts]).tocsr(), labels, fit.balanced(labels))
    both = fit.fit_head(rows, transformer, 2, settings.ticket_strength, settings.iterations)
    return Head(both.weights[:, 1:] * 2, both.bias[1:] * 2)


def _responsibility_head(material: _Material, transformer: Any, settings: Settings) -> Head:
    """The twenty responsibilities and, last, none of them."""
    none = len(RESPONSIBILITIES)
    rows = [
        row
        for row, example in enumerate(material.examples)
        if example.responsibility or (example.role == ROLES[NONE] and example.kind != "title")
    ]
    labels = [
        RESPONSIBILITIES.index(material.examples[row].responsibility) if material.examples[row].responsibility else none
        for row in rows
    ]
    found = fit.rows_of(material.counts(rows), labels)
    found = replace(found, weights=fit.balanced(found.labels))
    return fit.fit_head(found, transformer, none + 1, settings.responsibility_strength, settings.iterations)


def _assemble(
    corpus: Corpus, vocabulary: Vocabulary, idf: Any, body: Head, title: Head, responsibility: Head, settings: Settings
) -> Model:
    """Join the fitted numbers with the tables the kernel reads, and name the whole by its hash."""
    names, modifiers = name_table(corpus.roles, corpus.jobs), corpus.modifiers
    extra = sorted((names.keys() | modifiers) - vocabulary.terms.keys())
    terms = [*vocabulary.terms, *extra]
    table = build_table(term_hashes(terms))
    cues = [cue.text for cue in corpus.facts.cues]
    cue_table = build_table(cue_hashes(cues))
    fold, expansions = folding_table()
    encoded = [term.encode() for term in terms]
    model = Model(
        id="",
        fold=fold,
        expansions=expansions,
        keys=table.keys,
        values=table.values,
        sieve=table.sieve,
        idf=np.concatenate([idf, np.zeros(len(extra))]),
        name_roles=np.array([names.get(term, -1) + 1 for term in terms], np.uint8),
        modifiers=np.array([term in modifiers for term in terms], np.bool_),
        cue_keys=cue_table.keys,
        cue_values=cue_table.values,
        cue_sieve=cue_table.sieve,
        cue_weights=np.round(cue_weights(corpus.facts), fit.DECIMALS),
        body=_padded(body, len(extra)),
        title=_padded(title, len(extra)),
        responsibility=_padded(responsibility, len(extra)),
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


def _padded(head: Head, extra: int) -> Head:
    """Add rows of zeros for terms that are only looked up, not weighed."""
    weights = np.concatenate([head.weights, np.zeros((extra, head.bias.size))])
    return Head(np.ascontiguousarray(weights), head.bias)


def _model_id(model: Model) -> str:
    digest = hashlib.sha256()
    for name, part in sorted(model.to_parts().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.hexdigest()[:12]


def _versions() -> dict[str, str]:
    packages = ("numpy", "numba", "scikit-learn", "scipy", "joblib", "pyarrow")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in packages}
