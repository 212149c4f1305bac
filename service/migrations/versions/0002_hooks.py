"""Deliveries of hooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "hook_deliveries"


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text() if length is None else sa.String(length), nullable=nullable)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(32), primary_key=True),
        _text("owner", 16), _text("idempotency_key", 200, nullable=True), _text("request_hash", 64),
        _text("event", 16), _text("repository", 300), _text("issue", 20),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("role", 16),
        sa.Column("confidence", sa.Double(), nullable=False),
        _text("model", 64), _text("outcome", 16), _text("state", 16),
        _moment("created", nullable=False), _moment("started"), _moment("finished"), _moment("due", nullable=False),
        _text("problem"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("worker", 32), _moment("lease_until"),
        sa.UniqueConstraint("owner", "idempotency_key", name="hook_deliveries_once"),
    )  # fmt: skip
    opened = sa.text("event = 'opened'")
    op.create_index(
        "hook_issues_once", TABLE, ["owner", "issue"], unique=True, sqlite_where=opened, postgresql_where=opened
    )
    op.create_index("hook_issues", TABLE, ["owner", "issue"])
    op.create_index("hook_deliveries_waiting", TABLE, ["state", "due"])


def downgrade() -> None:
    """Go back."""
    op.drop_table(TABLE)
