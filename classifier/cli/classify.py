"""``rolecall classify``: one text, from the argument, a file or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    from classifier.explain import Explanation
    from classifier.records import Result


def classify(
    text: Annotated[str | None, typer.Argument(help="The text; left out or '-', standard input is read.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read the text from this file; '-' is standard input.")] = None,
    title: Annotated[str | None, typer.Option(help="The title of the ad or ticket.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why: responsibilities, words, names, tools.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the text, marked, and why to this HTML file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the record as JSON on one line.")] = False,
    model: Annotated[str | None, typer.Option(help="Answer with this model instead of the current one.")] = None,
    policy: Annotated[str | None, typer.Option(help="Decide by this policy, made by 'rolecall tune'.")] = None,
) -> None:
    """Say which role one text belongs to."""
    wanted = read_text(text, file)
    from classifier import load

    roles = load(model, policy=policy)
    if not explain and html is None:
        result = roles.classify(wanted, title=title)
        typer.echo(as_json(result) if json else as_lines(result))
        return
    explanation = roles.explain(wanted, title=title)
    if html is not None:
        write_page(explanation, html)
    if json:
        typer.echo(as_json(explanation if explain else explanation.result))
        return
    typer.echo(as_lines(explanation.result))
    if explain:
        from classifier.cli import reasons

        reasons.write(explanation)


def write_page(explanation: Explanation, path: Path) -> None:
    """Write an explanation as a page of HTML; raise OutputError where that cannot be."""
    from classifier.explain.page import page

    try:
        path.write_text(page(explanation), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}). Name another file with --html") from None
    typer.echo(f"rolecall: wrote {path}", err=True)


def read_text(text: str | None, file: Path | None) -> str:
    """Return the text given as an argument, in a file, or on standard input.

    Raises UsageError where it is given twice, InputError where it cannot be read as text.
    """
    if text is not None and file is not None:
        raise UsageError("classify: takes a TEXT or --file, got both. Leave one out")
    if text is not None and text != "-":
        return text
    name = "-" if file is None else str(file)
    if name == "-" and sys.stdin.isatty():
        typer.echo("rolecall: reading the text from standard input, to its end (Ctrl-D)", err=True)
    return read_file(name)


def read_file(name: str) -> str:
    """Return a file ('-' is standard input) as text, whatever its encoding; raise InputError if it is none."""
    from classifier.tables import encoding
    from classifier.tables.streams import open_bytes

    stream = open_bytes(name)
    try:
        data = stream.read()
    finally:
        if name != "-":
            stream.close()
    try:
        found = encoding.detect(name, data, whole=True)
    except InputError:
        raise InputError(f"{name}: must be plain text, got a binary file. Give a file of text") from None
    return encoding.Decoder(found).decode(data[len(found.mark) :], final=True).decode("utf-8", "replace")


def as_json(answer: Result | Explanation) -> str:
    """Return the record, explained or not, as JSON on one line."""
    import json

    return json.dumps(answer.to_dict(), ensure_ascii=False)


def as_lines(result: Result) -> str:
    """Return the answer for people to read: the decision, then the five probabilities."""
    why = f" ({result.reason})" if result.reason else ""
    lines = [
        f"role        {result.role}{why}",
        f"best        {result.best}, then {result.runner_up}",
        f"confidence  {result.confidence:.2f}",
    ]
    if result.title_conflict:
        lines.append("title       says something else than the text")
    lines += [f"  {role:<9} {probability:.3f}" for role, probability in result.probabilities.items()]
    return "\n".join([*lines, f"model       {result.model}"])
