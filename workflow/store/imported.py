"""A log that was exported, and checked, is appended to a store that is empty, or holds its beginning already.

Page by page, each in one transaction with what it tells of the tables beside it, and with how much is still to come:
until the last page nobody adds to the log. Whatever is cut short in between has brought in a beginning of the log, and
the same again goes on behind it.
"""

from __future__ import annotations

from itertools import islice

from workflow.errors import Conflict
from workflow.failpoints import hit
from workflow.store.checked import Checked, Heed
from workflow.store.derived import Derivation
from workflow.store.event_store import EventStore
from workflow.store.exported import Head, LogFile, unfit
from workflow.store.identities import Identities
from workflow.store.ledger import Ledger
from workflow.store.recorder import EventRow
from workflow.store.unfinished import Unfinished

PAGE = 1000
"""Events that are told to the tables beside them together."""


def append(
    store: EventStore, identities: Identities, file: LogFile, checked: Checked, heed: Heed = lambda _: None
) -> int:
    """Append what is new of a file that was checked; how many identities stay closed for want of their keys.

    A page of which any line is not what was checked is not appended.
    """
    closed, rows, digests = 0, file.rows(), iter(checked.digests)
    while page := [row for _, row in islice(rows, checked.page)]:
        if file.digest() != next(digests, None):
            raise unfit(None, "the file was changed while it was being imported: import the whole one again")
        if new := [row for row in page if row[0] > checked.head]:
            closed = _append(store, identities, new, file.head)
        heed(page[-1][0] - file.head.beyond)
    return closed


def derive(store: EventStore, identities: Identities, heed: Heed = lambda _: None) -> int:
    """Tell the tables beside the events anew what these say, for keys that came later; as ``append`` does.

    In one transaction: half-way, people would be known by identities that were taken from them later on.
    """
    position = 0
    with store.transaction() as cursor:
        derivation = Derivation(store, cursor, identities)
        while page := store.decode(store.recorder.select_page(cursor, position, PAGE)):
            for recorded in page:
                derivation.note(recorded)
            derivation.flush()
            position = page[-1].position
            heed(position)
    return derivation.closed


def _append(store: EventStore, identities: Identities, page: list[EventRow], file: Head) -> int:
    """Append one page; how many identities stay closed by now, of all that this import has brought in."""
    with store.transaction() as cursor:
        if store.recorder.head(cursor) != page[0][0] - 1:
            raise Conflict(
                "somebody else writes to this log; nothing of this page was kept", code="log_moves"
            )
        store.recorder.insert_rows(cursor, page)
        derivation = Derivation(store, cursor, identities)
        for recorded in store.decode(page):
            derivation.note(recorded)
        derivation.flush()
        ledger = Ledger(cursor, store.keys)
        before = ledger.imports.unfinished()
        closed = derivation.closed + (0 if before is None else before.closed)
        if page[-1][0] < file.until:
            ledger.imports.note(Unfinished(file.until, closed))
        else:
            ledger.imports.finish()
        if file.instant is not None:
            ledger.set_simulated_instant(max(file.instant, ledger.simulated_instant() or file.instant))
        hit("commit.before")
    hit("commit.after")
    return closed
