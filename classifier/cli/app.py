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
        code = int(app(args=arguments, prog_name="rolecall", standalone_mode=False) or 0)
        sys.stdout.flush()
    except RolecallError as error:
        return _said(str(error), WRONG_USE)
    except typer.TyperException as error:
        return _said(_usage(error), WRONG_USE)
    except (KeyboardInterrupt, typer.Abort):
        return _said("stopped", INTERRUPTED)
    except BrokenPipeError:
        # What is still buffered has no reader: let the interpreter flush it into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except OSError as error:
        return _said(f"{error.filename or 'input or output'}: {error.strerror or error}", WRONG_USE)
    return _said("stopped", code) if code == INTERRUPTED else code


def _usage(error: typer.TyperException) -> str:
    """Return what typer says of wrong use, and where to read on."""
    path = getattr(getattr(error, "ctx", None), "command_path", "rolecall")
    return f"{error.format_message().rstrip('. ')}. Usage: {path} --help"


def _said(message: str, code: int) -> int:
    """Write one line to standard error and return the exit code."""
    sys.stderr.write(f"rolecall: {' '.join(message.split())}\n")
    return code
