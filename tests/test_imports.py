"""The house: who may import whom, which module is the door to which library, and that importing does nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

ANSWERING: Final = ("model", "normalise", "kernel", "decide", "language", "artefact", "pipeline", "records", "errors")
"""The stages of an answer."""

MAY: Final[dict[str, tuple[str, ...]]] = {
    "classifier.records": (),
    "classifier.errors": (),
    "classifier.kernel": (),
    "classifier.language": (),
    "classifier.normalise": ("records", "errors"),
    "classifier.roles": ("records", "errors"),
    "classifier.model": ("kernel", "normalise", "records"),
    "classifier.decide": ("kernel", "records"),
    "classifier.explain": ("explain", "model", "kernel", "normalise", "roles", "records", "errors"),
    "classifier.artefact": ("model", "records", "errors"),
    "classifier.frames": ("model", "records", "errors", "tables"),
    "classifier.pipeline": ("model", "decide", "language", "records", "roles", "explain", "frames"),
    "classifier.policies": ("artefact", "records", "errors"),
    "classifier.opening": ("artefact", "policies", "pipeline", "training", "errors"),
    "classifier": ("errors", "records", "pipeline", "opening"),
    "classifier.tables": ("records", "errors", "tables"),
    "classifier.training": ("training", "model", "kernel", "normalise", "artefact", "roles", "records", "errors"),
    "classifier.evaluation": ("evaluation", "pipeline", "explain", "model", "normalise", "records", "errors"),
    "classifier.cli": ("*",),
    "classifier.__main__": ("cli",),
}
"""What of ours a module, or a package's modules, may import; '*' is everything in ``classifier``."""

DOORS: Final = {
    "sklearn": ("classifier.training", "classifier.integrations"),
    "spacy": ("classifier.explain", "classifier.integrations"),
    "joblib": ("classifier.artefact", "classifier.training.fit"),
    "py3langid": ("classifier.language",),
    "numba": ("classifier.kernel", "classifier.tables.scan"),
    "pandas": ("classifier.frames", "classifier.integrations"),
    "polars": ("classifier.frames", "classifier.integrations"),
    "typer": ("classifier.cli",),
    "rich": ("classifier.cli",),
    "matplotlib": ("classifier.evaluation.plots",),
    "jinja2": ("classifier.evaluation.report", "service"),
    "pyspark": ("classifier.integrations",),
    "fastapi": ("service",),
    "starlette": ("service",),
    "sqlalchemy": ("service",),
    "alembic": ("service",),
    "limits": ("service.limits",),
    "httpx": ("service.hooks.systems",),
    "uvicorn": ("service", "classifier.cli.serve"),
    "service": ("service", "classifier.cli.serve", "classifier.cli.keys"),
}
"""Which modules alone may import a heavy library."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Final = {
    name_of(path): path for top in ("classifier", "service") for path in sorted((ROOT / top).rglob("*.py"))
}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what a module imports, wherever in it, but for its types' sake alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typed:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in MODULES else node.module), node.lineno


def within(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def rule(module: str) -> tuple[str, ...] | None:
    """Return the rule of a module: its own, or that of the package it is in."""
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        if (name := ".".join(parts[:size])) in MAY and (size > 1 or module == name):
            return MAY[name]
    return None


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("classifier")])
def test_modules_keep_to_the_house(module: str) -> None:
    allowed = rule(module)
    if allowed is None:
        assert within(module, ("classifier.integrations",)), f"{module}: has no rule in this table"
        return
    for name, line in imports(MODULES[module]):
        if within(name, ("classifier",)) and "*" not in allowed:
            mine = tuple(f"classifier.{part}" for part in allowed)
            root = name == "classifier" and module != "classifier" and "artefact" in allowed
            assert within(name, mine) or root, f"{MODULES[module]}:{line}: {module} may not import {name}"


@pytest.mark.parametrize("module", MODULES)
def test_each_heavy_library_has_its_door(module: str) -> None:
    for name, line in imports(MODULES[module]):
        for library, doors in DOORS.items():
            if within(name, (library,)):
                assert within(module, doors), f"{MODULES[module]}:{line}: only {doors} may import {library}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("service")])
def test_the_service_keeps_to_what_is_public(module: str) -> None:
    for name, line in imports(MODULES[module]):
        assert not within(name, ("classifier.cli", "classifier.kernel")), f"{MODULES[module]}:{line}: imports {name}"


def test_no_module_is_longer_than_300_lines_except_the_one_loop() -> None:
    longer = {name for name, path in MODULES.items() if len(path.read_text(encoding="utf-8").splitlines()) > 300}
    assert longer <= {"classifier.kernel"}


def fresh(code: str, folder: Path, **environment: str) -> str:
    """Run code in a fresh process that may see nothing of the user's, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOOK = """
