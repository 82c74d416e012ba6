"""A log brought into a folder on which no service runs: by itself, for a service would begin with facts of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workflow.app.incoming import Open
from workflow.app.keeping import Keeping
from workflow.clocks import RealClock
from workflow.errors import Invalid, Stopped
from workflow.folder import Folder
from workflow.settings import Settings
from workflow.store.checked import check
from workflow.store.event_store import EventStore
from workflow.store.exported import LogFile
from workflow.store.here import Here
from workflow.store.identities import Identities
from workflow.store.imported import append, derive
from workflow.store.master import derive as derive_key
from workflow.store.master import read_master_key

Heed = Callable[[str, int, int | None], None]
"""Told what is being done, how many events of it are, and of how many; what it raises ends the import."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held. ``closed`` counts identities whose keys are not at hand: nobody is known by them."""

    events: int
    known: int
    appended: int
    head: int
    closed: int | None


def log_key(settings: Settings) -> bytes:
    """What vouches for files of the log, under the folder's own master key; that has to be there."""
    path = _master_key(settings)
    if not path.exists():  # a running service was told of it, and who asks that was not
        raise Stopped(
            f"there is no {path}, under which the file is made: name the service's own in MENTORING_MASTER_KEY_FILE",
            code="master_key_unreadable",
        )
    return derive_key(read_master_key(path), "log file")


def bring_in(
    settings: Settings, file: Open, *, dry_run: bool, unauthenticated: bool = False, heed: Heed
) -> Imported:
    """Check the whole file against what the folder holds, and append what is new; nothing with ``dry_run``.

    The folder is made where there is none, and held meanwhile, unless nothing is to be written in any case. Who made
    the file is not asked where it may be ``unauthenticated``; else it has to be of the folder's own master key.
    """
    key = None if unauthenticated else _key_at_hand(settings)
    folder = Folder(settings.data)
    with ExitStack() as stack:
        if not dry_run or folder.path.exists():
            stack.enter_context(folder)
        keeping = Keeping(settings, folder)
        keeping.refuse_what_is_not_whole()
        with _looked_at(keeping, folder) as here, file() as lines:
            log = LogFile(lines, key)
            total = log.head.until - log.head.beyond
            found = check(here, log, RealClock().now(), lambda done: heed("checking", done, total))
        if dry_run:
            return Imported(found.events, found.known, found.new, found.head + found.new, None)
        with _opened(keeping) as (store, identities):
            if found.new:
                with file() as lines:
                    log = LogFile(lines, key)
                    closed = append(
                        store, identities, log, found, lambda done: heed("appending", done, total)
                    )
            else:  # the keys may have come since
                closed = derive(store, identities, lambda done: heed("looking at keys", done, found.head))
            return Imported(found.events, found.known, found.new, store.head(), closed)


@contextmanager
def _looked_at(keeping: Keeping, folder: Folder) -> Iterator[Here]:
    """The log of the folder. Where there is none, nothing is made: a file that is refused leaves nothing behind."""
    if keeping.in_databases or folder.events.exists():
        with _opened(keeping) as (store, _):
            yield Here(store)
    else:
        yield Here(None)


@contextmanager
def _opened(keeping: Keeping) -> Iterator[tuple[EventStore, Identities]]:
    with ExitStack() as stack:
        master_key, keys = keeping.keys()
        stack.callback(keys.close)
        store = keeping.store(keys)
        stack.callback(store.close)
        yield store, Identities(master_key)


def _master_key(settings: Settings) -> Path:
    return settings.master_key_file or Folder(settings.data).master_key


def _key_at_hand(settings: Settings) -> bytes:
    path = _master_key(settings)
    if not path.exists():
        raise Invalid(
            f"there is no {path} to tell by whether anybody has changed the file: copy the master key of the service "
            "that exported it there, and its keys.db, or say --unauthenticated where you know that nobody has",
            code="file_unauthenticated",
        )
    return log_key(settings)
