"""Somebody who does a work for as long as the lease of it is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from workflow.store.postgres.lease import Lease, while_held


class Worker:
    """Does a work for as long as it has the lease."""

    def __init__(self, database: str, name: str = "work") -> None:
        self.lease = Lease(database, name)
        self.at_work = asyncio.Event()
        self.ended = asyncio.Event()
        self.trouble: str | None = None

    async def work(self) -> None:
        self.at_work.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work.clear()
            self.ended.set()

    def tell(self, trouble: str | None) -> None:
        self.trouble = trouble

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(while_held(self.lease, self.work, self.tell))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
