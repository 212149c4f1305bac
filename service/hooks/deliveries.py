"""The deliveries in the database: each once, each issue once, sent under a lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import and_, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from service.hooks.payloads import LABELS, OPENED
from service.store import leases
from service.store.database import Database, now
from service.store.once import add_once
from service.store.tables import DONE, FAILED, QUEUED, DeliveryRow

Outcome = Literal["waiting", "labelled", "dry_run", "undecided", "kept", "noted", "ignored", "failed"]
"""What came of a delivery: its label waits to be set, is set, would have been set; there is no label
for it; a role label was or had been there, so that none was set; it was a change of role labels by
someone; it was nothing to us; the label could not be set."""

CRASHES: Final = 10
"""Times that a delivery may be taken up beyond its attempts, by workers that died over it."""


def add(database: Database, row: DeliveryRow, header: str) -> DeliveryRow:
    """Add a delivery; return the earlier one where it, or the opening of its issue, was there before.

    ``header`` is where its key came from. Raises Problem 409 where the key was another delivery's.
    """
    try:
        return add_once(database, row, header=header)
    except IntegrityError:
        opening = (DeliveryRow.owner == row.owner, DeliveryRow.issue == row.issue, DeliveryRow.event == OPENED)
        with database.session() as session:
            earlier = session.scalar(select(DeliveryRow).where(*opening))
        if earlier is None:
            raise
        return earlier


def outcome_of(row: DeliveryRow) -> Outcome:
    """Return what came of a delivery until now."""
    if row.state == FAILED:
        return "failed"
    return row.outcome if row.state == DONE else "waiting"  # type: ignore[return-value]  # one of them


def listed(database: Database, limit: int) -> Sequence[DeliveryRow]:
    """Return the deliveries, the newest first."""
    with database.session() as session:
        return session.scalars(select(DeliveryRow).order_by(DeliveryRow.created.desc()).limit(limit)).all()


def forget(database: Database, days: float) -> None:
    """Remove deliveries that ended more than this many days ago."""
    with database.session() as session:
        old = (DeliveryRow.state.in_((DONE, FAILED)), DeliveryRow.finished < now() - timedelta(days=days))
        session.execute(delete(DeliveryRow).where(*old))


def take(database: Database, worker: str, lease: float, attempts: int, owners: Collection[str]) -> DeliveryRow | None:
    """Take the oldest delivery of these systems that waits and is due; None where there is none."""
    ready = and_(DeliveryRow.due <= now(), DeliveryRow.owner.in_(owners))
    return leases.take(database, DeliveryRow, worker, lease, most=attempts + CRASHES, ready=ready)


def labels_changed(database: Database, row: DeliveryRow) -> bool:
    """Whether a hook told that role labels of this issue changed."""
    told = (DeliveryRow.owner == row.owner, DeliveryRow.issue == row.issue, DeliveryRow.event == LABELS)
    with database.session() as session:
        return bool(session.scalar(select(exists().where(*told))))


def renew(database: Database, row: DeliveryRow, lease: float) -> bool:
    """Renew the lease; return False where the delivery was lost to another worker."""
    return leases.change(database, row, lease_until=now() + timedelta(seconds=lease))


def put_off(database: Database, row: DeliveryRow, seconds: float, problem: str, *, all_of_it: bool) -> None:
    """Let a delivery wait; with ``all_of_it`` all of its system, which has asked for that."""
    due = now() + timedelta(seconds=seconds)
    leases.change(database, row, state=QUEUED, due=due, problem=problem, lease_until=None)
    if all_of_it:
        with database.session() as session:
            early = (DeliveryRow.owner == row.owner, DeliveryRow.state == QUEUED, DeliveryRow.due < due)
            session.execute(update(DeliveryRow).where(*early).values(due=due))
