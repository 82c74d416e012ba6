"""Which failures are the disk's or the database's, and pass, and which are of what was asked."""

from __future__ import annotations

import errno
import sqlite3

import psycopg
import psycopg_pool

_OF_THE_STORAGE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}

_NOT_AT_WORK = ("08", "57P")
"""How the codes begin by which a server tells that it cannot be spoken to, now or any more."""

AWAY: tuple[type[Exception], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""What is raised where PostgreSQL is away; a connection that cannot be had in time is one of them."""


def of_the_storage(error: BaseException) -> bool:
    """Whether the disk, the file or the database failed: asking again later may succeed, and otherwise will not."""
    if isinstance(error, sqlite3.OperationalError):
        code: int | None = getattr(error, "sqlite_errorcode", None)
        return code is None or code & 0xFF in _OF_THE_STORAGE
    return isinstance(
        error, OSError | psycopg.OperationalError | psycopg.InterfaceError | psycopg_pool.PoolTimeout
    )


def is_away(error: BaseException) -> bool:
    """Whether PostgreSQL is not reached, or ends or begins: it is told from what a server says that is at work."""
    if not isinstance(error, AWAY):
        return False
    code: str | None = getattr(error, "sqlstate", None)
    return code is None or code.startswith(_NOT_AT_WORK)


def is_full(error: BaseException | None) -> bool:
    """Whether there was no room on a disk: ours, or that of PostgreSQL."""
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, psycopg.errors.DiskFull)
