"""Keys, feedback and jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text() if length is None else sa.String(length), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        _text("name", 100), _text("secret_hash", 64), _text("scopes", 100),
        _moment("created"), _moment("expires", nullable=True), _moment("revoked", nullable=True),
    )  # fmt: skip
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), primary_key=True),
        _moment("created"),
        _text("owner", 16), _text("proposed", 16), _text("final", 16), _text("who", 200), _text("model", 64),
        _text("reference", 200), _text("text", nullable=True), _text("title", nullable=True),
        _text("idempotency_key", 200, nullable=True), _text("request_hash", 64),
        sa.UniqueConstraint("owner", "idempotency_key", name="feedback_once"),
    )  # fmt: skip
    op.create_index("ix_feedback_created", "feedback", ["created"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("owner", 16), _text("state", 16),
        _moment("created"), _moment("started", nullable=True), _moment("finished", nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        _text("model", 64), _number("input_bytes"), _text("input_hash", 64),
        _number("rows"), _number("passed"), _number("total"),
        sa.Column("summary", sa.JSON()),
        _text("problem"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("worker", 32), _moment("lease_until", nullable=True),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        _text("idempotency_key", 200, nullable=True),
        sa.UniqueConstraint("owner", "idempotency_key", name="jobs_once"),
    )  # fmt: skip
    op.create_index("ix_jobs_owner", "jobs", ["owner"])
    op.create_index("jobs_waiting", "jobs", ["state", "lease_until"])


def downgrade() -> None:
    """Go back."""
    for table in ("jobs", "feedback", "api_keys"):
        op.drop_table(table)
