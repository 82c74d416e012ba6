"""The tables that stand beside the events in ``events.db`` and commit with them.

Ids are kept as 16 bytes, instants as whole microseconds since 1970 (exact, and sorting as they should).
"""

from __future__ import annotations

TABLES = (
    # How far each upstream (a broker's stream and partition) was taken in.
    """
    CREATE TABLE IF NOT EXISTS upstreams (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, position INTEGER NOT NULL DEFAULT 0
    )
    """,
    # One row for every message received, for ever. `key` names the message where it could be read; `reason` is
    # the code of why it waits or is parked. `kind` and `relationship` say what it was about, where that is known.
    """
    CREATE TABLE IF NOT EXISTS receipts (
        upstream INTEGER NOT NULL, seq INTEGER NOT NULL, key BLOB, digest BLOB NOT NULL,
        disposition TEXT NOT NULL, first INTEGER NOT NULL, reason TEXT, kind TEXT, relationship BLOB,
        PRIMARY KEY (upstream, seq)
    ) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS first_receipts ON receipts (key) WHERE first = 1",
    "CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    # Bodies are encrypted under the intake key of the month in which they arrived, and so, apart from them, is
    # the label: who sent it and what it is. Their numbers are given to operators: one that is gone is never
    # given again.
    """
    CREATE TABLE IF NOT EXISTS waiting (
        id INTEGER PRIMARY KEY AUTOINCREMENT, upstream INTEGER NOT NULL, seq INTEGER NOT NULL,
        arrived_at INTEGER NOT NULL, reason TEXT NOT NULL, scope TEXT NOT NULL, label BLOB NOT NULL,
        box BLOB NOT NULL,
        UNIQUE (upstream, seq)
    )
    """,
    "CREATE INDEX IF NOT EXISTS waiting_since ON waiting (arrived_at)",
    """
    CREATE TABLE IF NOT EXISTS waiting_for (
        awaited TEXT NOT NULL, body INTEGER NOT NULL, PRIMARY KEY (awaited, body)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS waiting_bodies ON waiting_for (body)",
    # What has come about while more wait for it than one unit of work works off: who is behind `after` is left.
    "CREATE TABLE IF NOT EXISTS drains (id INTEGER PRIMARY KEY, awaited TEXT NOT NULL UNIQUE, after INTEGER NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS parked (
        id INTEGER PRIMARY KEY AUTOINCREMENT, upstream INTEGER NOT NULL, seq INTEGER NOT NULL,
        arrived_at INTEGER NOT NULL, reason TEXT NOT NULL, scope TEXT NOT NULL, label BLOB NOT NULL,
        box BLOB NOT NULL,
        UNIQUE (upstream, seq)
    )
    """,
    # The directory: who is who, who is in which relationship, which calendar entry belongs to which.
    "CREATE TABLE IF NOT EXISTS identities (hash BLOB PRIMARY KEY, person BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS identities_of_persons ON identities (person)",
    """
    CREATE TABLE IF NOT EXISTS memberships (
        person BLOB NOT NULL, relationship BLOB NOT NULL, PRIMARY KEY (person, relationship)
    ) WITHOUT ROWID
    """,
    # Who has left a relationship is still known there, for what is told late of meetings before.
    """
    CREATE TABLE IF NOT EXISTS departures (
        person BLOB NOT NULL, relationship BLOB NOT NULL, left_at INTEGER NOT NULL,
        PRIMARY KEY (person, relationship)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS relationships (
        relationship BLOB PRIMARY KEY, opened_at INTEGER NOT NULL, closed_at INTEGER
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS uids (
        uid TEXT NOT NULL, recurrence INTEGER NOT NULL, relationship BLOB NOT NULL,
        PRIMARY KEY (uid, recurrence, relationship)
    ) WITHOUT ROWID
    """,
    # What a programme asks of all of its relationships, gone through in the order of their ids: who is behind
    # `after` is left. `found` counts those that this pass has found.
    """
    CREATE TABLE IF NOT EXISTS rounds (
        programme TEXT NOT NULL, purpose TEXT NOT NULL, after BLOB NOT NULL, found INTEGER NOT NULL,
        correlation_id TEXT NOT NULL, person BLOB,
        PRIMARY KEY (programme, purpose)
    ) WITHOUT ROWID
    """,
    # Whose text is to be destroyed, and was. The rows stay: an older copy of the keys must not bring any back.
    """
    CREATE TABLE IF NOT EXISTS destructions (
        relationship BLOB NOT NULL, person BLOB NOT NULL, identities INTEGER NOT NULL, done INTEGER NOT NULL,
        PRIMARY KEY (relationship, person)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS destructions_of_persons ON destructions (person)",
    # What was answered to a request that may come again.
    """
    CREATE TABLE IF NOT EXISTS idempotency (
        principal TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL,
        status INTEGER NOT NULL, body BLOB NOT NULL, position INTEGER NOT NULL, answered_at INTEGER NOT NULL,
        PRIMARY KEY (principal, route, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS answers_by_age ON idempotency (answered_at)",
    # How far the log was read by whoever acts on it outside of this service.
    "CREATE TABLE IF NOT EXISTS reactors (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
    # A log that is being brought in, while not all of it is here: where it ends, and how many identities stayed closed.
    """
    CREATE TABLE IF NOT EXISTS imports (
        id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL, closed INTEGER NOT NULL
    )
    """,
    # Where a simulated clock stands, so that a restart goes on from there.
    "CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), instant INTEGER NOT NULL)",
)

LATER_COLUMNS = (("receipts", "kind", "TEXT"), ("receipts", "relationship", "BLOB"))
"""Columns that tables made by an earlier version lack: each table, column and type, in the order of the columns."""
