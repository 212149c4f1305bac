"""Work that rows stand for, taken under a lease; whoever lets it lapse has lost the work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select, true, update

from service.store.database import Database, now
from service.store.tables import FAILED, QUEUED, RUNNING, Leased

Row = TypeVar("Row", bound=Leased)


def take(
    database: Database, table: type[Row], worker: str, lease: float, *,
    most: int, ready: ColumnElement[bool] | None = None,
) -> Row | None:  # fmt: skip
    """Take the oldest work that waits, or whose worker let its lease of ``lease`` seconds lapse.

    ``ready`` says which of what waits may be taken. Work that was taken ``most`` times without
    getting any further is made failed instead. Return None where there is nothing to do.
    """
    waits = and_(table.state == QUEUED, true() if ready is None else ready)
    lapsed = and_(table.state == RUNNING, table.lease_until < now())
    with database.session() as session:
        query = select(table).where(or_(waits, lapsed)).order_by(table.created).limit(1)
        row = session.scalar(query.with_for_update(skip_locked=True))
        if row is None:
            return None
        row.worker, row.lease_until = worker, now() + timedelta(seconds=lease)
        row.state, row.started, row.attempts = RUNNING, row.started or now(), row.attempts + 1
        if row.attempts > most:
            row.state, row.finished = FAILED, now()
            row.problem = f"was taken up {most} times and never got any further"
    return row if row.state == RUNNING else take(database, table, worker, lease, most=most, ready=ready)


def held(row: Leased) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of a row in the database as long as the worker that took it has it."""
    table = type(row)
    return table.id == row.id, table.worker == row.worker, table.state == RUNNING


def change(database: Database, row: Leased, **values: Any) -> bool:  # columns of the row
    """Change a row that this worker holds; return False where it was lost."""
    table = type(row)
    with database.session() as session:
        return session.scalar(update(table).where(*held(row)).values(values).returning(table.id)) is not None
