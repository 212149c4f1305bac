from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from classifier import artefact
from classifier.errors import ArtefactError, RolecallError, UsageError
from classifier.model import Texts
from classifier.pipeline import Classifier
from classifier.records import ROLES
from classifier.training.train import Trained


class Hostile:
    """An object whose unpickling runs a command."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def forge(place: Path, data: bytes) -> None:
    """Replace the arrays of a model and make its manifest agree."""
    (place / "model.joblib").write_bytes(data)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["sha256"] = hashlib.sha256(data).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest))


def dumped(value: object, tmp_path: Path) -> bytes:
    path = tmp_path / "forged.joblib"
    joblib.dump(value, path)
    return path.read_bytes()


def test_a_loaded_model_answers_as_the_saved_one(model_folder: Path, classifier: Classifier) -> None:
    model, info, policy = artefact.load("default")
    texts = Texts.of(["Define SLOs.", "", "Write Helm charts for the tenants."])
    assert np.array_equal(model.score(texts).probabilities, classifier.model.score(texts).probabilities)
    assert info.id == model.id == classifier.model.id
    assert policy == classifier.policy
    assert (model_folder / "default" / "manifest.json").is_file()


def test_arrays_are_read_only_maps_of_the_file(model_folder: Path) -> None:
    model, _, _ = artefact.load("default", model_folder)
    assert isinstance(model.body.rows.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        model.idf[0] = 1.0


def test_a_loaded_model_can_be_saved_and_loaded_again(model_folder: Path) -> None:
    model, info, policy = artefact.load("default", model_folder)
    artefact.save(model, replace(info, name="copy"), policy, model_folder)
    copy, _, _ = artefact.load("copy", model_folder)
    assert copy.id == model.id
    np.testing.assert_array_equal(copy.body.rows, model.body.rows)


def test_the_manifest_says_what_the_model_is(model_folder: Path) -> None:
    manifest = json.loads((model_folder / "default" / "manifest.json").read_text())
    data = (model_folder / "default" / "model.joblib").read_bytes()
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert {"format", "id", "name", "corpus_hash", "settings", "versions", "figures", "policy"} <= manifest.keys()
    assert manifest["versions"].keys() >= {"numpy", "numba", "scikit-learn", "python"}


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"terms": x}, lambda x: [x], lambda x: {"a": ({"b": x},)}])
def test_a_hostile_pickle_is_refused_and_not_run(model_folder: Path, tmp_path: Path, wrap: Any) -> None:
    target = tmp_path / "taken"
    forge(model_folder / "default", pickle.dumps(wrap(Hostile(target))))
    with pytest.raises(ArtefactError, match="only arrays and plain values are allowed"):
        artefact.load("default")
    assert not target.exists()


def test_a_hostile_object_inside_an_array_is_refused_and_not_run(model_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    hidden = np.array([Hostile(target), None], dtype=object)
    forge(model_folder / "default", dumped({"terms": hidden}, tmp_path))
    with pytest.raises(ArtefactError, match="only arrays and plain values are allowed"):
        artefact.load("default")
    assert not target.exists()


def test_a_hostile_object_inside_a_structured_array_is_refused(model_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    hidden = np.empty(1, dtype=[("number", "i4"), ("thing", "O")])
    hidden["thing"][0] = Hostile(target)
    forge(model_folder / "default", dumped([hidden], tmp_path))
    with pytest.raises(ArtefactError):
        artefact.load("default")
    assert not target.exists()


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "numpy.load", "joblib.load", "subprocess.Popen"])
def test_no_function_can_be_named(model_folder: Path, name: str) -> None:
    module, function = name.rsplit(".", 1)
    forge(model_folder / "default", f"c{module}\n{function}\n.".encode())
    with pytest.raises(ArtefactError, match="only arrays and plain values are allowed"):
        artefact.load("default")


@pytest.mark.parametrize("value", [[1, 2], "text", {"id": "x"}, {}, 7])
def test_a_foreign_file_gets_one_clear_error(model_folder: Path, tmp_path: Path, value: object) -> None:
    forge(model_folder / "default", dumped(value, tmp_path))
    with pytest.raises(ArtefactError, match="rolecall train"):
        artefact.load("default")


@pytest.mark.parametrize("data", [b"", b"\x80", b"not a pickle at all", b"\x80\x05\x95"])
def test_bytes_that_are_no_pickle_get_one_clear_error(model_folder: Path, data: bytes) -> None:
    forge(model_folder / "default", data)
    with pytest.raises(ArtefactError, match="rolecall train"):
        artefact.load("default")


def test_a_truncated_file_is_said_to_be_truncated(model_folder: Path) -> None:
    path = model_folder / "default" / "model.joblib"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArtefactError, match="is truncated or altered") as caught:
        artefact.load("default")
    assert str(path) in str(caught.value)


def test_an_altered_byte_is_noticed(model_folder: Path) -> None:
    path = model_folder / "default" / "model.joblib"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ArtefactError, match="is truncated or altered"):
        artefact.load("default")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"format": artefact.FORMAT - 1}, f"the format must be {artefact.FORMAT}, got {artefact.FORMAT - 1}"),
        ({"format": artefact.FORMAT + 1}, "made by another version"),
        ({"format": None}, "the format must be"),
    ],
)
def test_another_format_is_refused(model_folder: Path, change: dict[str, Any], said: str) -> None:
    path = model_folder / "default" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ArtefactError, match=said):
        artefact.load("default")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', '"format"'])
def test_a_manifest_that_is_none_gets_one_clear_error(model_folder: Path, text: str) -> None:
    (model_folder / "default" / "manifest.json").write_text(text)
    with pytest.raises(ArtefactError, match="rolecall train"):
        artefact.load("default")


def test_a_missing_array_file_gets_one_clear_error(model_folder: Path) -> None:
    (model_folder / "default" / "model.joblib").unlink()
    with pytest.raises(ArtefactError, match="cannot be read"):
        artefact.load("default")


def test_an_unknown_model_is_named_with_those_there_are(model_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"model 'other': not found .*there: default.*rolecall train --name other"):
        artefact.load("other", model_folder)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a" * 65, "x\ny", "a b", "-x"])
def test_a_name_that_can_be_no_folder_is_refused(models: Path, trained: Trained, name: str) -> None:
    with pytest.raises(UsageError, match="model name"):
        artefact.save(trained.model, replace(trained.info, name=name), trained.policy)
    with pytest.raises(UsageError, match="model name"):
        artefact.load(name, models)


@pytest.mark.parametrize("function", ["_sha256", "_replace", "_sync"])
def test_a_crash_while_writing_leaves_the_old_model(
    model_folder: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(artefact, function, crash)
    with pytest.raises(KeyboardInterrupt):
        artefact.save(trained.model, trained.info, trained.policy)
    monkeypatch.undo()
    assert artefact.load("default", model_folder)[0].id == trained.model.id
    assert [path.name for path in model_folder.iterdir()] == ["default"]


def test_saving_replaces_a_model_whole(model_folder: Path, trained: Trained) -> None:
    fresh = replace(trained.info, created="later")
    artefact.save(trained.model, fresh, trained.policy)
    assert artefact.read_info("default")[0].created == "later"
    assert [path.name for path in model_folder.iterdir()] == ["default"]


def test_an_open_model_goes_on_answering_when_it_is_replaced(model_folder: Path, trained: Trained) -> None:
    model, _, _ = artefact.load("default", model_folder)
    before = model.score(Texts.of(["Tune the alerts."])).probabilities
    artefact.save(trained.model, trained.info, trained.policy)
    assert np.array_equal(model.score(Texts.of(["Tune the alerts."])).probabilities, before)


def test_the_model_switched_to_is_the_current_one(model_folder: Path, trained: Trained) -> None:
    assert artefact.current() == "default"
    artefact.save(trained.model, replace(trained.info, name="mine"), trained.policy)
    artefact.switch("mine")
    assert artefact.current(model_folder) == "mine"
    assert artefact.names() == ["default", "mine"]
    with pytest.raises(UsageError, match="'other': not found"):
        artefact.switch("other")
    assert artefact.current() == "mine"


def test_removing_the_current_model_goes_back_to_the_default(model_folder: Path, trained: Trained) -> None:
    artefact.save(trained.model, replace(trained.info, name="mine"), trained.policy)
    artefact.switch("mine")
    artefact.remove("mine")
    assert artefact.current() == "default"
    assert [path.name for path in model_folder.iterdir()] == ["default"]
    with pytest.raises(UsageError, match="'mine': not found"):
        artefact.remove("mine")


def test_half_written_folders_are_no_models(model_folder: Path) -> None:
    (model_folder / ".default-x1").mkdir()
    (model_folder / ".default-x1" / "manifest.json").write_text("{}")
    (model_folder / "empty").mkdir()
    assert artefact.names() == ["default"]


def test_without_the_variable_models_are_beside_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLECALL_MODELS")
    assert artefact.models_folder().name == "models"


READ_ONLY = """
from classifier import kernel, load
print(load().classify("Define SLOs and error budgets for the payment API.").best, kernel.__file__)
"""


def test_where_nothing_can_be_written_the_code_is_compiled_anew(model_folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "installed" / "classifier"
    shutil.copytree(Path(artefact.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (package, package / "tables"):
        (folder / "__pycache__").write_text("no folder, so that nothing is cached here")
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    environment = os.environ | {
        "ROLECALL_MODELS": str(model_folder),
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(blocked),
        "XDG_CACHE_HOME": str(blocked),
    }
    command = [sys.executable, "-c", READ_ONLY]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    best, used = done.stdout.split()
    assert best in ROLES
    assert Path(used).is_relative_to(package)


def test_all_errors_are_of_one_tree() -> None:
    assert issubclass(ArtefactError, RolecallError)
    assert issubclass(UsageError, RolecallError)
