"""The tables of the database. Texts that were sent have no place here unless a setting gives them one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID: Final = 32
"""Characters of an id: a UUID in hexadecimal."""


class Base(DeclarativeBase):
    """All tables."""


class KeyRow(Base):
    """An API key: the hash of its secret, never the secret."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(100))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FeedbackRow(Base):
    """What a person said of an answer; rows are added and never changed.

    ``text`` and ``title`` are kept only where the setting ``keep_texts`` says so, and emptied after its days.
    """

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("owner", "idempotency_key", name="feedback_once"),)

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    owner: Mapped[str] = mapped_column(String(16))
    proposed: Mapped[str] = mapped_column(String(16))
    final: Mapped[str] = mapped_column(String(16))
    who: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))


class JobRow(Base):
    """A table that is scored in the background; its files lie in the data folder under its id."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="jobs_once"),
        Index("jobs_waiting", "state", "lease_until"),
    )

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    owner: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    model: Mapped[str] = mapped_column(String(64))
    input_bytes: Mapped[int] = mapped_column(BigInteger)
    input_hash: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(BigInteger)
    passed: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    problem: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column()
    worker: Mapped[str] = mapped_column(String(ID))
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancelling: Mapped[bool] = mapped_column()
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
