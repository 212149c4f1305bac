"""The same request, sent twice, makes one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.problems import refuse
from service.store.database import Database
from service.store.tables import Once

Row = TypeVar("Row", bound=Once)


def add_once(
    database: Database, row: Row, *, header: str = "Idempotency-Key", check: Callable[[Session], None] | None = None
) -> Row:
    """Add a row; where its owner sent one under the same key before, return that one.

    ``check`` may refuse a row that is new, in the transaction that adds it. ``header`` is where
    the key came from. Raises Problem 409 where the earlier request was another one.
    """
    if earlier := earlier_of(database, row, header):
        return earlier
    try:
        with database.session() as session:
            if check is not None:
                check(session)
            session.add(row)
    except IntegrityError:
        if earlier := earlier_of(database, row, header):  # the same request came twice at the same time
            return earlier
        raise
    return row


def earlier_of(database: Database, row: Row, header: str = "Idempotency-Key") -> Row | None:
    """Return the row that the same owner's request made under the same key, if there is one.

    Raises Problem 409 where that was another request.
    """
    if row.idempotency_key is None:
        return None
    table = type(row)
    same = (table.owner == row.owner, table.idempotency_key == row.idempotency_key)
    with database.session() as session:
        found = session.scalar(select(table).where(*same))
    if found is not None and found.asked != row.asked:
        raise refuse(409, header, "used for one request only", "one that was used for another")
    return found
