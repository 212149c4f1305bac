"""The tables of the database. Texts that were sent have no place here unless a setting gives them one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Double, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID: Final = 32
"""Characters of an id: a UUID in hexadecimal."""


QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
"""States of work."""


class Base(DeclarativeBase):
    """All tables."""


class Once:
    """A row that the same request of the same owner, sent again, does not make twice."""

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    owner: Mapped[str] = mapped_column(String(16))
    idempotency_key: Mapped[str | None] = mapped_column(String(200))

    @property
    def asked(self) -> tuple[Any, ...]:
        """What two requests under one key must be equal in."""
        raise NotImplementedError


class Leased:
    """Work that a worker takes under a lease."""

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    problem: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column()
    worker: Mapped[str] = mapped_column(String(ID))
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


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


class FeedbackRow(Once, Base):
    """What a person said of an answer; rows are added and never changed.

    ``text`` and ``title`` are kept only where the setting ``keep_texts`` says so, and emptied after its days.
    """

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("owner", "idempotency_key", name="feedback_once"),)

    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    proposed: Mapped[str] = mapped_column(String(16))
    final: Mapped[str] = mapped_column(String(16))
    who: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[str] = mapped_column(String(64))

    @property
    def asked(self) -> tuple[Any, ...]:
        """The request as a whole."""
        return (self.request_hash,)


class JobRow(Once, Leased, Base):
    """A table that is scored in the background; its files lie in the data folder under its id."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="jobs_once"),
        Index("jobs_waiting", "state", "lease_until"),
    )

    owner: Mapped[str] = mapped_column(String(16), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    model: Mapped[str] = mapped_column(String(64))
    input_bytes: Mapped[int] = mapped_column(BigInteger)
    input_hash: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(BigInteger)
    passed: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    cancelling: Mapped[bool] = mapped_column()

    @property
    def asked(self) -> tuple[Any, ...]:
        """The table and how it is to be scored."""
        return self.input_hash, self.options


class DeliveryRow(Once, Leased, Base):
    """What a hook told of an issue: that it was opened, or that a role label of it changed.

    ``owner`` is the system that it came from. The text of the issue is not here: it was answered
    when it came, and the answer is kept.
    """

    __tablename__ = "hook_deliveries"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="hook_deliveries_once"),
        Index(
            "hook_issues_once", "owner", "issue", unique=True,
            sqlite_where=text("event = 'opened'"), postgresql_where=text("event = 'opened'"),
        ),
        Index("hook_issues", "owner", "issue"),
        Index("hook_deliveries_waiting", "state", "due"),
    )  # fmt: skip

    event: Mapped[str] = mapped_column(String(16))
    repository: Mapped[str] = mapped_column(String(300))
    issue: Mapped[str] = mapped_column(String(20))
    number: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float] = mapped_column(Double)
    model: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    due: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_hash: Mapped[str] = mapped_column(String(64))

    @property
    def asked(self) -> tuple[Any, ...]:
        """The body of the delivery."""
        return (self.request_hash,)
