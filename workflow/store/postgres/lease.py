"""The right to be the only one at a piece of work, such as delivery or a partition of intake.

It is an advisory lock of a session: whoever holds it loses it with the connection, however that ends, and the next one
has it within seconds. A holder that hangs says nothing more, and the server ends its session. It keeps two from doing
the same work twice; that nothing is written twice rests on what each commit looks at, never on a lease.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import psycopg
from psycopg import AsyncConnection

from workflow.errors import Unavailable
from workflow.logs import WORK
from workflow.store.faults import of_the_storage
from workflow.store.postgres.pool import complete

_work = logging.getLogger(WORK)

_LOOKS_AGAIN = 0.5
"""Seconds after which a lease that others hold is tried again."""
_SAYS_SO = 1.0
"""Seconds after which a holder says that it is still there, and within which the server has to hear it."""
_STANDS_BY = "stands by"
_SILENT = "8s"
"""How long a holder may say nothing: then the server gives the lease to others."""


class Lease:
    """One lease, held by one process at most; ``name`` tells which."""

    def __init__(self, dsn: str, name: str) -> None:
        self.name = name
        self._dsn = dsn
        self._key = int.from_bytes(sha256(f"mentoring/{name}".encode()).digest()[:8], signed=True)
        self._connection: AsyncConnection[Any] | None = None
        self._held = False
        self._said: str | None = None

    def say(self, standing: str) -> None:
        """Log how this process stands to it, once for as long as that is so: by that it is known who is at work."""
        if standing != self._said:
            _work.info("%s: this process %s", self.name, standing)
            self._said = standing

    async def take(self) -> bool:
        """Take it, unless another has it; whether it is held now. Never waits for the other.

        While another has it the session stays, to ask again by: a new one each time is a process of the server's.
        """
        if not self._held and self._connection is not None:
            try:
                async with asyncio.timeout(_SAYS_SO):
                    self._held = await self._tried(self._connection)
            except (psycopg.Error, TimeoutError):  # it has ended, as after a while of silence
                await self.give_back()
        if self._connection is None:
            connection = await AsyncConnection.connect(complete(self._dsn), autocommit=True)
            try:
                await connection.execute(f"SET idle_session_timeout = '{_SILENT}'")
                for name, value in (("idle", 5), ("interval", 1), ("count", 3)):
                    await connection.execute(f"SET tcp_keepalives_{name} = {value}")
                self._held = await self._tried(connection)
            except BaseException:
                await connection.close()
                raise
            self._connection = connection
        return self._held

    async def _tried(self, connection: AsyncConnection[Any]) -> bool:
        found = await connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,))
        row = await found.fetchone()
        return row is not None and bool(row[0])

    async def lost(self) -> None:
        """Say again and again that it is held, and return once it is not."""
        connection = self._connection
        while connection is not None:
            try:
                async with asyncio.timeout(_SAYS_SO):
                    await connection.execute("SELECT 1")
            except (psycopg.Error, TimeoutError):
                return
            await asyncio.sleep(_SAYS_SO)

    async def give_back(self) -> None:
        """Let others have it, and end the session."""
        self._held = False
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                await connection.close()


async def while_held(
    lease: Lease,
    work: Callable[[], Awaitable[object]],
    told: Callable[[str | None], None],
    wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Do a work whenever the lease is held, until cancelled; without it stand by.

    ``work`` is cancelled once the lease is lost, or no more ``wanted``, and ends what it has begun then; it is begun
    anew with the next one, and also where PostgreSQL failed it: no other failure is got over. ``told`` is told why the
    lease cannot be had, None where another has it or it is held.
    """
    try:
        while not await _worked(lease, work, told, wanted):  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(_LOOKS_AGAIN)
    finally:
        await lease.give_back()


async def _worked(
    lease: Lease,
    work: Callable[[], Awaitable[object]],
    told: Callable[[str | None], None],
    wanted: Callable[[], bool],
) -> bool:
    """Do it once, if the lease is to be had; whether it came to its end."""
    if not wanted():
        await lease.give_back()
        told(None)
        lease.say(_STANDS_BY)
        return False
    try:
        held = await lease.take()
    except (psycopg.Error, OSError) as error:
        told(f"PostgreSQL does not answer ({type(error).__name__})")
        return False
    told(None)
    if not held:
        lease.say(_STANDS_BY)
        return False
    lease.say("is at work")
    doing = asyncio.ensure_future(work())
    losing = asyncio.create_task(_until_lost(lease, wanted), name=f"lease {lease.name}")
    try:
        await asyncio.wait({doing, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended, lost = doing.done(), losing.done() and wanted()
        for task in (doing, losing):
            task.cancel()
        await asyncio.gather(doing, losing, return_exceptions=True)
        await lease.give_back()
        lease.say("has lost it with its connection to PostgreSQL" if lost else "has given it back")
    if not ended:
        return False
    failure = doing.exception()
    if failure is None:
        return True
    if not isinstance(failure, Unavailable) and not of_the_storage(failure):
        raise failure
    told(f"PostgreSQL does not answer ({type(failure).__name__})")
    return False


async def _until_lost(lease: Lease, wanted: Callable[[], bool]) -> None:
    losing = asyncio.ensure_future(lease.lost())
    try:
        while not losing.done() and wanted():
            await asyncio.wait({losing}, timeout=_LOOKS_AGAIN)
    finally:
        losing.cancel()
