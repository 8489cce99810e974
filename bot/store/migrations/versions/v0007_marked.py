"""Which earlier texts of stories have had the answers from them marked.

None of those that are there: what a bot marked before is left as it is when it is looked at again, and
what the terminal replaced was never marked.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column, and an index of what was replaced lately."""
    op.add_column("story_versions", sa.Column("marked_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_story_versions_replaced_at", "story_versions", ["replaced_at"])
