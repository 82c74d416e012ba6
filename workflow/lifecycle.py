"""One service at work: what is started in which order, and stopped in which."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any

from workflow.app import Service
from workflow.errors import Unavailable
from workflow.folder import Address, Folder
from workflow.http_server import Http, address_of, listen
from workflow.projections.running.readers import NotYetFolded
from workflow.settings import Role, Settings

Door = Callable[[Service], Any]
"""Makes the ASGI app over a service."""

_AGAIN = 0.2
"""Seconds after which it is told again how far something has come."""


async def serve(
    settings: Settings,
    door: Door,
    announce: Callable[[Address], None],
    roles: Collection[Role] | None = None,
) -> None:
    """Run a service until it is told to stop, by SIGINT or SIGTERM; or some ``roles`` of one.

    It is stopped from the outside in: the HTTP door, intake and clock, the writer, the projections, and the
    NATS server last, so that nothing taken in is left half done. A process of some roles alone holds no folder.
    """
    settings.http_token()
    settings.nats_token()  # both asked for before anything is made
    # A core dump would hold keys and identities in clear.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        folder = Folder(settings.data)
        if roles is None:
            stack.enter_context(folder)
        # Both ports are asked for before anything is made in the folder.
        listener = stack.enter_context(listen(settings.host, settings.port))
        if settings.nats is None and settings.nats_port:
            with listen(settings.nats_host, settings.nats_port, "--nats-port"):
                pass  # the server takes it itself
        service = await asyncio.to_thread(Service, settings, folder, roles=tuple(roles or Role))
        stack.push_async_callback(service.end)
        tune_interpreter()
        await service.begin(serving=True)
        await service.connect()
        service.follow_time()
        http = Http(door(service))
        serving = asyncio.create_task(http.serve([listener]), name="http")
        stack.push_async_callback(_close, http, serving)
        # First of all: nobody at the door is to wait for a translation that has no end.
        stack.push_async_callback(service.translators.close)
        address = Address(
            instance=service.instance,
            pid=os.getpid(),
            http=address_of(listener),
            nats=service.nats_url,
            nats_token_file=str(service.nats_token_file) if service.nats_token_file else None,
            clock=service.clock_kind.value,
            data=str(folder.path),
        )
        if roles is None:
            folder.announce(address)
        announce(address)
        stopped = asyncio.create_task(stopping.wait(), name="stopping")
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


@asynccontextmanager
async def offline(
    settings: Settings, *, begun: bool = False, heed: Callable[[int, int], None] = lambda *_: None
) -> AsyncIterator[Service]:
    """The service of a folder that no process holds, without doors, intake and clock, and caught up.

    Where it is to have ``begun`` already, one whose first start failed is left as it is. While catching up takes
    long, ``heed`` is told now and then how far it has come, and where the log ends.
    """
    folder = Folder(settings.data)
    with folder if settings.database is None else nullcontext():  # others may be at a database, too
        service = await asyncio.to_thread(Service, settings, folder)
        try:
            if begun and service.store.head() == 0:
                raise folder.nothing_kept() if settings.database is None else _nothing_kept()
            await service.begin()
            for projection in service.projections.status():
                reaching = asyncio.wrap_future(
                    service.projections.reaching(projection.head, [projection.name])
                )
                try:
                    while not (await asyncio.wait({reaching}, timeout=_AGAIN))[0]:
                        heed(service.projections.position([projection.name]), projection.head)
                    with suppress(NotYetFolded):  # one that is paused can be looked at, and rebuilt
                        await reaching
                finally:
                    reaching.cancel()
            yield service
        finally:
            await service.end()


def _nothing_kept() -> Unavailable:
    return Unavailable(
        "nothing is kept in the database that MENTORING_DATABASE names; `mentoring up` begins there",
        code="folder_empty",
    )


def tune_interpreter() -> None:
    """Have garbage looked for seldom, and threads take turns often.

    States and messages are kept by the thousand and are freed without the collector, which took a fifth of
    intake's time by looking at them again and again. And an answer by HTTP takes several turns of the thread
    that gives it, while others decide and fold.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(300_000, 20, 50)
    sys.setswitchinterval(0.001)


async def _close(http: Http, serving: asyncio.Task[None]) -> None:
    """Take no more requests, and answer those that are under way."""
    http.should_exit = True
    await serving
