"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables a gallery needs."""
    _collection()
    _picture()
    _annotation()
    _prediction_reset()
    _prediction()
    _account()
    _session()
    _sign_in()


def _collection() -> None:
    op.create_table(
        "collection",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_es", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("description_es", sa.Text, nullable=False),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("label_titles", sa.JSON, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("model_revision", sa.Text),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _picture() -> None:
    op.create_table(
        "picture",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("collection_id", ROW_ID, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("perceptual_hash", sa.String(16), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("brightness", sa.Float, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("shelf", sa.String(16), nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("label_by", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("suggestion", sa.Text),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("prediction_id", sa.String(32)),
        sa.Column("sureness", sa.Float, nullable=False),
        sa.UniqueConstraint("collection_id", "sha256"),
        sa.Index("ix_picture_sha256", "sha256"),
        sa.Index("ix_picture_newest", "collection_id", "shelf", "published_at", "id"),
        sa.Index("ix_picture_label_newest", "collection_id", "shelf", "label", "published_at", "id"),
        sa.Index("ix_picture_least_sure", "collection_id", "shelf", "sureness", "id"),
        sa.Index("ix_picture_label_least_sure", "collection_id", "shelf", "label", "sureness", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_picture_suggested",
        "picture",
        ["collection_id", "shelf"],
        sqlite_where=sa.text("suggestion IS NOT NULL"),
        postgresql_where=sa.text("suggestion IS NOT NULL"),
    )


def _annotation() -> None:
    op.create_table(
        "annotation",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("collection_id", ROW_ID, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("picture_id", ROW_ID, sa.ForeignKey("picture.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("state", sa.String(16)),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("batch", sa.String(32), nullable=False),
        sa.Column("undoes", ROW_ID, sa.ForeignKey("annotation.id"), unique=True),
        sa.Index("ix_annotation_picture", "picture_id", "id"),
        sa.Index("ix_annotation_batch", "batch"),
        sa.Index("ix_annotation_actor", "actor", "collection_id", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_annotation_version",
        "annotation",
        ["picture_id", "version"],
        unique=True,
        sqlite_where=sa.text("kind != 'suggest'"),
        postgresql_where=sa.text("kind != 'suggest'"),
    )


def _prediction_reset() -> None:
    op.create_table(
        "prediction_reset",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("collection_id", ROW_ID, sa.ForeignKey("collection.id")),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_by", sa.Text),
        sa.Column("restored_at", sa.DateTime(timezone=True)),
    )


def _prediction() -> None:
    op.create_table(
        "prediction",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("collection_id", ROW_ID, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("picture_id", ROW_ID, sa.ForeignKey("picture.id")),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("top_label", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("abstained", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reset_id", sa.String(32), sa.ForeignKey("prediction_reset.id")),
        sa.Index("ix_prediction_picture", "picture_id"),
        sa.Index("ix_prediction_reset", "reset_id"),
        sa.Index("ix_prediction_newest", "created_at", "id"),
        sa.Index("ix_prediction_collection_newest", "collection_id", "created_at", "id"),
    )
    op.create_index(
        "uq_prediction_once",
        "prediction",
        ["collection_id", "sha256", "revision"],
        unique=True,
        sqlite_where=sa.text("reset_id IS NULL"),
        postgresql_where=sa.text("reset_id IS NULL"),
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, unique=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("account_id", ROW_ID, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("ix_session_account", "account_id"),
    )


def _sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
        sa.Index("ix_sign_in_name", "name", "at"),
        sa.Index("ix_sign_in_address", "address", "at"),
    )
