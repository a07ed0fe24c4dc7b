"""Moments in time, always in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa


def utc_now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


class Moment(sa.TypeDecorator[datetime]):
    """A timezone-aware UTC datetime in a column.

    SQLite keeps text of fixed width without a zone, which sorts as time does; PostgreSQL keeps a
    timestamp with time zone. Both give back an aware datetime.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected a datetime with a time zone; found one without")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
