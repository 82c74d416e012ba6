"""A log as it is stored, for whoever reads no more of it than is heeded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.projections.facts import Log
from workflow.store.mapper import Decoder
from workflow.store.recorded import Recorded
from workflow.store.recorder import EventRow


class Stored:
    """A log as it is stored; what is sealed is no more than said to be."""

    def __init__(self, log: Log, *, elsewhere: bool = True) -> None:
        self.elsewhere = elsewhere
        self._log = log
        self.read = 0
        """How many events were."""

    def page(self, after: int, limit: int, names: Collection[str] | None) -> tuple[Sequence[EventRow], int]:
        facts = [fact for fact in self._log.facts[after:] if names is None or fact.event.name in names]
        found = facts[:limit]
        self.read += len(found)
        return list(map(row, found)), found[-1].position if len(found) == limit else self._log.head()

    def streams(
        self, behind: str, positions: tuple[int, int], limit: int, names: Collection[str] | None
    ) -> tuple[Sequence[EventRow], str | None]:
        begun, until = positions
        facts = [
            fact
            for fact in self._log.facts
            if fact.stream.hex > behind
            and begun < fact.position <= until
            and (names is None or fact.event.name in names)
        ]
        streams = sorted({fact.stream.hex for fact in facts})
        some = streams[: max(1, limit // 4)]
        found = [row(fact) for stream in some for fact in facts if fact.stream.hex == stream]
        self.read += len(found)
        return found, None if some == streams else some[-1]

    def decode(self, rows: Sequence[EventRow]) -> Sequence[Recorded]:
        return Decoder().decoded(rows)


def row(fact: Recorded) -> EventRow:
    said = fact.metadata.model_dump_json().encode(), fact.event.model_dump_json().encode()
    stored = b'{"metadata":%b,"event":%b}' % said
    return fact.position, fact.stream.hex, fact.version, fact.event.name, stored
