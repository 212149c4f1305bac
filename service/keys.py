"""API keys: made, listed, revoked and checked. Only the hash of a secret is ever kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from classifier import UsageError
from service.settings import Settings
from service.store.database import Database, now, utc
from service.store.tables import KeyRow

SCOPES: Final = ("classify", "jobs", "feedback", "admin")
"""What a key may be for; ``admin`` is for everything."""

PREFIX: Final = "rk"
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    secret_hash: str

    @property
    def live(self) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and (self.expires is None or self.expires > now())

    def allows(self, scope: str) -> bool:
        """Whether it is for this scope."""
        return scope in self.scopes or "admin" in self.scopes


def open_database(settings: Settings) -> Database:
    """Return the database of the settings with its tables up to date."""
    database = Database(settings.database_url)
    database.upgrade()
    return database


def create_key(
    database: Database, name: str, scopes: Sequence[str] = ("classify",), *, days: int | None = None
) -> tuple[Key, str]:
    """Make a key and return it with its token, which cannot be shown again.

    The token holds 256 random bits. ``days``, where given, is for how long it is good.
    """
    if unknown := sorted(set(scopes) - set(SCOPES)) or ([] if scopes else ["none"]):
        raise UsageError(f"scope: must be one or more of {', '.join(SCOPES)}, got {unknown[0]!r}. Give those")
    if not 0 < len(name) <= 100:
        raise UsageError(f"name: must have 1 to 100 characters, got {len(name)}. Shorten it or give one")
    if days is not None and not 0 < days <= 36_500:
        raise UsageError(f"days: must be 1 to 36500, got {days}. Leave it out for a key without an end")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    created = now()
    row = KeyRow(
        id=secrets.token_hex(4),
        name=name,
        secret_hash=_hashed(secret),
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        created=created,
        expires=None if days is None else created + timedelta(days=days),
    )
    with database.session() as session:
        session.add(row)
    return _key(row), f"{PREFIX}_{row.id}_{secret}"


def list_keys(database: Database) -> list[Key]:
    """Return all keys, the oldest first, those that were revoked included."""
    with database.session() as session:
        return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created, KeyRow.id))]


def revoke_key(database: Database, key_id: str) -> Key:
    """Make a key open nothing any more; raise UsageError if there is none of this id."""
    with database.session() as session:
        row = session.get(KeyRow, key_id)
        if row is None:
            raise UsageError(f"key {key_id!r}: not found. List the keys: rolecall keys list")
        row.revoked = row.revoked or now()
    return _key(row)


def find_key(database: Database, key_id: str) -> Key | None:
    """Return the key of this id, if there is one."""
    with database.session() as session:
        row = session.get(KeyRow, key_id)
    return None if row is None else _key(row)


def any_keys(database: Database) -> bool:
    """Whether a key was ever made: from then on, keys are asked for."""
    with database.session() as session:
        return bool(session.scalar(select(func.count()).select_from(KeyRow)))


def split_token(token: str) -> tuple[str, str] | None:
    """Return the id and the secret of a token, or None if it is not of our making."""
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    well_made = prefix == PREFIX and len(key_id) == 8 and 20 <= len(secret) <= 100 and token.isascii()
    return (key_id, secret) if well_made else None


def matches(key: Key, secret: str) -> bool:
    """Whether a secret is the key's, in a time that does not depend on where they differ."""
    return hmac.compare_digest(key.secret_hash, _hashed(secret))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created=utc(row.created),
        expires=utc(row.expires) if row.expires else None,
        revoked=utc(row.revoked) if row.revoked else None,
        secret_hash=row.secret_hash,
    )
