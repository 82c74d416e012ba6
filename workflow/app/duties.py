"""What the roles of a process come to: each duty is done by one process at a time, where several share a log."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from workflow.app.parts import Parts
from workflow.store.postgres.lease import Lease, while_held

Work = Callable[[], Awaitable[None]]
"""Goes on until it is cancelled, and ends then what it has begun; may be begun anew after that."""


class Duties:
    """The duties of one process, begun one by one and cancelled with its parts.

    ``dsn`` names the database that others share; without one nobody does, and nobody is asked.
    """

    def __init__(self, parts: Parts, dsn: str | None) -> None:
        self._parts = parts
        self._dsn = dsn
        self._settled: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.at_work: set[str] = set()
        """Those that this process does at present; of the others it stands by."""
        self.troubles: dict[str, str] = {}
        """Why it is not known whether another does one."""

    def keep(self, name: str, work: Work, wanted: Callable[[], bool] = lambda: True) -> None:
        """Do it from now on, or stand by; stand by also as long as it is not ``wanted`` of this process."""

        async def at_work() -> None:
            self.at_work.add(name)
            try:
                await work()
            finally:
                self.at_work.discard(name)

        def tell(trouble: str | None) -> None:
            if name not in self.at_work:
                self.settle(name)
            if trouble is None:
                self.troubles.pop(name, None)
            else:
                self.troubles[name] = trouble

        self._settled[name].clear()
        if self._dsn is None:
            self._parts.keep(at_work(), name)
        else:
            self._parts.keep(while_held(Lease(self._dsn, name), at_work, tell, wanted), name)

    def settle(self, name: str) -> None:
        """It has begun; or another process does it."""
        self._settled[name].set()

    async def settled(self, name: str) -> None:
        """Wait until it has begun, or is known to be another's."""
        await self._settled[name].wait()
