"""Drives a service through its plan, however often it is killed, and tells what the kills met with."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import Error as StreamError

from tests.broker import connected
from tests.end_to_end.places import Place
from tests.end_to_end.plan import Plan
from tests.end_to_end.service import PATIENCE, Died, Up
from workflow.consumers.transport.pull import CONSUMER
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, SUBJECT

AT_ONCE = 500
"""Messages that are published at once."""

_ASKED_AGAIN_AFTER = 5
"""Seconds that a broker has which may be killed meanwhile."""

ASKED_FOR = ("keys", "reminder")
"""Places that are come by through what is asked by HTTP."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One end of the service: where, at which passing, and how much of the stream it had been given.

    ``delivered`` is up to where the broker had sent messages, ``recorded`` up to where they were committed.
    """

    place: str
    delivered: int
    recorded: int

    @property
    def again(self) -> bool:
        """Whether messages that the dead process had been given were given to the next one once more."""
        return self.delivered > self.recorded


@dataclass(slots=True)
class Driver:
    """One run of a plan. ``server`` is a broker that outlives the service."""

    place: Place
    plan: Plan
    server: NatsServer
    published: int = 0
    asked: int = 0
    moved: int = 0
    _early: int = 0
    kills: list[Kill] = field(default_factory=list)
    killed_later: list[str] = field(default_factory=list)

    async def prepare(self) -> None:
        """Bring the quiet pairs to where the main part begins."""
        async with self._up() as up:
            await up.begin(self.plan.before, self._store_early)

    async def live(self, failpoint: str, *, backlog: int, requests: int) -> None:
        """One life of the service, ended at ``failpoint``. It begins with so many messages to take in."""
        await self.publish(backlog - (self.published + self.plan.early - recorded(self.place)))
        up = self._up(failpoint)
        with contextlib.suppress(Died):
            async with up:
                await self._ask_until_dead(up, requests, waits=not failpoint.startswith(ASKED_FOR))
        assert up.ended == -signal.SIGKILL, f"{failpoint} was not met: {up.ended}"
        self.kills.append(await self._killed(failpoint))

    async def take_all_in(self, broker_kills: int = 0) -> int:
        """All that is left of the main part, the broker being killed meanwhile; how many messages it stored in all."""
        async with self._up() as up:
            publishing = asyncio.create_task(self.publish(len(self.plan.messages)))
            for _ in range(broker_kills):
                await self.kill_broker()
            for request in self.plan.steps[self.asked :]:
                await up.ask(request)
            await publishing
            stored = self.plan.early + len(self.plan.messages)
            counts = await up.taken_in(stored)
            assert counts["received"] == stored == await self._stored()
        return stored

    async def take_all_in_while(
        self, disturbing: Callable[[Up], Coroutine[None, None, None]], refused: list[str]
    ) -> int:
        """All of the main part, while the service is disturbed until it is over; how many messages it stored in all.

        ``refused`` is given the codes of what had to be asked again.
        """
        async with self._up() as up:
            async with asyncio.TaskGroup() as group:
                group.create_task(disturbing(up))
                for request in self.plan.steps:
                    await up.ask(request, refused=refused)
            await self.publish(len(self.plan.messages))
            stored = self.plan.early + len(self.plan.messages)
            counts = await up.taken_in(stored)
            assert counts["received"] == stored
        return stored

    async def move_the_clock(self, *failpoints: str) -> None:
        """All that falls due after the main part: in one life more than there are ``failpoints`` to end one at."""
        for failpoint in failpoints:
            up = self._up(failpoint)
            with contextlib.suppress(Died):
                async with up:
                    await self._go_on(up)
            assert up.ended == -signal.SIGKILL, f"{failpoint} was not met: {up.ended}"
            self.killed_later.append(failpoint)
        async with self._up() as up:
            await self._go_on(up)
            verified = await up.verify()
            assert verified["equal"], verified

    async def publish(self, number: int) -> None:
        """The next messages. What a broker that fails has not stored is sent again."""
        some = self.plan.messages[self.published : self.published + max(0, number)]
        first = self.plan.early + self.published + 1
        for start in range(0, len(some), AT_ONCE):
            await self._store(some[start : start + AT_ONCE], first + start)
        self.published += len(some)

    # --- inside -------------------------------------------------------------------------------------------

    def _up(self, failpoints: str = "") -> Up:
        place = self.place
        return Up(place.data, "--nats", self.server.url, failpoints=failpoints, more=place.settings)

    async def _ask_until_dead(self, up: Up, requests: int, *, waits: bool) -> None:
        """So many requests; more where the service lives on, given some time to die of something else."""
        made = 0
        async with asyncio.timeout(PATIENCE):
            while self.asked < len(self.plan.steps):
                if waits and made >= requests and up.ended is None:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(up.gone(), 0.5)
                await up.ask(self.plan.steps[self.asked])
                self.asked += 1
                made += 1
            await up.gone()

    async def _go_on(self, up: Up) -> None:
        while self.moved < len(self.plan.after):
            await up.ask(self.plan.after[self.moved])
            self.moved += 1

    async def _store_early(self, message: bytes) -> int:
        self._early += 1
        await self._store([message], self._early)
        return self._early

    async def _store(self, messages: Sequence[bytes], first: int) -> None:
        """Publish a lot in order, to become the sequences from ``first`` on: nobody else publishes."""
        left, subject, failed = list(messages), SUBJECT.replace("*", "busy"), False
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    async with self._streams(_ASKED_AGAIN_AFTER) as streams:
                        if failed:  # some may have been stored all the same
                            last = (await streams.stream_info(STREAM)).state.last_seq
                            first, left = last + 1, left[last + 1 - first :]
                            failed = False
                        stored = await asyncio.gather(*(streams.publish(subject, one) for one in left))
                    assert [one.seq for one in stored] == list(range(first, first + len(left)))
                    return
                except (NatsError, StreamError, OSError, TimeoutError):
                    failed = True
                    await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def _streams(self, patience: int = PATIENCE) -> AsyncIterator[JetStreamContext]:
        client = await connected(self.server.url, allow_reconnect=False, connect_timeout=patience)
        try:
            yield client.jetstream(timeout=patience)
        finally:
            await client.close()

    async def _killed(self, place: str) -> Kill:
        async with self._streams() as streams:
            delivered = max(
                (
                    one.delivered.stream_seq
                    for one in await streams.consumers_info(STREAM)
                    if one.delivered is not None and one.name.startswith(CONSUMER)
                ),
                default=0,
            )
        return Kill(place, delivered, recorded(self.place))

    async def _stored(self) -> int:
        async with self._streams() as streams:
            return int((await streams.stream_info(STREAM)).state.last_seq)

    async def kill_broker(self) -> None:
        """The broker's process is killed; its keeper starts another on the same files."""
        pid = self.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while self.server.pid in (None, pid):  # noqa: ASYNC110 it tells nobody
                await asyncio.sleep(0.05)


def recorded(place: Place) -> int:
    """Up to where the stream is recorded as taken in."""
    return int(place.find("SELECT coalesce(max(position), 0) FROM upstreams")[0][0])
