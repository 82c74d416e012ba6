"""One service: its parts, how they hang together, and what sets them to work and stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from workflow.app.beginning import (
    broker_key,
    clock_of,
    installed_version,
    read_policy,
    refuse_what_is_not_whole,
)
from workflow.app.chore import Chore
from workflow.app.destructions import Destructions
from workflow.app.parts import Parts
from workflow.app.rounds import Rounds
from workflow.app.waiting import Waiting
from workflow.clocks import SimulatedClock
from workflow.consumers.clock.driver import ClockDriver
from workflow.consumers.clock.page import Due
from workflow.consumers.delivery.delivery import Delivery
from workflow.consumers.delivery.streams import Limits
from workflow.consumers.hooks.registry import installed
from workflow.consumers.hooks.taking import Hooks
from workflow.consumers.hooks.translators import Translators
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.requests.commands import Commands
from workflow.consumers.requests.identities import Naming
from workflow.consumers.requests.once import Once
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.errors import Stopped
from workflow.folder import Folder
from workflow.projections.agenda import AGENDA, due_until
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.runner import Runner
from workflow.projections.verify import Verified, verify
from workflow.projections.views import Views
from workflow.secret_files import own_secret
from workflow.settings import ClockKind, OutboundFrom, Settings
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.ids import NewIds
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.recorded import Origin
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import finished

T = TypeVar("T")

_PATIENCE = 10
_BEHIND = 1000
"""Messages that lie untaken at the broker, from which on what goes out gives way to what comes in."""
_SECOND, _HOUR = 1.0, 3600.0


class Service:
    """The parts of one service over one folder: made, and not yet at work."""

    def __init__(self, settings: Settings, folder: Folder) -> None:
        self.settings = settings
        self.folder = folder
        self._policy = read_policy(settings)  # before any file is made
        self.version = installed_version()
        self.token = settings.http_token()
        hooks = installed()
        self.translators = Translators(settings.zone, settings.hook_seconds)
        self.hooks = Hooks(hooks, settings.secrets_of_hooks(hooks), self.translators.translate)
        self.new_id: Callable[[], UUID] = NewIds()
        self.instance = uuid4()
        refuse_what_is_not_whole(settings, folder)
        master_key = load_master_key(settings.master_key_file or folder.master_key)
        self._broker_key = broker_key(master_key)
        self.keys = KeyStore(KeyFile(folder.keys), master_key)
        self.store = EventStore(SqliteFile(folder.events), self.keys)
        self.clock = clock_of(settings, self.store)
        self.writer = Writer(self.store, self.clock, new_id=self.new_id)
        self.views = Views(folder.views, PROJECTIONS, named=VIEWS)
        self.runner = Runner(self.views, self.store.read, self.store.head)
        self.writer.on_commit(lambda _: self.runner.wake())
        self.resolver = Resolver(Identities(master_key))
        self.once = Once(master_key)
        self.commands = Commands(self.once, self.resolver)
        self.naming = Naming(self.once, self.resolver)
        self.driver = ClockDriver(self.writer, self.clock, agenda=self._agenda, folded=self._folded)
        self.server: NatsServer | None = None
        self.nats_url = ""
        self.nats_token_file = settings.nats_token_file
        self.read_waits = 5.0
        """Seconds that a read waits at most for what it was asked to include."""
        self.intake: Intake | None = None
        self.publisher: Publisher | None = None
        self.delivery: Delivery | None = None
        self.waiting = Waiting(self.store, self.writer, self.resolver)
        self.draining = Chore(self.waiting.drain, "what waited cannot be worked off", every=_SECOND)
        self.expiry = Chore(self.waiting.expire, "what has waited too long cannot be parked", every=_HOUR)
        self.rounds = Rounds(self.store, self.writer)
        self.asking = Chore(
            self.rounds.go,
            "what a programme asks of all its relationships cannot be asked",
            every=_SECOND,
            left=lambda: self.rounds.left,
        )
        self.destructions = Destructions(self.store, self.keys, self.writer)
        self.destroying = Chore(
            self.destructions.run,
            "what was asked to be destroyed cannot be destroyed, or is not yet said to be",
            every=_SECOND,
            left=lambda: self.destructions.destroyer.left,
        )
        self.verifying: int | None = None
        """How far a comparison has come, where one is under way."""
        self.parts = Parts()

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What is done again and again beside intake."""
        return self.draining, self.expiry, self.destroying, self.asking

    @property
    def clock_kind(self) -> ClockKind:
        """Whose time it is."""
        return ClockKind.SIMULATED if isinstance(self.clock, SimulatedClock) else ClockKind.REAL

    # --- at work ------------------------------------------------------------------------------------------

    async def begin(self, *, serving: bool = False) -> None:
        """Set the writer and the projections to work, and see that the programme is open.

        Only what is ``serving`` clears away what an earlier run left behind. On a log that is being brought in, and not
        all of which is here, nobody serves: it can be read, and nothing is set to work that adds to it.
        """
        unfinished = await asyncio.to_thread(self.store.unfinished)
        if unfinished is not None and serving:
            raise unfinished
        await asyncio.to_thread(self.destructions.keep)
        await asyncio.to_thread(self.writer.start, sweep=serving)
        if unfinished is not None:
            self.runner.start()
            return
        await asyncio.wrap_future(self.writer.submit(self._open_programme, urgent=True))
        self.runner.start()
        self.parts.keep(self.draining.run(), "draining")
        self.parts.keep(self.destroying.run(), "destroying")
        self.parts.keep(self.asking.run(), "rounds")

    async def connect(self) -> None:
        """Start the NATS server, unless there is one elsewhere, take messages in, and tell others what happens."""
        settings = self.settings
        token = settings.nats_token()
        url = settings.nats
        if url is None:
            if token is None:
                self.nats_token_file = self.folder.nats_token
                token = own_secret(self.nats_token_file, "token of the NATS server")
            self.server = NatsServer(
                self.folder.broker,
                host=settings.nats_host,
                port=settings.nats_port,
                token=token,
                key=self._broker_key,
            )
            await self.server.start()
            url = self.server.url
        self.nats_url = url
        broker = make_broker(url, "intake", token=token)
        self.publisher = Publisher(make_broker(url, "publishing", token=token))
        self.intake = Intake(
            broker,
            self.writer,
            self.resolver,
            self.new_id,
            accepted_gap=settings.accept_gap,
            stream_bytes=settings.stream_bytes,
        )
        self.delivery = delivery = Delivery(
            make_broker(url, "delivery", token=token),
            self.store.read,
            self.writer.submit,
            Limits(settings.outbound_bytes, settings.outbound_days),
            busy=self._intake_is_behind,
        )
        # Before anything is taken in: what this run brings about goes out, also where it is the first.
        await delivery.begin(from_beginning=settings.outbound_from is OutboundFrom.BEGINNING)
        self.writer.on_commit(lambda _: delivery.wake())
        self.parts.begin(delivery.run(), "delivery")
        beginning = {
            self.parts.begin(self._begin_intake(self.intake), "intake begins"),
            self.parts.begin(self.publisher.connect(), "publishing begins"),
            self.parts.begin(delivery.begun(), "delivery begins"),
        }
        # A server elsewhere may come later than we do. What is recorded can be read meanwhile.
        await asyncio.wait(beginning, timeout=_PATIENCE)

    def _intake_is_behind(self) -> bool:
        return self.intake is not None and (self.intake.status.behind or 0) > _BEHIND

    async def _begin_intake(self, intake: Intake) -> None:
        with suppress(Stopped):  # intake itself tells of it, like of all that happens to it later
            await intake.start()

    def follow_time(self) -> None:
        """Let the real clock ask by itself. A simulated one asks when it is moved."""
        if self.clock_kind is ClockKind.REAL:
            self.parts.keep(self.driver.run(), "clock")
            self.parts.keep(self.expiry.run(), "expiry")

    async def end(self) -> None:
        """Stop from the outside in, so that nothing begun is left half done, and let go of every file.

        Who is cancelled meanwhile waits for it all the same: files must not be closed under who still reads them.
        """
        await finished(self._end())

    async def _end(self) -> None:
        async with AsyncExitStack() as stack:  # each step is taken whatever befalls the others
            for file in (self.keys, self.store, self.views):
                stack.callback(file.close)
            if self.server is not None:
                stack.push_async_callback(self.server.stop)
            stack.push_async_callback(asyncio.to_thread, self.runner.stop)
            stack.push_async_callback(asyncio.to_thread, self.writer.stop)
            if self.intake is not None:
                stack.push_async_callback(self.intake.stop)
            if self.publisher is not None:
                stack.push_async_callback(self.publisher.close)
            stack.push_async_callback(self.translators.close)
            if self.delivery is not None:
                self.delivery.stop()
                stack.push_async_callback(self.delivery.close)
            await self.parts.cancel()

    def _open_programme(self, tx: Transaction) -> None:
        """At first start, or where a policy is given. One once adopted is not undone by silence."""
        settings = self.settings
        if isinstance(self.clock, SimulatedClock):
            tx.ledger.set_simulated_instant(self.clock.now())
        if settings.policy is not None or tx.programme(settings.programme) is None:
            origin = Origin(correlation_id=tx.new_id().hex)
            tx.open_programme(settings.programme, settings.zone, self._policy, origin)

    # --- for the doors ------------------------------------------------------------------------------------

    async def folded(self, names: Collection[str], after: int | None) -> None:
        """Wait until the projections named (none named: all) have folded a position, at most 5 s."""
        if after is not None:
            await self.runner.reached(after, names or None, self.read_waits)

    async def read(
        self, query: Callable[[Connection], T], names: Collection[str], after: int | None = None
    ) -> T:
        """What ``query`` finds in the views, once they have folded ``after``."""
        await self.folded(names, after)

        def run() -> T:
            with self.views.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    async def move_clock(self, to: datetime) -> int:
        """Move the simulated clock, asking everything due on the way; the position once all is folded."""
        await self.rounds.go()
        await self.waiting.drain()
        await self.destructions.run()
        await self.driver.advance(to)
        position = await self.waiting.expire()
        await asyncio.wrap_future(self.runner.reaching(position))
        return position

    def verify(self, heed: Callable[[int], None]) -> Verified:
        """Fold everything anew and compare; ``heed`` is told how far it has come, and may end it by raising."""
        return verify(
            self.folder.views, PROJECTIONS, self.store.read, heed=heed, scratch_in=self.folder.scratch()
        )

    # --- for the clock ------------------------------------------------------------------------------------

    def _agenda(self, until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Due]:
        with self.views.reading() as connection:
            return due_until(connection, until, limit, without)

    async def _folded(self, position: int) -> None:
        await asyncio.wrap_future(self.runner.reaching(position, [AGENDA.name]))
