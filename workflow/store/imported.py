"""A log that was exported is brought into a store that is empty, or holds its beginning already.

First the whole file is looked at, and nothing is written; then what is new is appended, page by page, each in one
transaction with what it tells of the tables beside it. Whatever is cut short in between has brought in a beginning
of the log, and the same again goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pydantic import ValidationError

from workflow.aggregates.events import ProgrammeOpened, RelationshipOpened
from workflow.aggregates.sealed import sealed_members
from workflow.errors import Conflict, Stopped
from workflow.failpoints import hit
from workflow.store.derived import Derivation
from workflow.store.event_store import EventStore
from workflow.store.exported import LogFile, unfit
from workflow.store.identities import Identities
from workflow.store.ledger import Ledger
from workflow.store.recorded import Recorded
from workflow.store.recorder import Row
from workflow.store.sealing import BOX, can_hold_sealed

PAGE = 1000
"""Events that are looked at, and appended, together."""

AHEAD = timedelta(days=1)
"""How far the clock of where the file was made may be ahead of ours."""

Heed = Callable[[int], None]
"""Told how many events are done; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds: so many events, so many of them known already. ``head`` is where the store's log ends."""

    events: int
    known: int
    head: int

    @property
    def new(self) -> int:
        """How many are to be appended."""
        return self.events - self.known


def check(store: EventStore, file: LogFile, now: datetime, heed: Heed = lambda _: None) -> Checked:
    """Look at the whole file, and refuse it at the first line that does not fit its own or the store's log.

    ``now`` is what the machine's clock shows. Time never goes back: beyond it, all later facts would be of then.
    """
    head, beyond = store.head(), file.head.beyond
    simulated = file.head.instant is not None
    with store.ledger() as ledger:
        if head and simulated != (ledger.simulated_instant() is not None):
            raise Conflict(
                "the file is of another kind of clock than the log here: bring it into a folder of its own",
                code="clock_differs",
            )
    if beyond > head:
        raise Conflict(
            f"the file begins behind position {beyond}, and the log here ends at {head}: bring in what lies between "
            "them first",
            code="log_incomplete",
        )
    known = _rows_from(store, beyond)
    versions: dict[str, int] = {}
    before = store.read(beyond - 1, 1) if beyond else []
    recorded_at = before[0].metadata.recorded_at if before else None
    events = 0
    for number, row in file.rows():
        position, stream, version, *_ = row
        recorded = _decoded(store, number, row)
        recorded_at = _in_time(number, recorded, recorded_at)
        if not simulated and recorded_at > now + AHEAD:
            raise unfit(number, "it is said to be recorded on a day that is yet to come")
        if position <= head:
            if row != next(known):
                raise Conflict(
                    f"line {number}: another event stands at position {position} here; bring the file into a "
                    "folder of its own",
                    code="log_differs",
                )
        else:
            last = versions.get(stream)
            if last is None:
                last = store.last_version(stream) if head else 0
            if version != last + 1:
                raise unfit(number, f"version {last + 1} of its stream is to come here, and {version} does")
            # No fold and no decision looks for what is missing there, and what was brought in cannot be taken out.
            if isinstance(recorded.event, RelationshipOpened | ProgrammeOpened) != (version == 1):
                raise unfit(
                    number, "a stream begins with its opening, and this is another event or another place"
                )
        versions[stream] = version
        events += 1
        if events % PAGE == 0:
            heed(events)
    heed(events)
    return Checked(events, min(events, head - beyond), head)


def append(store: EventStore, identities: Identities, file: LogFile, heed: Heed = lambda _: None) -> int:
    """Append what is new of a file that was checked; how many identities stay closed for want of their keys."""
    head, closed = store.head(), 0
    new = (row for _, row in file.rows() if row[0] > head)
    while page := list(islice(new, PAGE)):
        closed += _append(store, identities, page, file.head.instant)
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


def _append(store: EventStore, identities: Identities, page: list[Row], instant: datetime | None) -> int:
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
        if instant is not None:
            ledger.set_simulated_instant(max(instant, ledger.simulated_instant() or instant))
        hit("commit.before")
    hit("commit.after")
    return derivation.closed


def _rows_from(store: EventStore, after: int) -> Iterator[Row]:
    while page := store.rows(after, PAGE):
        yield from page
        after = page[-1][0]


def _decoded(store: EventStore, number: int, row: Row) -> Recorded:
    """The event as it will be read; refused where its schema says otherwise, or what should be sealed is not."""
    try:
        (recorded,) = store.decode([row])
        event = recorded.event
        _ = recorded.metadata
    except Stopped as error:
        raise unfit(number, error.detail) from error
    except (KeyError, TypeError, ValueError, ValidationError):
        # What pydantic says may repeat what stands there.
        raise unfit(number, f"this does not fit the schema of {row[3]}") from None
    if can_hold_sealed(type(event)):
        for path, sealed in sealed_members(event):
            if sealed.box is None or not BOX.fullmatch(sealed.box):
                raise unfit(number, f"{path} is not sealed, as it has to be")
    return recorded


def _in_time(number: int, recorded: Recorded, before: datetime | None) -> datetime:
    after = recorded.metadata.recorded_at
    if before is not None and after < before:
        raise unfit(number, "it is said to be recorded before the event before it")
    return after
