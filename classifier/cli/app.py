"""The commands under one name, and what becomes of errors, Ctrl-C and closed pipes.

Importing this costs typer alone: every command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from classifier.cli import classify, corpus, evaluate, keys, models, score, serve, train, tune
from classifier.errors import RolecallError

WRONG_USE: Final = 2
"""Exit code of wrong use and unreadable input."""
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C."""
CLOSED: Final = 141
"""Exit code when whoever read our output stopped reading."""

app = typer.Typer(
    name="rolecall",
    help="Say which operations role a job ad or a ticket belongs to, how sure that is, and why.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(classify.classify)
app.command()(score.score)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(tune.tune)
app.add_typer(models.app, name="models")
app.add_typer(corpus.app, name="corpus")
app.command()(serve.serve)
app.add_typer(keys.app, name="keys")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Say which operations role a job ad or a ticket belongs to, how sure that is, and why."""
    if version:
        from classifier import __version__

        typer.echo(f"rolecall {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (``sys.argv`` where no arguments are given) and return its exit code.

    What the user can mend becomes one line on standard error, never a traceback.
    """
    try:
        return _finished(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        return _closed()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich makes exit code 1 of it
            return _closed()
        raise


def _finished(arguments: Sequence[str]) -> int:
    """Run a command to its end, say in one line what stopped it, and return its exit code."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except RolecallError as error:
        return _said(_with_notes(error), WRONG_USE)
    except typer.TyperException as error:
        return _said(_usage(error), WRONG_USE)
    except KeyboardInterrupt as error:
        return _said(_with_notes(error), INTERRUPTED)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _said(f"{error.filename or 'input or output'}: {error.strerror or error}", WRONG_USE)
    return code


def _run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    Calling ``app`` would do the same, but typer then makes exit code 1 of a closed pipe, and
    forgets what was noted of Ctrl-C.
    """
    command = typer.main.get_command(app)
    try:
        with command.make_context("rolecall", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return int(end.exit_code)
    return 0


def _with_notes(error: BaseException) -> str:
    """Return what an error says and what is noted of it: what is kept, and how to go on."""
    return ". ".join([str(error) or "stopped", *getattr(error, "__notes__", ())])


def _closed() -> int:
    """Let what is still buffered for a reader that is gone be flushed into nothing, and return the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return CLOSED


def _usage(error: typer.TyperException) -> str:
    """Return what typer says of wrong use, what it got where it leaves that out, and where to read on."""
    path = getattr(getattr(error, "ctx", None), "command_path", "rolecall")
    said = error.format_message().rstrip(". ")
    if said.startswith("Got unexpected extra argument"):
        said += ". Put words that belong together in quotes"
    cause = getattr(error.__context__, "errors", None)  # of pydantic, which checks the values
    if cause is not None:
        said += f", got {cause()[0]['input']!r}"
    return f"{said}. Usage: {path} --help"


def _said(message: str, code: int) -> int:
    """Write one line to standard error and return the exit code."""
    sys.stderr.write(f"rolecall: {' '.join(message.split())}\n")
    return code
