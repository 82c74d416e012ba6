"""Folding for all processes that share a log, and doing what the doors of each ask of whoever folds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from workflow.projections.running.follower import carry_out
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.postgres import hints
from workflow.store.postgres.pool import Connections
from workflow.store.postgres.requests import Requests
from workflow.threads import finished, in_thread

_LOOKS_FOR_REQUESTS = 0.2


class Projecting:
    """Folds while it runs, into ``views`` of its own: one process at a time does."""

    def __init__(self, views: Callable[[], Views], store: EventStore, shared: Connections) -> None:
        self._views = views
        self._store = store
        self._shared = shared
        self._runner: Runner | None = None

    @property
    def trouble(self) -> str | None:
        """Why it cannot go on, where this process folds."""
        runner = self._runner
        return None if runner is None else runner.trouble

    def wake(self) -> None:
        """Say that there may be something to fold."""
        runner = self._runner  # another thread may take it away meanwhile
        if runner is not None:
            runner.wake()

    async def run(self) -> None:
        """Fold until cancelled."""
        requests, begun = Requests(self._shared), dict[int, Future[Any]]()
        views, store = await asyncio.to_thread(self._views), self._store
        self._runner = runner = Runner(views, store.read, store.head, written=self._hint, stored=store)
        runner.start()
        try:
            while True:
                if runner.given_up:  # another came late with what it had begun: the turn is ours all the same
                    await finished(asyncio.to_thread(runner.stop))
                    runner.start()
                await in_thread(carry_out, runner, requests, begun)
                await asyncio.sleep(_LOOKS_FOR_REQUESTS)
        finally:
            self._runner = None
            await finished(asyncio.to_thread(runner.stop))
            await finished(asyncio.to_thread(views.close))

    def _hint(self) -> None:
        hints.give(self._shared)
