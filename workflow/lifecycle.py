"""One service at work: what is started in which order, and stopped in which."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn

from workflow.app import Service
from workflow.errors import Unavailable
from workflow.folder import Address, Folder
from workflow.projections.reads import NotYetFolded
from workflow.settings import Settings

Door = Callable[[Service], Any]
"""Makes the ASGI app over a service."""

OPERATIONS = "mentoring.operations"
"""The log of who had what done to the service itself. It is written whatever else is left out."""

_CLOSES_WITHIN = 10
_BACKLOG = 1024


class Http(uvicorn.Server):
    """uvicorn, with its signals left to us: they stop the whole service, in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def serve(settings: Settings, door: Door, announce: Callable[[Address], None]) -> None:
    """Run a service until it is told to stop, by SIGINT or SIGTERM.

    It is stopped from the outside in: the HTTP door, intake and clock, the writer, the projections, and the
    NATS server last, so that nothing taken in is left half done.
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
        folder = stack.enter_context(Folder(settings.data))
        listener = stack.enter_context(_listen(settings.host, settings.port))
        service = await asyncio.to_thread(Service, settings, folder)
        stack.push_async_callback(service.end)
        tune_interpreter()
        await service.begin(serving=True)
        await service.connect()
        service.follow_time()
        http = Http(
            uvicorn.Config(
                door(service),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                timeout_graceful_shutdown=_CLOSES_WITHIN,
            )
        )
        serving = asyncio.create_task(http.serve([listener]), name="http")
        stack.push_async_callback(_close, http, serving)
        address = Address(
            instance=service.instance,
            pid=os.getpid(),
            http=_address(listener),
            nats=service.nats_url,
            nats_token_file=str(service.nats_token_file) if service.nats_token_file else None,
            clock=service.clock_kind.value,
            data=str(folder.path),
        )
        folder.announce(address)
        announce(address)
        stopped = asyncio.create_task(stopping.wait(), name="stopping")
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


@asynccontextmanager
async def offline(settings: Settings) -> AsyncIterator[Service]:
    """The service of a folder that no process holds, without doors, intake and clock, and caught up."""
    with Folder(settings.data) as folder:
        service = await asyncio.to_thread(Service, settings, folder)
        try:
            await service.begin()
            for projection in service.runner.status():
                with suppress(NotYetFolded):  # one that is paused can be looked at, and rebuilt
                    await asyncio.wrap_future(service.runner.reaching(projection.head, [projection.name]))
            yield service
        finally:
            await service.end()


def tune_interpreter() -> None:
    """Have garbage looked for seldom, and threads take turns often.

    States and messages are kept by the thousand and are freed without the collector, which took a fifth of
    intake's time by looking at them again and again. And an answer by HTTP takes several turns of the thread
    that gives it, while others decide and fold.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.001)


async def _close(http: Http, serving: asyncio.Task[None]) -> None:
    """Take no more requests, and answer those that are under way."""
    http.should_exit = True
    await serving


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """The socket of the HTTP door, taken before anything is begun."""
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only for sockets that name it: without,
    # every answer comes 40 ms late.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((name, port))
            listener.listen(_BACKLOG)  # from here on who comes waits, and is not refused
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host} port {port}: {error.strerror}; name another with --port",
                code="port_in_use",
            ) from error
        listener.set_inheritable(False)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
