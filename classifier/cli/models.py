"""``rolecall models``: look at the models on disk, switch between them, remove one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from classifier.errors import ArtefactError

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The model's name, as 'rolecall models' lists it.")]


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the models on disk; the one that answers is marked with a star."""
    if context.invoked_subcommand is None:
        typer.echo(listing())


@app.command()
def show(
    name: Name,
    card: Annotated[bool, typer.Option("--card", help="Print the model's card for people instead.")] = False,
) -> None:
    """Print what the manifest of a model says, as JSON."""
    import json

    if card:
        from classifier import artefact
        from classifier.cli.card import read_card

        typer.echo(read_card(*artefact.read_info(name)))
        return
    typer.echo(json.dumps(described(name), indent=2, sort_keys=True))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="One model's name.")],
    new: Annotated[str, typer.Argument(help="The other's.")],
    file: Annotated[str, typer.Argument(help="A table of texts; '-' is standard input.")],
    text_column: Annotated[str | None, typer.Option(help="The column of the texts.")] = None,
    title_column: Annotated[str | None, typer.Option(help="The column of the titles.")] = None,
    no_title: Annotated[bool, typer.Option("--no-title", help="Use no titles.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many rows are shown.")] = 20,
) -> None:
    """Answer a table with two models and say which rows change, and why."""
    from classifier import load
    from classifier.cli.diff import lines
    from classifier.cli.rows import read_texts

    rows = read_texts(file, text_column=text_column, title_column=title_column, use_title=not no_title)
    typer.echo("\n".join(rows.notes()), err=True)
    for line in lines(load(old), load(new), rows, limit):
        typer.echo(line)
    raise typer.Exit(1 if rows.problems else 0)


@app.command()
def use(name: Name) -> None:
    """Answer with this model from now on."""
    from classifier import artefact

    artefact.switch(name)
    typer.echo(f"answering with {name!r} from now on")


@app.command()
def remove(name: Name) -> None:
    """Delete a model from disk."""
    from classifier import artefact

    artefact.remove(name)
    left = artefact.current() in artefact.names()
    then = f"answering with {artefact.current()!r} from now on" if left else "the next answer trains the default model"
    typer.echo(f"removed {name!r}; {then}")


def listing(folder: Path | None = None) -> str:
    """Return a line for each model: star, name, id, date, examples; or a line that says there are none."""
    from classifier import artefact

    names = artefact.names(folder)
    if not names:
        return f"no models in {folder or artefact.models_folder()}. Train one: rolecall train"
    current = artefact.current(folder)
    return "\n".join([f"  {'name':<20} {'id':<12} {'made':<20} examples", *(_line(n, current, folder) for n in names)])


def _line(name: str, current: str, folder: Path | None) -> str:
    from classifier import artefact

    star = "*" if name == current else " "
    try:
        info, _ = artefact.read_info(name, folder)
    except ArtefactError as error:
        return f"{star} {name:<20} cannot be used: {error}"
    examples = info.figures.get("corpus", {}).get("examples", "")
    return f"{star} {name:<20} {info.id:<12} {info.created[:19]:<20} {examples}"


def described(name: str, folder: Path | None = None) -> dict[str, Any]:
    """Return the manifest of a model and its policy as plain values."""
    from dataclasses import asdict

    from classifier import artefact

    info, policy = artefact.read_info(name, folder)
    return asdict(info) | {"policy": policy.to_dict()}
