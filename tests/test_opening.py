from __future__ import annotations

from pathlib import Path

import pytest

import classifier.training
from classifier import artefact, load
from classifier.training.train import Trained


def test_where_no_model_is_the_default_one_is_trained_first_and_said(
    models: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(classifier.training, "train_model", lambda *_, **__: trained)
    assert load().info.id == trained.info.id
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"rolecall: no model yet, training the default one: done, kept in {models / 'default'}\n"
    assert artefact.names() == ["default"]
    load()
    assert capsys.readouterr().err == ""
