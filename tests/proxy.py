"""A way to a server that breaks off half-way: in the middle of whatever is being said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

_AT_ONCE = 1 << 16


class Proxy:
    """Hands on what both sides say to each other, until so many bytes of it were said.

    What is answered to a part of which it is said that it ``loses`` that is kept from the client, who is cut off.
    """

    def __init__(
        self,
        port: int,
        lasts: Callable[[], int | None] = lambda: None,
        *,
        loses: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        self._to = port
        self._lasts = lasts
        self._loses = loses
        self._ways: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.cuts = 0

    @property
    def port(self) -> int:
        """Where clients connect to instead."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

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

    async def cut_all(self) -> None:
        """Cut every connection that there is, wherever it stands."""
        ways = list(self._ways)
        for way in ways:
            way.cancel()
        self.cuts += len(ways)
        await asyncio.gather(*ways, return_exceptions=True)

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._ways.add(task)
        task.add_done_callback(self._ways.discard)
        left = self._lasts()
        with suppress(OSError, asyncio.CancelledError):  # a node that is not there is the client's trouble
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to)
            budget, lost = [left], asyncio.Event()
            pumps = [
                asyncio.create_task(self._pump(reader, to_writer, budget, lost, asked=True)),
                asyncio.create_task(self._pump(to_reader, writer, budget, lost, asked=False)),
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
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        budget: list[int | None],
        lost: asyncio.Event,
        *,
        asked: bool,
    ) -> None:
        with suppress(OSError):
            while part := await reader.read(_AT_ONCE):
                if asked and self._loses(part):
                    lost.set()
                if lost.is_set() and not asked:
                    self.cuts += 1
                    return
                left = budget[0]
                if left is not None:
                    part, budget[0] = part[:left], max(0, left - len(part))
                writer.write(part)
                await writer.drain()
                if budget[0] == 0:
                    self.cuts += 1
                    return
