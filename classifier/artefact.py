"""The only reader and writer of models on disk, and the only door to joblib.

A model is a folder: ``model.joblib`` holds arrays and plain values, nothing else, and
``manifest.json`` says what it is and what its bytes hash to. Both are written beside their
place and moved there when whole, so that a crash leaves the old model usable.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

from classifier.errors import ArtefactError, UsageError
from classifier.model import Model
from classifier.records import ModelInfo, Policy

FORMAT: Final = 2
DEFAULT: Final = "default"
CURRENT: Final = "CURRENT"
"""The file beside the models that names the one to answer with."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_ALLOWED: Final = frozenset(
    {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
    }
)


def models_folder() -> Path:
    """Return where models are kept: ``models/`` of a checkout, else the user's data folder.

    The environment variable ``ROLECALL_MODELS`` names another place.
    """
    if chosen := os.environ.get("ROLECALL_MODELS"):
        return Path(chosen)
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "models").is_dir():
        return checkout / "models"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "rolecall" / "models"


def checked_name(name: str) -> str:
    """Return a model's name if it can be a folder's; raise UsageError otherwise."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"model name: must be of letters, digits, '.', '_' and '-', up to 64, got {name!r}. Choose another name"
        )
    return name


def save(model: Model, info: ModelInfo, policy: Policy, folder: Path | None = None) -> Path:
    """Write a model under ``folder/<name>`` and return that path; an older one is replaced whole."""
    import joblib

    root = folder or models_folder()
    root.mkdir(parents=True, exist_ok=True)
    target = root / checked_name(info.name)
    fresh = Path(tempfile.mkdtemp(prefix=f".{info.name}-", dir=root))
    try:
        joblib.dump(model.to_parts(), fresh / "model.joblib", compress=0, protocol=5)
        manifest = asdict(info) | {
            "format": FORMAT,
            "policy": policy.to_dict(),
            "sha256": _sha256(fresh / "model.joblib"),
        }
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        for path in fresh.iterdir():
            _sync(path)
        fresh.chmod(0o755)
        _replace(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _replace(fresh: Path, target: Path) -> None:
    """Move a whole folder to its place; readers see the old one or the new one."""
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    try:
        if target.exists():
            target.rename(old / "model")
        try:
            fresh.rename(target)
        except OSError:
            if (old / "model").exists():
                (old / "model").rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def names(folder: Path | None = None) -> list[str]:
    """Return the names of the models on disk, sorted."""
    root = folder or models_folder()
    if not root.is_dir():
        return []
    return sorted(path.parent.name for path in root.glob("*/manifest.json") if NAME.fullmatch(path.parent.name))


def current(folder: Path | None = None) -> str:
    """Return the name of the model that answers where none is named: the one switched to, or the default."""
    path = (folder or models_folder()) / CURRENT
    try:
        return checked_name(path.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return DEFAULT


def switch(name: str, folder: Path | None = None) -> None:
    """Make a model the one that answers where none is named; it must be there."""
    root = folder or models_folder()
    _manifest(root / checked_name(name))
    fresh = root / f".{CURRENT}-{os.getpid()}"
    fresh.write_text(name + "\n", encoding="utf-8")
    _sync(fresh)
    fresh.replace(root / CURRENT)


def remove(name: str, folder: Path | None = None) -> None:
    """Delete a model; where it was the one that answers, the default one is that again."""
    root = folder or models_folder()
    place = root / checked_name(name)
    if not place.is_dir():
        there = ", ".join(names(root)) or "none"
        raise UsageError(f"model {name!r}: not found in {root} (there: {there}). Name one of them")
    if current(folder) == name:
        (root / CURRENT).unlink(missing_ok=True)
    gone = Path(tempfile.mkdtemp(prefix=f".{name}-old-", dir=root))
    place.rename(gone / "model")
    shutil.rmtree(gone)


def read_info(name: str, folder: Path | None = None) -> tuple[ModelInfo, Policy]:
    """Return what the manifest of a model says, and its policy, without loading its arrays."""
    manifest = _manifest((folder or models_folder()) / checked_name(name))
    return _info(manifest), _policy(manifest)


def load(name: str = DEFAULT, folder: Path | None = None) -> tuple[Model, ModelInfo, Policy]:
    """Check and load a model; its arrays are read-only maps of the file, shared by processes.

    Raises ArtefactError where the folder is truncated, altered, foreign or of another format.
    """
    place = (folder or models_folder()) / checked_name(name)
    manifest = _manifest(place)
    path = place / "model.joblib"
    try:
        found = _sha256(path)
    except OSError as error:
        raise ArtefactError(
            f"{path}: cannot be read ({error.strerror}). Train the model again: rolecall train"
        ) from None
    if found != manifest["sha256"]:
        raise ArtefactError(
            f"{path}: is truncated or altered: its sha256 must be {manifest['sha256'][:12]}..., got {found[:12]}.... "
            "Train the model again: rolecall train"
        )
    try:
        model = Model.from_parts(_unpickle(path))
    except ArtefactError:
        raise
    except Exception as error:
        raise ArtefactError(
            f"{path}: is no model of this format ({type(error).__name__}: {error}). "
            "Train the model again: rolecall train"
        ) from error
    return model, _info(manifest), _policy(manifest)


def _manifest(place: Path) -> dict[str, Any]:
    path = place / "manifest.json"
    if not path.is_file():
        there = ", ".join(names(place.parent)) or "none"
        raise UsageError(
            f"model {place.name!r}: not found in {place.parent} (there: {there}). "
            f"Train it: rolecall train --name {place.name}"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            f"{path}: is no manifest of a model ({error}). Train the model again: rolecall train"
        ) from None
    if version != FORMAT:
        raise ArtefactError(
            f"{path}: the format must be {FORMAT}, got {version!r}: it was made by another version. "
            "Train the model again: rolecall train"
        )
    missing = {"name", "id", "created", "corpus_hash", "sha256", "policy"} - manifest.keys()
    if missing:
        raise ArtefactError(f"{path}: lacks {', '.join(sorted(missing))}. Train the model again: rolecall train")
    return cast("dict[str, Any]", manifest)


def _info(manifest: dict[str, Any]) -> ModelInfo:
    return ModelInfo(**{name: manifest[name] for name in ModelInfo.__slots__ if name in manifest})


def _policy(manifest: dict[str, Any]) -> Policy:
    values = dict(manifest["policy"])
    return Policy(**values | {"min_confidence": tuple(values["min_confidence"])})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpickle(path: Path) -> dict[str, Any]:
    """Read arrays and plain values from a joblib file, and nothing else."""
    import pickle

    from joblib.numpy_pickle import NumpyUnpickler

    class ArraysOnly(NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
        """joblib's unpickler without the means to name, or to hide, anything but arrays."""

        dispatch = NumpyUnpickler.dispatch.copy()

        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in _ALLOWED:
                raise _refused(f"{module}.{name}")
            return super().find_class(module, name)

        def load_build(self) -> None:
            state = self.stack[-1]
            # An array of objects would be read by an unpickler that is not this one.
            if isinstance(state, dict) and getattr(state.get("dtype"), "hasobject", False):
                raise _refused("an array of objects")
            super().load_build()

        dispatch[pickle.BUILD[0]] = load_build

    with path.open("rb") as file:
        parts = ArraysOnly(str(path), file, ensure_native_byte_order=False, mmap_mode="r").load()
    if not isinstance(parts, dict):
        raise _refused(type(parts).__name__)
    return parts


def _refused(what: str) -> ArtefactError:
    return ArtefactError(
        f"model.joblib: only arrays and plain values are allowed, got {what}. "
        "The file is hostile or foreign: delete it and train again: rolecall train"
    )
