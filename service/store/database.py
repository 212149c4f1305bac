"""Open the database that the settings name, and bring its tables up to date."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from classifier import UsageError

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"
_LOCK: Final = 0x726F6C65
"""Number of the PostgreSQL lock under which one process at a time migrates."""
_ALONE: Final = threading.Lock()
"""Held while a thread migrates: alembic keeps what it works on in its modules, once for the whole process."""
_WAIT: Final = 10.0
"""Seconds to wait for others who write to an SQLite file."""


class Database:
    """Sessions on one database."""

    def __init__(self, url: str) -> None:
        """Prepare to use the database at this URL; nothing is opened yet."""
        self.engine = _engine(url)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Work in one transaction, kept at the end and undone after an error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Bring the tables up to a revision; several processes may ask at the same time."""
        self._migrate(command.upgrade, revision)

    def downgrade(self, revision: str) -> None:
        """Take the tables back to a revision, 'base' for none."""
        self._migrate(command.downgrade, revision)

    def _migrate(self, step: Any, revision: str) -> None:  # one of alembic's commands
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        try:
            with _ALONE, self.engine.connect() as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                config.attributes["connection"] = connection
                step(config, revision)
        except SQLAlchemyError as error:
            place = self.engine.url.render_as_string(hide_password=True)
            why = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise UsageError(f"database {place}: cannot be used ({why}). Correct ROLECALL_DATABASE") from None

    def alive(self) -> bool:
        """Whether the database answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError(f"ROLECALL_DATABASE: must be a URL such as postgresql://user@host/name, got {url!r}") from None
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(f"ROLECALL_DATABASE: must be SQLite or PostgreSQL, got {parsed.get_backend_name()!r}")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        os.makedirs(os.path.dirname(os.path.abspath(parsed.database)), exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": _WAIT})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says
    _use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side.

    A new file is switched to that once. SQLite waits for others wherever else it has to, but not
    there: whoever opens the file while another switches it, or writes, is refused at once.
    """
    until = time.monotonic() + _WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def fresh_id() -> str:
    """Return an id that nothing else has."""
    return uuid.uuid4().hex


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """Return a time from the database with its zone, which SQLite does not keep."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
