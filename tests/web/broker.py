"""A broker that keeps in a list what is published, and refuses from where it is told to."""

from __future__ import annotations

from collections.abc import Mapping

from workflow.errors import Unavailable


class Broker:
    """Stands for what publishes to the real one."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes, dict[str, str]]] = []
        self.refuses_from = 10**9
        self.trouble: str | None = None

    async def publish(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        if len(self.stored) >= self.refuses_from:
            raise Unavailable("the broker is away", code="not_stored")
        self.stored.append((key, body, dict(headers)))
        return len(self.stored)

    async def close(self) -> None:
        """Nothing is open."""
