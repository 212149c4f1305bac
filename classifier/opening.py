"""Open a model by name; where there is none yet, train the default one first and say so."""

from __future__ import annotations

import sys
from pathlib import Path

from classifier import artefact, policies
from classifier.pipeline import Classifier


def open_classifier(name: str | None = None, *, policy: str | None = None, folder: Path | None = None) -> Classifier:
    """Return a classifier; the default model is trained on the shipped corpus if it is missing.

    ``policy`` names one that was tuned for the model; without it the model's own is used.
    """
    chosen = name or artefact.current(folder)
    if chosen == artefact.DEFAULT and chosen not in artefact.names(folder):
        train_default(folder)
    model, info, own = artefact.load(chosen, folder)
    return Classifier(model, info, own if policy is None else policies.load(info, policy, folder))


def train_default(folder: Path | None = None) -> None:
    """Train the default model and say so on standard error."""
    from classifier.training import read_corpus, train_model

    def say(step: str) -> None:
        sys.stderr.write(f"rolecall: no model yet, training the default one: {step}\n")

    trained = train_model(read_corpus(), progress=say)
    path = artefact.save(trained.model, trained.info, trained.policy, folder)
    say(f"done, kept in {path}")
