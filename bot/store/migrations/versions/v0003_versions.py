"""The versions of a story that newer ones replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "story_versions",
        sa.Column("library_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("story_id", sa.String(length=64), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["library_id"], ["stories.id"], name="fk_story_versions_library_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("library_id", "story_id", name="pk_story_versions"),
    )
    op.create_index("ix_story_versions_story_id", "story_versions", ["story_id"])
