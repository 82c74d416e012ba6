"""Beside intake: what a programme asks of all of its relationships is asked page by page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from uuid import UUID

from workflow.consumers.clock.page import Unaskable
from workflow.consumers.rounds import go_round
from workflow.errors import Stopped
from workflow.places import whence
from workflow.store.event_store import EventStore
from workflow.store.writer import Writer
from workflow.threads import in_thread

_MOST = 100
"""Relationships that cannot be asked in one go; with more, the fault is not theirs."""

_log = logging.getLogger(__name__)


class Rounds:
    """The rounds under way, through the one writer.

    A relationship that cannot be asked is told of and left for the next go; it never keeps the others from being
    asked.
    """

    def __init__(self, store: EventStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._left: Mapping[UUID, Unaskable] = {}

    async def go(self) -> None:
        """Ask until nothing more can be asked at once."""
        left: dict[UUID, Unaskable] = {}
        while await in_thread(self._under_way):
            page = partial(go_round, left=frozenset(left))
            try:
                more = (await asyncio.wrap_future(self._writer.submit(page))).value
            except Unaskable as fault:
                if len(left) >= _MOST:
                    raise Stopped(
                        f"more than {_MOST} relationships cannot be asked; the log names them",
                        code="round_unaskable",
                    ) from fault.cause
                left[fault.relationship] = fault
                if fault.relationship not in self._left:
                    _log.error("relationship %s cannot be asked: %s", fault.relationship, whence(fault.cause))
                continue
            if not more:
                break
        self._left = left

    def _under_way(self) -> bool:
        with self._store.ledger() as ledger:
            return bool(ledger.rounds.under_way())