import builtins, json, os, sys
opened, seen = [], []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and "w" in str(args[1]) else None)
real = os.environ.__class__.__getitem__
def watched(self, key):
    callers = [sys._getframe(depth).f_globals.get("__name__", "") for depth in (1, 2)]
    if str(key).startswith("ROLECALL") and any(name.startswith(("classifier", "service")) for name in callers):
        seen.append(key)
    return real(self, key)
os.environ.__class__.__getitem__ = watched
import importlib
for name in {names}:
    importlib.import_module(name)
print(json.dumps({{"written": [p for p in opened if "__pycache__" not in p], "asked": seen}}))
"""


def test_importing_reads_no_setting_and_writes_no_file(tmp_path: Path) -> None:
    names = [name for name in MODULES if not name.endswith("__main__") and "migrations" not in name]
    found = json.loads(fresh(LOOK.format(names=names), tmp_path))
    assert found == {"written": [], "asked": []}
    assert list(tmp_path.iterdir()) == []


ANSWER = """
import sys
{code}
heavy = ["sklearn", "spacy", "pandas", "polars", "matplotlib", "fastapi", "pyarrow", "rich", "py3langid"]
print([name for name in heavy if name in sys.modules])
"""


def test_importing_the_library_loads_no_heavy_one(tmp_path: Path) -> None:
    code = "import classifier; assert not {'numpy', 'numba', 'typer', 'joblib'} & sys.modules.keys()"
    assert fresh(ANSWER.format(code=code), tmp_path).strip() == "[]"


def test_the_command_line_alone_loads_typer_alone(tmp_path: Path) -> None:
    code = "import classifier.cli.app; assert not {'numpy', 'numba', 'joblib'} & sys.modules.keys()"
    assert fresh(ANSWER.format(code=code), tmp_path).strip() == "[]"


def test_answering_loads_neither_scikit_learn_nor_spacy(model_folder: Path, tmp_path: Path) -> None:
    code = """
from classifier import load
roles = load()
roles.classify("Define SLOs and run blameless postmortems after incidents.", title="SRE")
"""
    assert fresh(ANSWER.format(code=code), tmp_path, ROLECALL_MODELS=str(model_folder)).strip() == "[]"


def test_classifying_on_the_command_line_loads_no_more(model_folder: Path, tmp_path: Path) -> None:
    code = """
from classifier.cli.app import main
assert main(["classify", "Define SLOs and run blameless postmortems after incidents.", "--json"]) == 0
"""
    said = fresh(ANSWER.format(code=code), tmp_path, ROLECALL_MODELS=str(model_folder))
    assert said.splitlines()[-1] == "[]"


def test_scoring_a_table_loads_neither_scikit_learn_nor_spacy(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nDefine SLOs and error budgets\n")
    code = """
from classifier.cli.app import main
assert main(["score", "in.csv", "-o", "out.csv"]) == 0
"""
    found = fresh(ANSWER.format(code=code), tmp_path, ROLECALL_MODELS=str(model_folder))
    assert "sklearn" not in found
    assert "spacy" not in found
