"""Pages and feeds that are followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "followed",
        sa.Column("id", _ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("library_id", _ID, nullable=True),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("modified", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["library_id"], ["stories.id"], name="fk_followed_library_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_followed"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_followed_guild_id", "followed", ["guild_id"])
    op.create_index("ix_followed_next_at", "followed", ["next_at"])
    op.create_table(
        "seen_items",
        sa.Column("followed_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["followed_id"], ["followed.id"], name="fk_seen_items_followed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("followed_id", "key", name="pk_seen_items"),
    )
