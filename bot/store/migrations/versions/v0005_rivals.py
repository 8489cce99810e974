"""What an answer quoted from other stories, beside the one that it is from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rival_quotes",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("story_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["answers.message_id"], name="fk_rival_quotes_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "story_id", name="pk_rival_quotes"),
    )
    op.create_index("ix_rival_quotes_story_id", "rival_quotes", ["story_id"])
