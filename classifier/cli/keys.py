"""``rolecall keys``: make, list and revoke the API keys of the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.cli.serve import NEEDED, check_extra

if TYPE_CHECKING:
    from service.keys import Key
    from service.store.database import Database

app = typer.Typer(
    help="Make, list and revoke the API keys of the service.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What or whom the key is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="classify, jobs, feedback or admin; may be given more than once.")
    ] = None,
    days: Annotated[int | None, typer.Option(metavar="N", help="Days it is good for; else for ever.")] = None,
) -> None:
    """Make a key and print it, once; only a hash of it is kept."""
    with _database() as database:
        from service.keys import create_key

        key, token = create_key(database, name, scope or ["classify"], days=days)
    typer.echo(f"rolecall: key {key.id} for {', '.join(key.scopes)}; it cannot be shown again", err=True)
    typer.echo(token)


@app.command("list")
def list_() -> None:
    """List all keys, those that were revoked included."""
    with _database() as database:
        from service.keys import list_keys

        found = list_keys(database)
    for line in [_line(key) for key in found] or ["no keys. Make one: rolecall keys create NAME"]:
        typer.echo(line)


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's id, as 'rolecall keys list' shows it.")]) -> None:
    """Make a key open nothing any more, within five seconds."""
    with _database() as database:
        from service.keys import revoke_key

        gone = revoke_key(database, key)
    typer.echo(f"revoked {gone.id} ({gone.name})")


def _line(key: Key) -> str:
    state = "revoked" if key.revoked else "live" if key.live else "expired"
    return f"{key.id}  {state:<8} {key.created:%Y-%m-%d}  {','.join(key.scopes):<24} {key.name}"


@contextmanager
def _database() -> Iterator[Database]:
    check_extra(NEEDED)
    from service.keys import open_database
    from service.settings import read_settings

    database = open_database(read_settings())
    try:
        yield database
    finally:
        database.close()
