"""Where one service keeps what it has: in files of its folder, or in databases that its settings name."""

from __future__ import annotations

from pathlib import Path

from workflow.errors import Stopped
from workflow.folder import Folder
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.sqlite.file import ViewFile
from workflow.settings import Settings
from workflow.store.event_store import EventStore
from workflow.store.keys import CHECK, KeyRows, KeyStore
from workflow.store.master import load_master_key
from workflow.store.postgres.apart import refuse_what_does_not_belong
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.pool import Connections, with_password
from workflow.store.postgres.recorder import PostgresDatabase, PostgresRecorder
from workflow.store.recorder import Kept
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile


class Keeping:
    """Opens what a service keeps."""

    def __init__(self, settings: Settings, folder: Folder) -> None:
        self._settings = settings
        self._folder = folder

    @property
    def in_databases(self) -> bool:
        """Whether the folder holds nothing of it."""
        return self._settings.database is not None

    @property
    def dsn(self) -> str | None:
        """The database of the facts, its password included; None where they lie in files."""
        settings = self._settings
        if settings.database is None:
            return None
        return with_password(settings.database, settings.database_password())

    @property
    def key_dsn(self) -> str | None:
        """The database of the keys, likewise."""
        settings = self._settings
        if settings.key_database is None:
            return None
        return with_password(settings.key_database, settings.key_database_password())

    @property
    def master_key_file(self) -> Path:
        """Where the master key lies, which is in no database."""
        return self._settings.master_key_file or self._folder.master_key

    def refuse_what_is_not_whole(self) -> None:
        """What was lost must not be begun anew beside what belongs to it: nobody would notice for weeks."""
        dsn, key_dsn = self.dsn, self.key_dsn
        if dsn is not None and key_dsn is not None:
            refuse_what_does_not_belong(dsn, key_dsn)
            return
        folder = self._folder
        needs = (
            (folder.events, folder.views),
            (folder.keys, folder.events),
            (self.master_key_file, folder.keys),
        )
        for needed, there in needs:
            if there.exists() and not needed.exists():
                raise _missing(needed, there.name)

    def keys(self) -> tuple[bytes, KeyStore]:
        """The master key, made at first start, and the data keys that it wraps."""
        rows = self._key_rows()
        try:
            if self.in_databases and not self.master_key_file.exists() and rows.load([CHECK]):
                raise _missing(self.master_key_file, "the database of the keys")
            master_key = load_master_key(self.master_key_file)
            return master_key, KeyStore(rows, master_key)
        except BaseException:
            rows.close()
            raise

    def store(self, keys: KeyStore) -> EventStore:
        """The log of all facts."""
        return EventStore(self._facts(), keys)

    @property
    def views(self) -> ViewFile | ViewDatabase:
        """Where what is folded is kept."""
        return ViewFile(self._folder.views) if self.dsn is None else ViewDatabase(self.dsn)

    def shared(self, store: EventStore) -> Connections | None:
        """By which processes that share the facts tell and ask each other; None where nobody shares them."""
        recorder = store.facts.recorder
        return recorder.connections if isinstance(recorder, PostgresRecorder) else None

    def _facts(self) -> Kept:
        dsn = self.dsn
        return SqliteFile(self._folder.events) if dsn is None else PostgresDatabase(dsn)

    def _key_rows(self) -> KeyRows:
        dsn = self.key_dsn
        return KeyFile(self._folder.keys) if dsn is None else KeyDatabase(dsn)


def _missing(needed: Path, there: str) -> Stopped:
    return Stopped(
        f"{needed} is missing, and {there} is of no use without it: restore it from its backup",
        code="file_missing",
    )
