"""Wrapped keys in a database of their own, so that no dump of the facts holds them."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.store.postgres.migrations import migrate
from workflow.store.postgres.pool import Connections
from workflow.store.postgres.unreached import KEYS_SETTING

SCHEMA = "mentoring_keys"
_SETTLED = "1 day"
"""How old a key is before it can be an orphan: until then, whoever made it may yet append what it is for."""


class KeyDatabase:
    """See ``workflow.store.keys.KeyRows``."""

    def __init__(self, dsn: str) -> None:
        self._connections = Connections(dsn, SCHEMA, most=4, setting=KEYS_SETTING)
        self._connections.open()
        migrate(self._connections, SCHEMA)

    def load(self, scopes: Sequence[str]) -> list[tuple[str, bytes | None]]:
        """The rows of those that are there."""
        with self._connections.cursor() as cursor:
            cursor.execute("SELECT scope, wrapped FROM keys WHERE scope = ANY(?)", (list(scopes),))
            return [(scope, wrapped) for scope, wrapped in cursor.fetchall()]

    def add(self, rows: Sequence[tuple[str, bytes, int | None]]) -> None:
        """Keep keys that are missing, durably and in one commit."""
        scopes, wrapped, heads = (list(column) for column in zip(*rows, strict=True))
        with self._connections.cursor() as cursor:
            cursor.execute(
                "INSERT INTO keys (scope, wrapped, head) SELECT * FROM unnest(?::text[], ?::bytea[], ?::bigint[])"
                " ON CONFLICT DO NOTHING",
                (scopes, wrapped, heads),
            )

    def destroy(self, scopes: Sequence[str]) -> None:
        """Overwrite these keys, and have the server forget what stood there.

        Its write-ahead log holds on to it until it is recycled, as docs/operate.md tells.
        """
        with self._connections.cursor() as cursor:
            cursor.execute(
                "INSERT INTO keys (scope) SELECT * FROM unnest(?::text[])"
                " ON CONFLICT (scope) DO UPDATE SET wrapped = NULL",
                (list(scopes),),
            )
            cursor.execute("VACUUM keys")

    def unproven(self, head: int) -> list[str]:
        """The scopes of living keys not known to be in use, made a while ago for a log that ended before ``head``."""
        with self._connections.cursor() as cursor:
            cursor.execute(
                "SELECT scope FROM keys WHERE NOT used AND wrapped IS NOT NULL AND head < ?"
                f" AND made_at < now() - interval '{_SETTLED}'",
                (head,),
            )
            return [scope for (scope,) in cursor.fetchall()]

    def prove(self, used: Sequence[str], orphans: Sequence[str]) -> None:
        """Some of them are in use; the orphans are removed."""
        with self._connections.transaction() as cursor:
            cursor.execute("DELETE FROM keys WHERE scope = ANY(?)", (list(orphans),))
            cursor.execute("UPDATE keys SET used = true WHERE scope = ANY(?)", (list(used),))

    def close(self) -> None:
        """Let go of every connection."""
        self._connections.close()
