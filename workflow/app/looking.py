"""What is looked at, and how, where a service keeps what it has: files of its folder, or databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from workflow.app.keeping import Keeping
from workflow.diagnosis import RESTORE, Check
from workflow.folder import Folder
from workflow.projections import examined as views
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.sqlite.file import ViewFile
from workflow.settings import Settings
from workflow.store.examined import Look
from workflow.store.postgres import examined as postgres
from workflow.store.postgres.keys import SCHEMA as KEYS
from workflow.store.postgres.recorder import SCHEMA as FACTS
from workflow.store.sqlite import examined as sqlite


@dataclass(frozen=True, slots=True)
class InFiles:
    """What lies in a folder."""

    folder: Folder
    failures = sqlite.FAILURES
    needed: ClassVar[frozenset[str]] = frozenset()
    restore = RESTORE
    anew = views.ANEW

    @property
    def facts(self) -> Look:
        """The log and what commits with it."""
        return partial(sqlite.look, self.folder.events)

    @property
    def keys(self) -> Look:
        """The data keys."""
        return partial(sqlite.look, self.folder.keys)

    @property
    def views(self) -> ViewFile:
        """What is folded."""
        return ViewFile(self.folder.views)

    def software(self) -> Iterator[Check]:
        """What it is read and written with."""
        yield Check("SQLite", sqlite.sqlite)

    def places(self) -> Iterator[Check]:
        """Whether each can be read."""
        folder = self.folder
        yield Check("events.db", lambda: sqlite.integrity(folder.events), RESTORE)
        yield Check("keys.db", lambda: sqlite.integrity(folder.keys), RESTORE)
        yield Check("views.db", lambda: sqlite.integrity(folder.views, views.ANEW), views.ANEW)


@dataclass(frozen=True, slots=True)
class InDatabases:
    """What lies in PostgreSQL."""

    facts_dsn: str = field(repr=False)
    keys_dsn: str = field(repr=False)
    failures = postgres.FAILURES
    needed: ClassVar[frozenset[str]] = frozenset({"database", "database of the keys"})
    restore = "stop all processes of the service, and restore the database from its backup"
    anew = views.ANEW_IN_A_DATABASE

    @property
    def facts(self) -> Look:
        """The log and what commits with it."""
        return partial(postgres.look, self.facts_dsn, FACTS)

    @property
    def keys(self) -> Look:
        """The data keys."""
        return partial(postgres.look, self.keys_dsn, KEYS)

    @property
    def views(self) -> ViewDatabase:
        """What is folded."""
        return ViewDatabase(self.facts_dsn)

    def software(self) -> Iterator[Check]:
        """The servers, which are elsewhere: they are looked at as places."""
        return iter(())

    def places(self) -> Iterator[Check]:
        """Whether the servers answer, and keep what they are given."""
        yield Check("database", lambda: postgres.server(self.facts_dsn, "database"))
        yield Check("database of the keys", lambda: postgres.server(self.keys_dsn, "database of the keys"))


def looked_at(settings: Settings, folder: Folder) -> InFiles | InDatabases:
    """What the settings name."""
    keeping = Keeping(settings, folder)
    dsn, keys = keeping.dsn, keeping.key_dsn
    return InFiles(folder) if dsn is None or keys is None else InDatabases(dsn, keys)
