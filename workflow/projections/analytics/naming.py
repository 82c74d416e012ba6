"""The views that analysts read, made in the file when it is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from workflow.projections.analytics.view import PREFIX


def name_views(connection: sqlite3.Connection, named: Mapping[str, str]) -> None:
    """Have the views there by these statements, and none of an earlier version; what others made stays.

    Where they are there nothing is written, so that no reader has to read the schema anew.
    """
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    kept = {name: sql for name, sql in found if name.startswith(PREFIX)}
    if kept == dict(named):
        return
    for name in kept:
        connection.execute(f'DROP VIEW "{name}"')
    for statement in named.values():
        connection.execute(statement)
