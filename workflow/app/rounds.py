"""Beside intake: what a programme asks of all of its relationships is asked page by page."""

from __future__ import annotations

import asyncio
from functools import partial

from workflow.consumers.rounds import go_round
from workflow.consumers.unaskable import Left, PageUnaskable
from workflow.store.event_store import EventStore
from workflow.store.writer import Writer
from workflow.threads import in_thread


class Rounds:
    """The rounds under way, through the one writer.

    A relationship that cannot be asked is told of and left for the next go; it never keeps the others from being
    asked.
    """

    def __init__(self, store: EventStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._left = Left()

    async def go(self) -> None:
        """Ask until nothing more can be asked at once."""
        self._left.begin()
        while await in_thread(self._under_way):
            page = partial(go_round, left=frozenset(self._left.whom))
            try:
                if not (await asyncio.wrap_future(self._writer.submit(page))).value:
                    break
            except PageUnaskable as given_up:
                self._left.leave(given_up.faults)
        else:
            self._left.forget()

    @property
    def left(self) -> str | None:
        """How many could not be asked, in words."""
        return self._left.counted

    def _under_way(self) -> bool:
        with self._store.ledger() as ledger:
            return bool(ledger.rounds.under_way())
