"""Whether events stand where such events stand: which stream they are of, and what it was begun with.

No fold and no decision looks for what would be missing there, and what was brought in cannot be taken out again.
"""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from workflow.aggregates.events import (
    Event,
    PolicyAdopted,
    ProgrammeClosed,
    ProgrammeOpened,
    RelationshipOpened,
)
from workflow.aggregates.programme import programme_id
from workflow.store.exported import unfit
from workflow.store.here import Here

_OPENINGS = (RelationshipOpened, ProgrammeOpened)
_OF_PROGRAMMES = (ProgrammeOpened, PolicyAdopted, ProgrammeClosed)


class Streams:
    """The streams of a file, with those that are here already; what follows is told event by event.

    Of each stream it keeps the last version and whether it is a programme's, and of each event its id.
    """

    def __init__(self, here: Here, beyond: int) -> None:
        self._here = here
        self._streams: dict[str, tuple[int, bool]] = {}
        self._ids = {id.bytes for id in here.event_ids(beyond)}
        self._zones: set[str] = set()

    def note(self, number: int, stream: str, version: int, event: Event, id: UUID) -> None:
        """The next event, at a line of the file; ``version`` is that which it is said to have in its stream."""
        last, programmes = self._streams.get(stream) or self._found(stream)
        if version != last + 1:
            raise unfit(number, f"version {last + 1} of its stream is to come here, and {version} does")
        if isinstance(event, _OPENINGS) != (version == 1):
            raise unfit(
                number, "a stream begins with its opening, and this is another event or another place"
            )
        of_programme = isinstance(event, _OF_PROGRAMMES)
        if version == 1:
            self._opened(number, stream, event)
        elif of_programme != programmes:
            raise unfit(number, "a programme's events and a relationship's never stand in one stream")
        if id.bytes in self._ids:
            raise unfit(number, f"another event before it has its id, {id}")
        self._ids.add(id.bytes)
        self._streams[stream] = version, of_programme

    def know(self, stream: str, version: int, event: Event, id: UUID) -> None:
        """The next event is one that is here already."""
        self._ids.add(id.bytes)
        self._streams[stream] = version, isinstance(event, _OF_PROGRAMMES)

    def _found(self, stream: str) -> tuple[int, bool]:
        kind = self._here.begins_with(stream)
        return self._here.last_version(stream), kind is not None and issubclass(kind, ProgrammeOpened)

    def _opened(self, number: int, stream: str, event: Event) -> None:
        assert isinstance(event, _OPENINGS)
        programme = programme_id(event.programme).hex
        if isinstance(event, ProgrammeOpened):
            if stream != programme:
                raise unfit(
                    number, "a programme's stream has the id that its name gives, and this one another"
                )
        elif programme not in self._streams and not self._here.last_version(programme):
            raise unfit(
                number, "the programme that the relationship is opened in is opened nowhere before it"
            )
        if event.zone not in self._zones:
            try:
                ZoneInfo(event.zone)
            except (KeyError, ValueError, OSError):
                raise unfit(number, "there is no such time zone") from None
            self._zones.add(event.zone)
