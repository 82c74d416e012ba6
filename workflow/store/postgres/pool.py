"""Connections to one database, lent out a transaction at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any, cast

from psycopg import Connection, ProgrammingError, postgres
from psycopg.adapt import Dumper, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo, Format
from psycopg.types.string import BytesBinaryDumper
from psycopg_pool import ConnectionPool, PoolTimeout

from workflow.errors import Invalid
from workflow.logs import WORK
from workflow.store.postgres.cursor import Column, PostgresCursor, Together, TogetherDumper
from workflow.store.postgres.unreached import FACTS_SETTING, unreached

_work = logging.getLogger(WORK)

_SETTINGS: dict[str, Any] = {
    "application_name": "mentoring",
    "connect_timeout": 5,
    # Whoever has gone without a word is noticed within seconds, and so is a server that has.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SECRETS = {option.keyword.decode() for option in Conninfo.get_defaults() if option.dispchar == b"*"}
"""What libpq itself says is not to be shown; each of its versions knows more."""

_MOST = 16
_WAITS = 10.0
"""Seconds for a free connection, or for a lock that somebody else holds."""
_READER_WAITS = 3.0
"""Seconds that who only reads waits for a connection: it may ask again, and is not kept where the server is away."""
_SOON = 2.0
"""Seconds in which a server answers that is there."""
_GIVES_UP_AFTER = 2.0
"""Seconds for which it is tried to connect, each pause twice as long as the last; then that begins anew. Else pauses
would be as long as the server was away, and so would be the time from its return until anybody notices."""
_IDLE = 30.0
"""Seconds after which the server ends a transaction in which nothing happens: its owner hangs, and others wait."""


def with_password(dsn: str, password: str | None) -> str:
    """How a client names a database, its password included; nobody is shown that. ``Invalid`` where ``dsn`` has one."""
    named = _read(dsn)
    if secrets := named.keys() & _SECRETS:  # however it is spelt: only libpq knows all ways
        others = " and ".join(sorted(secrets - {"password"}))
        instead = (
            f"have libpq find {others} in its service file, and name that by `service=`"
            if others
            else "use MENTORING_DATABASE_PASSWORD_FILE"
        )
        raise Invalid(
            f"no password belongs in MENTORING_DATABASE or MENTORING_KEY_DATABASE: {instead}",
            code="settings_invalid",
        )
    return dsn if password is None else make_conninfo(**(named | {"password": password}))


def complete(dsn: str) -> str:
    """The same with all that our connections have in common, unless it says otherwise."""
    return make_conninfo(**(_SETTINGS | _read(dsn)))


def _read(dsn: str) -> dict[str, Any]:
    """What it says. What is wrong with it is not repeated: libpq quotes words of it, and one may be a password."""
    try:
        return dict(conninfo_to_dict(dsn))
    except ProgrammingError:
        raise Invalid(
            "MENTORING_DATABASE or MENTORING_KEY_DATABASE cannot be read as the name of a database: it is "
            "`postgresql://user@host/name`, or `host=… user=… dbname=…`, with options that libpq knows",
            code="settings_invalid",
        ) from None


WHICH = """
    SELECT pg_postmaster_start_time()::text || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The same for every address of one database, and for no other; also for none that was put in its place since."""


class OneConnection(Connection[tuple[Any, ...]]):
    """A connection that knows which database it leads to."""

    which = ""


class Connections:
    """A pool of connections to ``dsn`` in which names mean those of ``schema``. Safe to use from several threads.

    ``setting`` is what names that database.
    """

    def __init__(self, dsn: str, schema: str, *, most: int = _MOST, setting: str = FACTS_SETTING) -> None:
        self._schema = schema
        self._setting = setting
        self._columns: dict[str, list[Column]] = {}
        self._pool: ConnectionPool[OneConnection] = ConnectionPool(
            complete(dsn),
            connection_class=OneConnection,
            kwargs={"autocommit": True, "cursor_factory": PostgresCursor},
            min_size=1,
            max_size=most,
            timeout=_WAITS,
            reconnect_timeout=_GIVES_UP_AFTER,
            reconnect_failed=ConnectionPool.check,  # which begins to connect anew
            configure=self._configure,
            check=ConnectionPool.check_connection,
            open=False,
        )

    def open(self) -> None:
        """Connect; ``Unavailable`` where the server does not answer."""
        said = "there is no answer yet under the address of %s; waiting for one for %d s"
        saying = Timer(_SOON, _work.warning, [said, self._setting, _WAITS])
        saying.start()
        try:
            self._pool.open(wait=True, timeout=_WAITS)
        except PoolTimeout:
            self._pool.close()
            raise unreached(self._setting) from None
        finally:
            saying.cancel()

    def learn_columns(self) -> None:
        """Know the columns of all tables, once they are there."""
        with self.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = ?"
                " ORDER BY table_name, ordinal_position",
                (self._schema,),
            )
            for table, column, kind in cursor.fetchall():
                self._columns.setdefault(table, []).append((column, kind))

    @contextmanager
    def cursor(self, waits: float | None = None) -> Iterator[PostgresCursor]:
        """A cursor that commits every statement by itself; ``waits`` are seconds for a free connection."""
        with self._pool.connection(waits) as connection, connection.cursor() as cursor:
            own = cast("PostgresCursor", cursor)
            own.columns = self._columns
            yield own

    @contextmanager
    def snapshot(self) -> Iterator[PostgresCursor]:
        """A transaction for reading: all that it reads is of one moment."""
        with self._between("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", _READER_WAITS) as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[PostgresCursor]:
        """A transaction that commits at its end; every statement sees what others have committed by then."""
        with self._between("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE") as cursor:
            yield cursor

    @contextmanager
    def _between(self, begin: str, waits: float | None = None) -> Iterator[PostgresCursor]:
        with self.cursor(waits) as cursor:
            cursor.execute(begin)
            try:
                yield cursor
            except BaseException:
                if not cursor.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def close(self) -> None:
        """Let go of every connection, once it is given back."""
        self._pool.close(timeout=_WAITS)

    def _configure(self, connection: OneConnection) -> None:
        connection.adapters.register_loader("uuid", _Hex)
        connection.adapters.register_dumper(None, _FromHex)
        connection.adapters.register_dumper(Together, TogetherDumper)
        connection.adapters.register_dumper(bytes, BytesBinaryDumper)  # copied, they went by one in Python
        for name, value in (
            ("search_path", self._schema),
            ("timezone", "UTC"),
            ("lock_timeout", f"{int(_WAITS * 1000)}ms"),
            ("idle_in_transaction_session_timeout", f"{int(_IDLE * 1000)}ms"),
        ):
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if (row := connection.execute(WHICH).fetchone()) is not None:
            connection.which = str(row[0])


class _Hex(Loader):
    """A UUID as the store goes by it: 32 letters, without the cost of an object."""

    format = Format.BINARY

    def load(self, data: Any) -> str:
        return bytes(data).hex()


class _FromHex(Dumper):
    """The way back."""

    format = Format.BINARY
    oid = postgres.types["uuid"].oid

    def dump(self, obj: Any) -> bytes:
        return bytes.fromhex(obj)
