"""Named policies beside a model: thresholds chosen on a user's own rows, for that model alone.

A policy is a JSON file under ``models/<name>/policies/``. Training a model anew replaces its folder,
policies included: thresholds of one model mean nothing to another.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from classifier.artefact import checked_name, models_folder
from classifier.errors import ArtefactError, UsageError
from classifier.records import ModelInfo, Policy

FOLDER: Final = "policies"


def save(info: ModelInfo, policy: Policy, folder: Path | None = None) -> Path:
    """Write a policy beside its model and return where it is; one of that name is replaced whole."""
    place = (folder or models_folder()) / info.name / FOLDER
    place.mkdir(exist_ok=True)
    path = place / f"{checked_name(policy.name)}.json"
    fresh = place / f".{policy.name}-{os.getpid()}"
    fresh.write_text(json.dumps({"model": info.id} | policy.to_dict(), indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)
    return path


def names(model: str, folder: Path | None = None) -> list[str]:
    """Return the names of a model's policies, sorted; the one in its manifest is not among them."""
    place = (folder or models_folder()) / model / FOLDER
    return sorted(path.stem for path in place.glob("*.json") if not path.name.startswith("."))


def load(info: ModelInfo, name: str, folder: Path | None = None) -> Policy:
    """Read a policy of a model; raise UsageError where there is none, ArtefactError where it is another model's."""
    path = (folder or models_folder()) / info.name / FOLDER / f"{checked_name(name)}.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        model = values.pop("model")
        policy = Policy(**values | {"min_confidence": tuple(values["min_confidence"])})
    except FileNotFoundError:
        there = ", ".join(names(info.name, folder)) or "none"
        raise UsageError(
            f"policy {name!r}: not found beside model {info.name!r} (there: {there}). "
            f"Make it: rolecall tune FILE --name {name}"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(
            f"{path}: is no policy ({error}). Make it again: rolecall tune FILE --name {name}"
        ) from None
    if model != info.id:
        raise ArtefactError(
            f"{path}: must be of model {info.id}, got one of {model}. Make it again: rolecall tune FILE --name {name}"
        )
    return policy
