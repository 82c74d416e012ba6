"""What was asked to be destroyed is destroyed, and then said to be.

The request is an event first; then the keys go, for good; then an event says so. Whatever is cut short in
between is done again by the next pass, and comes to the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from workflow.aggregates.commands import ConfirmDestruction
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

    async def run(self) -> None:
        """Do all that is still to be done."""
        while page := await in_thread(self._asked, PAGE):
            await in_thread(self._destroy, [scope for one in page for scope in one.scopes])
            await asyncio.wrap_future(self._submit(lambda tx, page=page: confirm(tx, page)))  # type: ignore[misc]


def confirm(tx: Transaction, page: Iterable[Destruction]) -> None:
    """The keys are gone. Where more was asked for meanwhile, that is still to be done."""
    for one in page:
        if tx.destructions.finish(one):
            origin = Origin(correlation_id=f"destruction {one.relationship}/{one.person}")
            tx.decide(one.relationship, ConfirmDestruction(at=tx.now, person=one.person), origin)
