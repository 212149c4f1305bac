"""``rolecall serve``: the HTTP service and web page."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Final

import typer

from classifier.errors import UsageError

NEEDED: Final = ("fastapi", "pydantic_settings", "uvicorn")
"""Modules that come with the extra 'service'."""


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; 127.0.0.1 if nothing says else.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port to listen on; 8000 if nothing says else.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer; the model's memory is shared.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Answer with this model instead of the current one.")] = None,
) -> None:
    """Start the HTTP service and web page.

    What is not given here is taken from the environment: ROLECALL_HOST, ROLECALL_PORT, and so on.
    """
    check_extra(NEEDED)
    from service.run import serve as run
    from service.settings import read_settings

    settings = read_settings(host=host, port=port, workers=workers, model=model)
    run(settings, say=lambda line: typer.echo(f"rolecall: {line} (Ctrl-C stops)", err=True))


def check_extra(modules: tuple[str, ...]) -> None:
    """Raise UsageError that names the missing module and the extra that brings it."""
    for module in modules:
        if find_spec(module) is None:
            raise UsageError(
                f"serve: needs the extra 'service', got no module {module!r}. "
                "Install it: pip install 'rolecall[service]'"
            )
