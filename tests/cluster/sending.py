"""Publishers that send again until they are answered, and how what they sent is balanced."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from tests.consumers.world import World, body, scheduled
from tests.patience import PATIENCE, until
from workflow.consumers.transport.publisher import Publisher
from workflow.errors import Unavailable

Send = Callable[[bytes], Awaitable[int]]
"""Has a message stored and tells its sequence; raises where it is not known to be."""


class Senders:
    """Some that send meetings of some pairs, each its own one after the other, until they are told to stop.

    Let there be more pairs for many messages: what is decided of one looks at all of its meetings.
    """

    def __init__(self, world: World, pairs: int = 12) -> None:
        self._world = world
        self.pairs = [world.open(*_parties(number)) for number in range(pairs)]
        self.answered: dict[int, str] = {}
        """Which message was said to be stored under which sequence."""
        self._sent = 0
        self._stopping = False
        self.unanswered = 0

    @asynccontextmanager
    async def sending(self, send: Send, *, at_once: int = 12) -> AsyncIterator[None]:
        """Send for as long as this lasts, and then until all that was begun is stored."""
        self._stopping = False
        senders = [asyncio.create_task(self._go(send)) for _ in range(at_once)]
        try:
            yield
        finally:
            self._stopping = True
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*senders)

    async def reach(self, more: int) -> None:
        """Wait until so many more were stored."""
        number = len(self.answered) + more
        await until(lambda: len(self.answered) >= number)

    def balanced(self, upstream: str, stored: int) -> None:
        """Every message in the stream has one receipt, and every one that was sent came to one fact."""
        dispositions = self._world.dispositions(upstream)
        assert sorted(dispositions) == list(range(1, stored + 1))
        assert set(self.answered) <= set(dispositions), "what was answered is there"
        counts = Counter(one.value for one in dispositions.values())
        assert counts == +Counter({"applied": self._sent, "duplicate": stored - self._sent})
        facts = Counter(uid for pair in self.pairs for uid in self._uids(pair))
        assert facts == Counter(f"u{number}" for number in range(self._sent))

    def _uids(self, pair: UUID) -> list[str]:
        events = [recorded.event for recorded in self._world.store.stream(pair)]
        return [event.uid for event in events if event.name.startswith("mentoring.meeting_scheduled")]  # type: ignore[attr-defined]

    async def _go(self, send: Send) -> None:
        while not self._stopping:
            number, self._sent = self._sent, self._sent + 1
            pair = number % len(self.pairs)
            message = scheduled(f"m{number}", 10 + number % 60, uid=f"u{number}", parties=_parties(pair))
            while True:
                try:
                    self.answered[await send(body(message))] = f"m{number}"
                    break
                except Unavailable:
                    self.unanswered += 1
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.03)  # so that there is a middle to kill somebody in


def by(publisher: Publisher) -> Send:
    """As the service hands on what comes by HTTP: what it answers is stored."""

    async def send(message: bytes) -> int:
        return await publisher.publish("k", message, {})

    return send


def _parties(number: int) -> list[str]:
    return [f"email:mentor{number}@example.org", f"email:mentee{number}@example.org"]
