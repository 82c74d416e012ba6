"""Where tests keep facts: in files of the folder that they are given, or in databases that go by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.postgres import PostgresServer
from workflow.store.keys import KeyRows
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.recorder import Kept
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile


class Engine(NamedTuple):
    """What a folder's facts and keys are kept in, opened again and again by whoever knows the folder."""

    name: str
    facts: Callable[[Path], Kept]
    keys: Callable[[Path], KeyRows]
    on_disk: Callable[[Path], Iterable[Path]]
    """The files in which all of it lies."""
    names: Callable[[Path], Sequence[str]] = lambda _: ()
    """The databases that it is in."""


FILES = Engine(
    "sqlite",
    lambda folder: SqliteFile(folder / "events.db"),
    lambda folder: KeyFile(folder / "keys.db"),
    lambda folder: (file for file in folder.iterdir() if file.is_file()),
)


def databases(server: PostgresServer) -> Engine:
    """Databases of a server, made when a folder is first asked for."""
    return Engine(
        f"postgres{server.version}",
        lambda folder: PostgresDatabase(server.named(_name(folder, "facts"))),
        lambda folder: KeyDatabase(server.named(_name(folder, "keys"))),
        lambda folder: server.files(*_names(folder)),
        _names,
    )


def _name(folder: Path, what: str) -> str:
    return f"{what}_{sha256(str(folder).encode()).hexdigest()[:24]}"


def _names(folder: Path) -> Sequence[str]:
    return _name(folder, "facts"), _name(folder, "keys")
