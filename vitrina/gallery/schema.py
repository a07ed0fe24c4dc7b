"""The tables, as one reads them today; `migrations` says how they came to be."""

from __future__ import annotations

import sqlalchemy as sa

from vitrina.gallery.times import Moment

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts only a column called INTEGER up by itself.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

collection = sa.Table(
    "collection",
    metadata,
    sa.Column("id", RowId, primary_key=True),
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
    sa.Column("created_at", Moment, nullable=False),
    # "org/name@champion": whose newest version answers; NULL where the model is pinned or our own.
    sa.Column("follows", sa.Text),
    sa.Column("model_version", sa.String(32)),
    sa.Column("model_since", Moment),
)

picture = sa.Table(
    "picture",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("collection_id", RowId, sa.ForeignKey("collection.id"), nullable=False),
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
    sa.Column("created_at", Moment, nullable=False),
    # From here on: a copy of what the events fold to, written in the transaction that appends them.
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("shelf", sa.String(16), nullable=False),  # the view that shows it: state, with pending parted
    sa.Column("label", sa.Text),
    sa.Column("label_by", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("suggestion", sa.Text),
    sa.Column("published_at", Moment),
    # The latest prediction. `sureness` is its confidence, -1 before there is one: a NULL sorts first in one
    # database, last in the other.
    sa.Column("prediction_id", sa.String(32)),
    sa.Column("sureness", sa.Float, nullable=False),
    sa.UniqueConstraint("collection_id", "sha256"),
    sa.Index("ix_picture_sha256", "sha256"),
    # A gallery page or a count of 200,000 pictures is answered from one of these four alone.
    sa.Index("ix_picture_newest", "collection_id", "shelf", "published_at", "id"),
    sa.Index("ix_picture_label_newest", "collection_id", "shelf", "label", "published_at", "id"),
    sa.Index("ix_picture_least_sure", "collection_id", "shelf", "sureness", "id"),
    sa.Index("ix_picture_label_least_sure", "collection_id", "shelf", "label", "sureness", "id"),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_picture_suggested",
    picture.c.collection_id,
    picture.c.shelf,
    sqlite_where=picture.c.suggestion.is_not(None),
    postgresql_where=picture.c.suggestion.is_not(None),
)

annotation = sa.Table(
    "annotation",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("collection_id", RowId, sa.ForeignKey("collection.id"), nullable=False),
    sa.Column("picture_id", RowId, sa.ForeignKey("picture.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("state", sa.String(16)),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("batch", sa.String(32), nullable=False),
    sa.Column("undoes", RowId, sa.ForeignKey("annotation.id"), unique=True),
    sa.Index("ix_annotation_picture", "picture_id", "id"),
    sa.Index("ix_annotation_batch", "batch"),
    sa.Index("ix_annotation_actor", "actor", "collection_id", "id"),
    sqlite_autoincrement=True,
)
# Suggestions leave the version alone, so that a visitor cannot make a staff decision stale.
sa.Index(
    "uq_annotation_version",
    annotation.c.picture_id,
    annotation.c.version,
    unique=True,
    sqlite_where=annotation.c.kind != "suggest",
    postgresql_where=annotation.c.kind != "suggest",
)

prediction_reset = sa.Table(
    "prediction_reset",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("collection_id", RowId, sa.ForeignKey("collection.id")),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("restored_by", sa.Text),
    sa.Column("restored_at", Moment),
)

prediction = sa.Table(
    "prediction",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("collection_id", RowId, sa.ForeignKey("collection.id"), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("picture_id", RowId, sa.ForeignKey("picture.id")),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("scores", sa.JSON, nullable=False),
    sa.Column("top_label", sa.Text, nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("abstained", sa.Boolean, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("reset_id", sa.String(32), sa.ForeignKey("prediction_reset.id")),
    sa.Index("ix_prediction_picture", "picture_id"),
    sa.Index("ix_prediction_reset", "reset_id"),
    sa.Index("ix_prediction_newest", "created_at", "id"),
    sa.Index("ix_prediction_collection_newest", "collection_id", "created_at", "id"),
)
sa.Index(
    "uq_prediction_once",
    prediction.c.collection_id,
    prediction.c.sha256,
    prediction.c.revision,
    unique=True,
    sqlite_where=prediction.c.reset_id.is_(None),
    postgresql_where=prediction.c.reset_id.is_(None),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("account_id", RowId, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index("ix_session_account", "account_id"),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("id", RowId, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("succeeded", sa.Boolean, nullable=False),
    sa.Index("ix_sign_in_name", "name", "at"),
    sa.Index("ix_sign_in_address", "address", "at"),
)
