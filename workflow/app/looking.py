"""What is looked at, and how, where a service keeps what it has: files of its folder, or databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from workflow.app.keeping import Keeping
from workflow.diagnosis import RESTORE, Check, Finding, Grade, Shut, ok
from workflow.errors import Stopped
from workflow.folder import Folder
from workflow.projections import examined as views
from workflow.projections.postgres.connecting import SCHEMA as VIEWS
from workflow.projections.postgres.database import STEPS, ViewDatabase
from workflow.projections.sqlite.file import ViewFile
from workflow.settings import Settings
from workflow.store.examined import Look
from workflow.store.postgres import examined as postgres
from workflow.store.postgres.apart import refuse_what_does_not_belong
from workflow.store.postgres.keys import SCHEMA as KEYS
from workflow.store.postgres.recorder import SCHEMA as FACTS
from workflow.store.postgres.unreached import FACTS_SETTING, KEYS_SETTING
from workflow.store.sqlite import examined as sqlite

_DATABASE, _OF_THE_KEYS, _BOTH = "database", "database of the keys", "both databases"
_SEE = "see *Two databases* in docs/operate.md"


@dataclass(frozen=True, slots=True)
class InFiles:
    """What lies in a folder."""

    folder: Folder
    failures = sqlite.FAILURES
    needs: ClassVar[Mapping[str, frozenset[str]]] = {}
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
    needs: ClassVar[Mapping[str, frozenset[str]]] = {
        _BOTH: frozenset({_DATABASE, _OF_THE_KEYS}),
        "master key": frozenset({_OF_THE_KEYS, _BOTH}),
        **dict.fromkeys(
            ("log", "import", "receipts", "projections", "processes"), frozenset({_DATABASE, _BOTH})
        ),
    }
    """What is looked at in which of them."""
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
        """Whether the servers answer, and keep what they are given; and whether the two belong together."""
        facts, keys = {FACTS: None, VIEWS: STEPS}, {KEYS: None}
        yield Check(_DATABASE, lambda: postgres.server(self.facts_dsn, _DATABASE, FACTS_SETTING, facts))
        yield Check(_OF_THE_KEYS, lambda: postgres.server(self.keys_dsn, _OF_THE_KEYS, KEYS_SETTING, keys))
        yield Check(_BOTH, self._together, _SEE)

    def _together(self) -> Iterator[Finding]:
        try:
            refuse_what_does_not_belong(self.facts_dsn, self.keys_dsn)
        except Stopped as error:
            yield Shut(_BOTH, Grade.TROUBLE, error.detail, _SEE)
        else:
            yield ok(_BOTH, "they are two, and nothing in them says that they do not belong together")


def looked_at(settings: Settings, folder: Folder) -> InFiles | InDatabases:
    """What the settings name."""
    keeping = Keeping(settings, folder)
    dsn, keys = keeping.dsn, keeping.key_dsn
    return InFiles(folder) if dsn is None or keys is None else InDatabases(dsn, keys)
