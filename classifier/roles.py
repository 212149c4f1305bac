"""The documented roles: read from the corpus, without the examples and without a training library."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from classifier.errors import CorpusError
from classifier.records import NAMED_ROLES, Role


def corpus_folder(*, shipped: bool = False) -> Path:
    """Return where the corpus is: beside the package in a checkout, inside it in a wheel.

    The environment variable ``ROLECALL_CORPUS`` names another place, unless the ``shipped`` one is asked for.
    """
    if not shipped and (chosen := os.environ.get("ROLECALL_CORPUS")):
        return Path(chosen)
    package = Path(__file__).resolve().parent
    checkout = package.parent / "corpus"
    return checkout if (checkout / "roles").is_dir() else package / "corpus"


def read_roles(folder: Path | None = None) -> tuple[Role, ...]:
    """Read the four documented roles of a corpus folder; raise CorpusError with the file that breaks the rules.

    >>> [role.id for role in read_roles()]
    ['devops', 'sre', 'platform', 'cloud']
    """
    root = folder or corpus_folder()
    return tuple(_read_role(root / "roles" / f"{role}.toml", role) for role in NAMED_ROLES)


def _read_role(path: Path, role: str) -> Role:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(f"{path}: is missing. Every one of {', '.join(NAMED_ROLES)} needs its file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: is no TOML ({error})") from None
    statements = data.get("responsibilities", [])
    ids = [statement.get("id") for statement in statements]
    wanted = [f"{role}-{number}" for number in range(1, 6)]
    if ids != wanted:
        raise CorpusError(
            f"{path}: 'responsibilities' must hold 5, with the ids {wanted[0]} to {wanted[-1]} in order, got {ids}"
        )
    try:
        return Role(
            id=role,
            title=data["title"],
            definition=data["definition"],
            names=tuple(data["names"]),
            neighbours=dict(data["neighbours"]),
            responsibilities=tuple(statement["text"] for statement in statements),
        )
    except KeyError as error:
        raise CorpusError(f"{path}: lacks {error}. Add it") from None
