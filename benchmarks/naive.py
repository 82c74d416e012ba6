"""The documented way of `eventsourcing` and FastStream: one message at a time; get, ask, save.

It is handed the directory as dicts, and keeps no receipts, no metadata and nothing sealed.
"""

import asyncio
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import JSONTranscoder, Transcoding
from faststream.nats import JStream, NatsBroker
from faststream.nats.annotations import NatsMessage

from benchmarks.workload import POLICY, Workload
from workflow.aggregates.decide import decide
from workflow.aggregates.events import EVENTS, Event
from workflow.aggregates.evolve import evolve
from workflow.aggregates.relationship import Relationship
from workflow.consumers.meetings.contract import MEETING_MESSAGE
from workflow.consumers.meetings.translate import command_of


class Pair(Aggregate):
    def __init__(self, relationship: UUID) -> None:
        self.state = Relationship(relationship)

    @staticmethod
    def create_id(relationship: UUID) -> UUID:
        return relationship

    def ask(self, command: Any, now: Any) -> None:
        state = self.state if self.state.version else None
        for fact in decide(state, command, id=self.id, now=now, policy=POLICY).events:
            self.happen(fact)

    @event("Happened")
    def happen(self, fact: Event) -> None:
        evolve(self.state, fact)


class FactAsJSON(Transcoding):
    def __init__(self, kind: type[Event]) -> None:
        self.type, self.name = kind, kind.name

    def encode(self, obj: Event) -> Any:
        return obj.model_dump(mode="json")

    def decode(self, data: Any) -> Any:
        return EVENTS[self.name].model_validate(data)


class Pairs(Application[UUID]):
    env: ClassVar = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "AGGREGATE_CACHE_MAXSIZE": "10000"}

    def register_transcodings(self, transcoder: JSONTranscoder) -> None:
        super().register_transcodings(transcoder)
        for kind in EVENTS.values():
            transcoder.register(FactAsJSON(kind))


async def take_in(url: str, pairs: Pairs, work: Workload) -> None:
    broker, done, left = NatsBroker(url, logger=None), asyncio.Event(), len(work.messages)

    @broker.subscriber("mentoring.meetings.*", "naive", stream=JStream("MENTORING", declare=False))
    async def handle(message: NatsMessage) -> None:
        nonlocal left
        told = MEETING_MESSAGE.validate_json(message.body)
        id = told.data.relationship_id or work.relationship_of[frozenset(told.data.parties or ())]
        pair: Pair = pairs.repository.get(id)
        pair.ask(command_of(told, work.persons), work.now)
        pairs.save(pair)
        left -= 1
        if not left:
            done.set()

    async with broker:
        await broker.start()
        await done.wait()
