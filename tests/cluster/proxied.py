"""A cluster that is reached over connections which break off half-way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.cluster.cluster import Cluster
from tests.proxy import Proxy


@asynccontextmanager
async def proxied(cluster: Cluster, lasts: Callable[[], int | None]) -> AsyncIterator[list[Proxy]]:
    """A proxy before each node."""
    async with AsyncExitStack() as stack:
        proxies = [Proxy(node.port, lasts) for node in cluster.nodes]
        for proxy in proxies:
            await proxy.start()
            stack.push_async_callback(proxy.stop)
        yield proxies
