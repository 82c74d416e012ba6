"""What was asked to be destroyed is destroyed, and then said to be.

The request is an event first; then the keys go, for good; then an event says so. Whatever is cut short in
between is done again by the next pass, and comes to the same. Of a relationship that cannot say so the keys are gone
all the same, and it is left for later passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from workflow.aggregates.commands import ConfirmDestruction
from workflow.consumers.unaskable import Faults, Left, PageUnaskable
from workflow.store.destructions import Destruction
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.threads import in_thread

PAGE = 100
"""Destructions done together."""


class Destroyer:
    """``asked`` tells what is still to be done, at most so much; ``destroy`` destroys keys, by their scopes."""

    def __init__(
        self,
        asked: Callable[[int], Sequence[Destruction]],
        destroy: Callable[[Iterable[str]], object],
        submit: Callable[[Callable[[Transaction], None]], Future[Any]],
    ) -> None:
        self._asked = asked
        self._destroy = destroy
        self._submit = submit
        self._left = Left()

    @property
    def left(self) -> str | None:
        """How many relationships could not be asked to confirm it, in words."""
        return self._left.counted

    async def run(self) -> None:
        """Do all that is still to be done."""
        self._left.begin()
        while page := await self._page():
            await in_thread(self._destroy, [scope for one in page for scope in one.scopes])
            try:
                await asyncio.wrap_future(self._submit(partial(confirm, page=page)))
            except PageUnaskable as given_up:
                self._left.leave(given_up.faults)

    async def _page(self) -> Sequence[Destruction]:
        """Those that come first, of relationships that are not left."""
        left, most = self._left.whom, PAGE
        while True:
            asked = await in_thread(self._asked, most)
            page = [one for one in asked if one.relationship not in left][:PAGE]
            if page or len(asked) < most:
                return page
            most *= 2


def confirm(tx: Transaction, page: Iterable[Destruction]) -> None:
    """The keys are gone. Where more was asked for meanwhile, that is still to be done."""
    faults = Faults()
    for one in page:
        with faults.of(one.relationship):
            _confirm(tx, one)
    faults.give_up()


def _confirm(tx: Transaction, one: Destruction) -> None:
    if tx.destructions.finish(one):
        origin = Origin(correlation_id=f"destruction {one.relationship}/{one.person}")
        tx.decide(one.relationship, ConfirmDestruction(at=tx.now, person=one.person), origin)
