from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

import classifier

PACKAGES = ["classifier", "classifier.training", "classifier.evaluation", "classifier.explain", "classifier.tables"]


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_exported_is_there_and_sorted(name: str) -> None:
    package = importlib.import_module(name)
    assert len(set(package.__all__)) == len(package.__all__)
    assert all(hasattr(package, member) for member in package.__all__)
    assert list(package.__all__) == sorted(package.__all__, key=kind)


def kind(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: the order of ruff."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_the_public_surface_is_this() -> None:
    assert set(classifier.__all__) == {
        "RESPONSIBILITIES", "ROLES", "ArtefactError", "CorpusError", "InputError", "OutputError", "Policy", "Result",
        "RolecallError", "UsageError", "load",
    }  # fmt: skip


def test_nothing_else_is_public_at_the_root() -> None:
    names = {name for name in vars(classifier) if not name.startswith("_")}
    modules = {name for name in names if inspect.ismodule(vars(classifier)[name])}
    assert names - modules - {"annotations", "TYPE_CHECKING"} == set(classifier.__all__)


def test_every_public_name_is_documented() -> None:
    for name in classifier.__all__:
        member = getattr(classifier, name)
        if inspect.isclass(member) or inspect.isfunction(member):
            assert member.__doc__, name


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", classifier.__version__)
    changelog = (Path(__file__).resolve().parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"[{classifier.__version__}]" in changelog or "[Unreleased]" in changelog
