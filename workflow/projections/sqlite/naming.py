"""The views that analysts read, made in the file when it is opened."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.projections.analytics.view import PREFIX, View
from workflow.store.cursor import Cursor


def statement(view: View) -> str:
    """The statement that makes a view. It follows a rebuild by itself: what it reads is looked up when it is read."""
    columns = ",\n    ".join(
        f"{column.sql} AS {column.name}" if column.sql else column.name for column in view.columns
    )
    return f"CREATE VIEW {view.full_name} AS\nSELECT\n    {columns}\n{view.source.strip()}"


def name_views(cursor: Cursor, views: Sequence[View]) -> None:
    """Have the views there, and none of an earlier version; what others made stays."""
    for name in _kept(cursor):
        cursor.execute(f'DROP VIEW "{name}"')
    for view in views:
        cursor.execute(statement(view))


def are_named(cursor: Cursor, views: Sequence[View]) -> bool:
    """Whether they are: then nothing is written, so that no reader has to read the schema anew."""
    return _kept(cursor) == {view.full_name: statement(view) for view in views}


def _kept(cursor: Cursor) -> dict[str, str]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
    return {name: sql for name, sql in cursor.fetchall() if name.startswith(PREFIX)}
