"""What every test stands on: no model, corpus or setting of the user's; a small model, trained once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import artefact, training
from classifier.pipeline import Classifier
from classifier.training import Corpus, read_corpus, train_model
from classifier.training.settings import Settings
from classifier.training.train import Trained

SMALL = Settings.brief(120, 15)
"""Settings of the small model: the same steps as the shipped one's, with fewer made documents."""

KEPT = ("ROLECALL_PICTURES",)
"""Settings of ours that tests may see."""


def _clean(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in os.environ:
        if name.startswith("ROLECALL_") and name not in KEPT:
            patch.delenv(name)
    patch.setenv("ROLECALL_MODELS", str(folder))
    patch.setenv("COLUMNS", "80")


@pytest.fixture(scope="session", autouse=True)
def _isolated_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep fixtures of the whole run away from the user's models."""
    with pytest.MonkeyPatch.context() as patch:
        _clean(patch, tmp_path_factory.mktemp("models"))
        yield


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder in which this test's models are kept."""
    folder = tmp_path / "models"
    _clean(monkeypatch, folder)
    return folder


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The shipped corpus."""
    return read_corpus()


@pytest.fixture(scope="session")
def small_corpus(corpus: Corpus) -> Corpus:
    """A fifth of the shipped corpus' tickets and ads, all names, titles and statements, the commonest facts."""
    kept = ("naming", "mention", "title", "statement")
    examples = tuple(example for row, example in enumerate(corpus.examples) if example.kind in kept or row % 5 == 0)
    facts = replace(corpus.facts, terms=tuple(term for term in corpus.facts.terms if sum(term.counts) >= 80))
    return replace(corpus, examples=examples, facts=facts)


@pytest.fixture(scope="session")
def trained(small_corpus: Corpus) -> Trained:
    """The small model with its manifest and policy."""
    return train_model(small_corpus, settings=SMALL)


@pytest.fixture(scope="session")
def classifier(trained: Trained) -> Classifier:
    """The small model, ready to answer."""
    return Classifier(trained.model, trained.info, trained.policy)


@pytest.fixture(scope="session")
def saved(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that holds the small one, as 'default'. Not to be changed."""
    folder = tmp_path_factory.mktemp("saved")
    artefact.save(trained.model, trained.info, trained.policy, folder)
    return folder


@pytest.fixture
def model_folder(saved: Path, models: Path) -> Path:
    """This test's models, with the small one among them as 'default'."""
    shutil.copytree(saved, models)
    return models


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch, trained: Trained) -> None:
    """Give the small model back where one is to be trained."""

    def train(_: object, *, name: str = "default", **__: object) -> Trained:
        return replace(trained, info=replace(trained.info, name=name))

    monkeypatch.setattr(training, "train_model", train)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what would be skipped for a missing part where nothing may be missing: on CI."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but on CI every part must be there: {report.longrepr}"
    return report
