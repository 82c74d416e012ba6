"""A log that was exported is held against what its form says, and against the log that it is to go behind.

Nothing is written, and nothing is made where there is no log yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import ValidationError

from workflow.aggregates.events import Event
from workflow.aggregates.sealed import sealed_members
from workflow.errors import Conflict, Stopped
from workflow.store.belonging import Streams
from workflow.store.bounds import beyond_bounds
from workflow.store.exported import LogFile, unfit
from workflow.store.here import Here
from workflow.store.mapper import Decoder
from workflow.store.recorded import Metadata
from workflow.store.recorder import EventRow
from workflow.store.sealing import BOX, can_hold_sealed, is_of_another
from workflow.store.unfinished import TODO, said

PAGE = 1000
"""Events that are looked at, and appended, together."""

AHEAD = timedelta(days=1)
"""How far the clock of where the file was made may be ahead of ours."""

Heed = Callable[[int], None]
"""Told how many events are done; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds: so many events, so many of them known already. ``head`` is where the log here ends.

    ``digests`` tell at the end of each ``page`` of so many events what was read so far, so that what is written is
    what was checked.
    """

    events: int
    known: int
    head: int
    page: int
    digests: tuple[bytes, ...]

    @property
    def new(self) -> int:
        """How many are to be appended."""
        return self.events - self.known


def check(here: Here, file: LogFile, now: datetime, heed: Heed = lambda _: None) -> Checked:
    """Look at the whole file, and refuse it at the first line that does not fit its own log or the one here.

    ``now`` is what the machine's clock shows. Time never goes back: beyond it, all later facts would be of then.
    """
    _refuse_what_does_not_go_behind(here, file)
    decoder, clock = Decoder(), _Clock(file, here.recorded_at(file.head.beyond), now)
    known = here.rows_from(file.head.beyond)
    streams = Streams(here, file.head.beyond)
    digests: list[bytes] = []
    events = 0
    for number, row in file.rows():
        position, stream, version, *_ = row
        event, metadata = _decoded(decoder, number, row)
        clock.note(number, stream, event, metadata.recorded_at)
        if position <= here.head:
            if row != next(known):
                raise Conflict(
                    f"line {number}: another event stands at position {position} here; bring the file into a "
                    "folder of its own",
                    code="log_differs",
                )
            streams.know(stream, version, event, metadata.event_id)
        else:
            streams.note(number, stream, version, event, metadata.event_id)
        events += 1
        if events % PAGE == 0:
            digests.append(file.digest())
            heed(events)
    if events % PAGE:
        digests.append(file.digest())
    clock.end()
    heed(events)
    return Checked(events, min(events, here.head - file.head.beyond), here.head, PAGE, tuple(digests))


def _refuse_what_does_not_go_behind(here: Here, file: LogFile) -> None:
    if here.head and here.simulated != (file.head.instant is not None):
        raise Conflict(
            "the file is of another kind of clock than the log here: bring it into a folder of its own",
            code="clock_differs",
        )
    if file.head.beyond > here.head:
        raise Conflict(
            f"the file begins behind position {file.head.beyond}, and the log here ends at {here.head}: bring in what "
            "lies between them first",
            code="log_incomplete",
        )
    if here.unfinished is not None and file.head.until < here.unfinished.until:
        raise Conflict(
            f"{said(here.head, here.unfinished.until)}, and this file ends at {file.head.until}; {TODO}",
            code="import_unfinished",
        )


class _Clock:
    """What a log says of time, held against itself: it never goes back, and asks on its way for what is due."""

    def __init__(self, file: LogFile, before: datetime | None, now: datetime) -> None:
        self._instant = file.head.instant
        self._before = before
        self._latest = now + AHEAD
        self._due: dict[str, datetime] = {}
        """When the next of each stream is asked for: never before it was recorded that it is due."""

    def note(self, number: int, stream: str, event: Event, recorded_at: datetime) -> None:
        """The next event, at a line of the file."""
        if self._before is not None and recorded_at < self._before:
            raise unfit(number, "it is said to be recorded before the event before it")
        if self._instant is None and recorded_at > self._latest:
            raise unfit(number, "it is said to be recorded on a day that is yet to come")
        if self._instant is not None and recorded_at > self._instant:
            raise unfit(number, "it is said to be recorded later than where the simulated clock stands")
        self._before = recorded_at
        if event.dues:
            self._due[stream] = max(min(event.dues.values()), recorded_at)
        elif event.dues is not None:
            self._due.pop(stream, None)

    def end(self) -> None:
        """A simulated clock that came by all that was due would have asked, and moved what is due behind itself.

        One relationship that could not be asked is left behind by it. All of them never are.
        """
        if self._instant is None or not self._due:
            return
        last = max(self._due.values())
        if last < self._instant:
            raise unfit(
                1,
                f"the simulated clock is said to stand at {self._instant:%Y-%m-%d %H:%M} UTC, and nothing that was due "
                f"until then, by {last:%Y-%m-%d %H:%M}, was asked for",
            )


def _decoded(decoder: Decoder, number: int, row: EventRow) -> tuple[Event, Metadata]:
    """The event as it will be read, and what is known about its recording.

    Refused where its schema says otherwise, a member is beyond all bounds, or what should be sealed is not, or by
    another than the party that the event is said to be of.
    """
    position, stream, version, name, state = row
    try:
        recorded = decoder.decode(position, UUID(stream), version, name, state)
        event, metadata = recorded.event, recorded.metadata
    except Stopped as error:
        raise unfit(number, error.detail) from error
    except (KeyError, TypeError, ValueError, ValidationError):
        # What pydantic says may repeat what stands there.
        raise unfit(number, f"this does not fit the schema of {name}") from None
    if (fault := beyond_bounds(metadata) or beyond_bounds(event)) is not None:
        raise unfit(number, fault)
    if can_hold_sealed(type(event)):
        for path, sealed in sealed_members(event):
            if sealed.box is None or not BOX.fullmatch(sealed.box):
                raise unfit(number, f"{path} is not sealed, as it has to be")
            if is_of_another(event, path, sealed.box):
                raise unfit(number, f"{path} was not sealed for the party that the event is said to be of")
    return event, metadata
