"""The queue in the database. A job is taken under a lease; whoever lets it lapse has lost the job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.problems import Problem
from service.store import leases
from service.store.database import Database, now
from service.store.leases import change
from service.store.once import add_once, earlier_of
from service.store.tables import DONE, FAILED, QUEUED, RUNNING, JobRow

__all__ = [
    "ATTEMPTS", "CANCELLED", "DONE", "ENDED", "FAILED", "QUEUED", "RUNNING", "Heard",
    "add", "cancel", "change", "earlier", "expired", "get", "known", "listed", "remove", "renew", "take",
]  # fmt: skip

CANCELLED: Final = "cancelled"
ENDED: Final = (DONE, FAILED, CANCELLED)
ATTEMPTS: Final = 20
"""Times that a job may be taken without getting any further, after which it failed."""

Heard = Literal["go on", "cancel", "lost"]
"""What a worker hears when it renews its lease."""


def earlier(database: Database, row: JobRow, most: int) -> JobRow | None:
    """Return the job of the same idempotency key, None where a new one may be added; raise as :func:`add` does."""
    found = earlier_of(database, row)
    if found is None:
        with database.session() as session:
            _check_room(session, row.owner, most)
    return found


def add(database: Database, row: JobRow, most: int) -> JobRow:
    """Add a job; where one with its idempotency key is there, return that one.

    Raises Problem 409 where that one was another table, 429 where ``most`` jobs of the owner wait.
    """
    return add_once(database, row, check=lambda session: _check_room(session, row.owner, most))


def _check_room(session: Session, owner: str, most: int) -> None:
    waiting = select(func.count()).where(JobRow.owner == owner, JobRow.state.in_((QUEUED, RUNNING)))
    if (session.scalar(waiting) or 0) >= most:
        raise Problem(429, f"{most} jobs of yours are waiting; ask again later", headers={"Retry-After": "60"})


def get(database: Database, job_id: str, owner: str | None) -> JobRow:
    """Return a job; raise Problem 404 where there is none, or where it is not this owner's (None for any)."""
    with database.session() as session:
        row = session.get(JobRow, job_id)
    if row is None or (owner is not None and row.owner != owner):
        raise Problem(404, f"job {job_id[:40]!r}: there is none")
    return row


def listed(database: Database, owner: str | None, limit: int) -> Sequence[JobRow]:
    """Return the jobs of an owner (None for all), the newest first."""
    query = select(JobRow).order_by(JobRow.created.desc(), JobRow.id).limit(limit)
    with database.session() as session:
        return session.scalars(query if owner is None else query.where(JobRow.owner == owner)).all()


def take(database: Database, worker: str, lease: float) -> JobRow | None:
    """Take the oldest job that waits, or whose worker let its lease lapse; None where there is none."""
    return leases.take(database, JobRow, worker, lease, most=ATTEMPTS)


def renew(database: Database, row: JobRow, lease: float, rows: int, passed: int, total: int) -> Heard:
    """Renew the lease and note how far the work is; return what the worker must do."""
    values: dict[str, Any] = {"lease_until": now() + timedelta(seconds=lease)}
    if rows:
        values |= {"rows": rows, "passed": passed, "total": total, "attempts": 1}
    with database.session() as session:
        held = update(JobRow).where(*leases.held(row))
        cancelling = session.scalar(held.values(values).returning(JobRow.cancelling))
    return "lost" if cancelling is None else "cancel" if cancelling else "go on"


def cancel(database: Database, job_id: str) -> None:
    """Make a job that waits cancelled, and a worker stop on one that runs; nothing where it has ended."""
    with database.session() as session:
        waits = (JobRow.id == job_id, JobRow.state == QUEUED)
        session.execute(update(JobRow).where(*waits).values(state=CANCELLED, finished=now()))
        session.execute(update(JobRow).where(JobRow.id == job_id, JobRow.state == RUNNING).values(cancelling=True))


def remove(database: Database, job_id: str) -> bool:
    """Remove a job that does not run; return whether it is gone."""
    with database.session() as session:
        found = delete(JobRow).where(JobRow.id == job_id, JobRow.state != RUNNING).returning(JobRow.id)
        return session.scalar(found) is not None


def expired(database: Database, hours: float) -> Sequence[str]:
    """Return the ids of jobs that ended more than this many hours ago."""
    with database.session() as session:
        old = (JobRow.state.in_(ENDED), JobRow.finished < now() - timedelta(hours=hours))
        return session.scalars(select(JobRow.id).where(*old)).all()


def known(database: Database, ids: Sequence[str]) -> set[str]:
    """Return which of these ids are jobs."""
    with database.session() as session:
        return set(session.scalars(select(JobRow.id).where(JobRow.id.in_(ids))))
