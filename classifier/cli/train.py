"""``rolecall train``: from the corpus, and the user's own labelled rows, to a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from classifier.records import ModelInfo


@dataclass(frozen=True, slots=True)
class Made:
    """A model that was trained and kept: what its manifest says, where it is, how long it took."""

    info: ModelInfo
    path: Path
    seconds: float


def train(
    corpus: Annotated[Path | None, typer.Option(help="Train on this corpus folder instead of the shipped one.")] = None,
    labelled: Annotated[
        list[Path] | None,
        typer.Option(help="Add the rows of this table: 'text', 'role', and perhaps 'kind' and 'weight'. Repeatable."),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of the labelled texts.")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of their roles.")] = None,
    name: Annotated[
        str, typer.Option(help="Keep the model under this name; one of that name is replaced.")
    ] = "default",
) -> None:
    """Train a model and keep it."""
    made = make_model(
        corpus,
        labelled or (),
        name=name,
        text_column=text_column,
        label_column=label_column,
        progress=lambda step: typer.echo(f"rolecall: training: {step}", err=True),
    )
    typer.echo(as_lines(made))


def make_model(
    corpus: Path | None = None,
    labelled: Sequence[Path] = (),
    *,
    name: str,
    text_column: str | None = None,
    label_column: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Made:
    """Train a model on a corpus folder and files of labelled rows, keep it and say what was made."""
    from classifier import artefact

    artefact.checked_name(name)
    from classifier.cli.rows import read_examples
    from classifier.training import read_corpus, train_model
    from classifier.training.labelled import with_examples

    start = time.perf_counter()
    material = read_corpus(corpus)
    rows = [read_examples(str(path), text_column, label_column) for path in labelled]
    material = with_examples(material, [example for examples in rows for example in examples])
    trained = train_model(material, name=name, progress=progress)
    path = artefact.save(trained.model, trained.info, trained.policy)
    return Made(trained.info, path, time.perf_counter() - start)


def as_lines(made: Made) -> str:
    """Return the model's id, its figures, where it is kept, and the seconds it took."""
    lines = [f"model     {made.info.id}", f"name      {made.info.name}", f"kept in   {made.path}"]
    for name, value in figures(made.info.figures).items():
        lines.append(f"{name:<9} {value}")
    return "\n".join([*lines, f"seconds   {made.seconds:.1f}"])


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """Return the plain figures of a manifest; of the corpus only how many examples it has."""
    plain = {name: value for name, value in found.items() if not isinstance(value, dict)}
    corpus = found.get("corpus", {})
    return plain | ({"examples": corpus["examples"]} if "examples" in corpus else {})
