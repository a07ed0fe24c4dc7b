"""A collection's model may follow a repository."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Says which alias a collection follows, which version answers, and since when."""
    op.add_column("collection", sa.Column("follows", sa.Text))
    op.add_column("collection", sa.Column("model_version", sa.String(32)))
    op.add_column("collection", sa.Column("model_since", sa.DateTime(timezone=True)))
