"""A way to a server that breaks off half-way: in the middle of whatever is being said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from tests.cluster.cluster import Cluster

_AT_ONCE = 1 << 16


class Proxy:
    """Hands on what both sides say to each other, until so many bytes of it were said."""

    def __init__(self, port: int, lasts: Callable[[], int | None]) -> None:
        self._port = port
        self._lasts = lasts
        self._ways: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.cuts = 0

    @property
    def url(self) -> str:
        """Where clients connect to instead."""
        assert self._server is not None
        return f"nats://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Take connections, each of which lasts for as many bytes as is said when it is made; None: for good."""
        self._server = await asyncio.start_server(self._on_connection, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Take no more connections, and end those that there are."""
        assert self._server is not None
        self._server.close()
        for way in list(self._ways):
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._ways.add(task)
        task.add_done_callback(self._ways.discard)
        left = self._lasts()
        with suppress(OSError, asyncio.CancelledError):  # a node that is not there is the client's trouble
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._port)
            budget = [left]
            pumps = [
                asyncio.create_task(self._pump(reader, to_writer, budget)),
                asyncio.create_task(self._pump(to_reader, writer, budget)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                to_writer.transport.abort()
        writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: list[int | None]
    ) -> None:
        with suppress(OSError):
            while part := await reader.read(_AT_ONCE):
                left = budget[0]
                if left is not None:
                    part, budget[0] = part[:left], max(0, left - len(part))
                writer.write(part)
                await writer.drain()
                if budget[0] == 0:
                    self.cuts += 1
                    return


@asynccontextmanager
async def proxied(cluster: Cluster, lasts: Callable[[], int | None]) -> AsyncIterator[list[Proxy]]:
    """A proxy before each node."""
    async with AsyncExitStack() as stack:
        proxies = [Proxy(node.port, lasts) for node in cluster.nodes]
        for proxy in proxies:
            await proxy.start()
            stack.push_async_callback(proxy.stop)
        yield proxies
