"""A database looked at from outside: by who changes nothing in it, whatever is left of it and whoever writes to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote


def read_only(path: Path, *, of_one_thread: bool = True) -> sqlite3.Connection:
    """A connection that can change nothing, and makes no file; for whoever opens it to close.

    It begins no transactions by itself. ``of_one_thread`` is whether only the thread that opened it uses it.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=of_one_thread
    )
    connection.execute("PRAGMA busy_timeout = 10000")
    return connection
