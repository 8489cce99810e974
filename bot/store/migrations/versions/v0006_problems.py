"""Which phrase says why a look at what is followed failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("followed", sa.Column("problem_key", sa.String(length=64), nullable=True))
    op.add_column("followed", sa.Column("problem_values", sa.JSON(), nullable=True))
