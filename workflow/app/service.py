"""One service: its parts, how they hang together, and what sets them to work and stops them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from workflow.app.beginning import (
    broker_key,
    clock_of,
    installed_version,
    read_policy,
)
from workflow.app.chore import Chore
from workflow.app.destructions import Destructions
from workflow.app.duties import Duties
from workflow.app.elsewhere import told
from workflow.app.keeping import Keeping
from workflow.app.notices import Notices
from workflow.app.parts import Parts
from workflow.app.rounds import Rounds
from workflow.app.waiting import Waiting
from workflow.clocks import SimulatedClock
from workflow.consumers.clock.driver import ClockDriver
from workflow.consumers.clock.page import Due
from workflow.consumers.delivery.delivery import Delivery, begin_delivery
from workflow.consumers.delivery.streams import Limits
from workflow.consumers.hooks.registry import installed
from workflow.consumers.hooks.taking import Hooks
from workflow.consumers.hooks.translators import Translators
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.status import IntakeStatus, together
from workflow.consumers.requests.commands import Commands
from workflow.consumers.requests.identities import Naming
from workflow.consumers.requests.once import Once
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import Partition
from workflow.errors import Stopped
from workflow.folder import Folder
from workflow.projections.agenda import AGENDA, due_until
from workflow.projections.analytics.views import VIEWS
from workflow.projections.aside.aside import Processes, processors
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.follower import Follower, carry_out
from workflow.projections.runner import Runner
from workflow.projections.verify import Verified, verify
from workflow.projections.views import Views
from workflow.secret_files import own_secret
from workflow.settings import ClockKind, OutboundFrom, Role, Settings
from workflow.store.identities import Identities
from workflow.store.ids import NewIds
from workflow.store.postgres import hints
from workflow.store.postgres.board import Board
from workflow.store.postgres.requests import Requests
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import finished, in_thread

T = TypeVar("T")

_PATIENCE = 10
_BEHIND = 1000
"""Messages that lie untaken at the broker, from which on what goes out gives way to what comes in."""
_SECOND, _HOUR = 1.0, 3600.0
_LOOKS_FOR_REQUESTS = 0.2


class Service:
    """The parts of one service over one folder: made, and not yet at work."""

    def __init__(self, settings: Settings, folder: Folder, *, roles: Collection[Role] = tuple(Role)) -> None:
        self.settings = settings
        self.folder = folder
        self.roles = frozenset(roles)
        self._policy = read_policy(settings)  # before any file is made
        self.version = installed_version()
        self.token = settings.http_token()
        hooks = installed()
        self.translators = Translators(settings.zone, settings.hook_seconds)
        self.hooks = Hooks(hooks, settings.secrets_of_hooks(hooks), self.translators.translate)
        self.new_id: Callable[[], UUID] = NewIds()
        self.instance = uuid4()
        keeping = Keeping(settings, folder)
        keeping.refuse_what_is_not_whole()
        master_key, self.keys = keeping.keys()
        self._broker_key = broker_key(master_key)
        self.store = keeping.store(self.keys)
        self.clock = clock_of(settings, self.store)
        self.writer = Writer(self.store, self.clock, new_id=self.new_id)
        self._views_kept = keeping.views
        self.views = self._views()
        self._shared = shared = keeping.shared(self.store)
        self.runner = (
            Runner(self.views, self.store.read, self.store.head, stored=self.store)
            if shared is None
            else Follower(self.views, self.store.head, Requests(shared))
        )
        self.folding: Runner | None = None
        """What folds in this process, where processes share that."""
        self.writer.on_commit(lambda _: self._wake())
        self.resolver = Resolver(Identities(master_key))
        self.once = Once(master_key)
        self.commands = Commands(self.once, self.resolver)
        self.naming = Naming(self.once, self.resolver)
        self.driver = ClockDriver(self.writer, self.clock, agenda=self._agenda, folded=self._folded)
        self.server: NatsServer | None = None
        self.nats_url = ""
        self._nats_token: str | None = None
        self.nats_token_file = settings.nats_token_file
        self.read_waits = 5.0
        """Seconds that a read waits at most for what it was asked to include."""
        self.intakes: dict[int, Intake] = {}
        """Those at work, by the number of their partition."""
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
        self._dsn = keeping.dsn
        self.duties = Duties(self.parts, self._dsn)
        self.notices: Notices | None = None
        if shared is not None:
            board = Board(shared, self.instance, socket.gethostname())
            self.notices = Notices(board, lambda: told(self))

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
        if self._dsn is None:
            self.parts.keep(self.draining.run(), "draining")
            self.parts.keep(self.destroying.run(), "destroying")
            self.parts.keep(self.asking.run(), "rounds")
            return
        self.parts.keep(hints.follow(self._dsn, self._wake), "hints")
        if serving and self.notices is not None:
            self.parts.keep(self.notices.run(), "notices")
        if Role.PROJECT in self.roles:
            self.duties.keep("projections", self._project)

    def _wake(self) -> None:
        """Something was committed or folded, here or elsewhere."""
        self.runner.wake()
        if self.folding is not None:
            self.folding.wake()
        if self.delivery is not None:
            self.delivery.wake()

    async def _project(self) -> None:
        """Fold, and do what the doors of all processes ask of whoever folds."""
        assert self._shared is not None
        requests, begun = Requests(self._shared), dict[int, Future[Any]]()
        views = await asyncio.to_thread(self._views)
        store = self.store
        self.folding = runner = Runner(views, store.read, store.head, written=self._folded_some, stored=store)
        runner.start()
        try:
            while True:
                await in_thread(carry_out, runner, requests, begun)
                await asyncio.sleep(_LOOKS_FOR_REQUESTS)
        finally:
            self.folding = None
            await finished(asyncio.to_thread(runner.stop))
            await finished(asyncio.to_thread(views.close))

    def _views(self) -> Views:
        return Views(self._views_kept, PROJECTIONS, named=VIEWS, processes=Processes(processors()))

    def _folded_some(self) -> None:
        assert self._shared is not None
        hints.give(self._shared)

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
        self.nats_url, self._nats_token = url, token
        await asyncio.wrap_future(self.writer.submit(self._deliver_from, urgent=True))
        begun: list[str] = []
        if Role.DELIVER in self.roles:
            self.duties.keep("delivery", self._deliver)
            begun.append("delivery")
        if Role.INTAKE in self.roles:
            for number in range(settings.partitions):
                part = Partition(number, settings.partitions)
                name = f"intake {number}"
                self.duties.keep(name, partial(self._take_in, part), partial(self._is_ours, number))
                begun.append(name)
        beginning = {self.parts.begin(self.duties.settled(name), f"{name} begins") for name in begun}
        if Role.API in self.roles:
            self.publisher = Publisher(make_broker(url, "publishing", token=token))
            beginning.add(self.parts.begin(self.publisher.connect(), "publishing begins"))
        # A server elsewhere may come later than we do. What is recorded can be read meanwhile.
        if beginning:
            await asyncio.wait(beginning, timeout=_PATIENCE)

    def _deliver_from(self, tx: Transaction) -> int:
        """Before anything is taken in: what this run brings about goes out, also where it is the first."""
        return begin_delivery(tx, from_beginning=self.settings.outbound_from is OutboundFrom.BEGINNING)

    async def _deliver(self) -> None:
        settings = self.settings
        delivery = Delivery(
            make_broker(self.nats_url, "delivery", token=self._nats_token),
            self.store.read,
            self.writer.submit,
            Limits(settings.outbound_bytes, settings.outbound_days, settings.nats_replicas),
            busy=self._intake_is_behind,
        )
        delivery.goes_on_from((await asyncio.wrap_future(self.writer.submit(self._deliver_from))).value)
        self.delivery = delivery
        running = asyncio.create_task(delivery.run(), name="delivering")
        try:
            await delivery.begun()
            self.duties.settle("delivery")
            await asyncio.Event().wait()
        finally:
            self.delivery = None  # who delivers from here on tells how far it is
            delivery.stop()
            running.cancel()
            await finished(delivery.close())

    async def _take_in(self, partition: Partition) -> None:
        settings = self.settings
        self.intakes[partition.number] = intake = Intake(
            make_broker(self.nats_url, "intake", token=self._nats_token),
            self.writer,
            self.resolver,
            self.new_id,
            accepted_gap=settings.accept_gap,
            stream_bytes=settings.stream_bytes,
            replicas=settings.nats_replicas,
            partition=partition,
        )
        try:
            with suppress(Stopped):  # intake itself tells of it, like of all that happens to it later
                await intake.start()
            self.duties.settle(f"intake {partition.number}")
            await asyncio.Event().wait()
        finally:
            await finished(intake.stop())
            del self.intakes[partition.number]

    def _is_ours(self, number: int) -> bool:
        """Whether this process is to have a partition: those that take messages in share them evenly."""
        if self.notices is None:
            return True
        sharing = {one.instance for one in self.notices.of_all if one.role == Role.INTAKE} | {self.instance}
        fair = -(-self.settings.partitions // len(sharing))
        return len(self.intakes) <= fair if number in self.intakes else len(self.intakes) < fair

    def _intake_is_behind(self) -> bool:
        return any((intake.status.behind or 0) > _BEHIND for intake in self.intakes.values())

    @property
    def intake_status(self) -> IntakeStatus | None:
        """How intake stands, in all partitions that this process has; None where it has none."""
        return together([intake.status for _, intake in sorted(self.intakes.items())])

    def follow_time(self) -> None:
        """Let the real clock ask by itself. A simulated one asks when it is moved."""
        if self._dsn is not None:
            if Role.CLOCK in self.roles:
                self.duties.keep("clock", self._keep_time)
        elif self.clock_kind is ClockKind.REAL:
            self.parts.keep(self.driver.run(), "clock")
            self.parts.keep(self.expiry.run(), "expiry")

    async def _keep_time(self) -> None:
        works = [chore.run() for chore in (self.draining, self.destroying, self.asking)]
        if self.clock_kind is ClockKind.REAL:
            works += [self.driver.run(), self.expiry.run()]
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)

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
            if self.publisher is not None:
                stack.push_async_callback(self.publisher.close)
            stack.push_async_callback(self.translators.close)
            if self.delivery is not None:
                self.delivery.stop()
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
        scratch = self.folder.scratch() if self._shared is None else None
        return verify(self._views_kept, PROJECTIONS, self.store.read, heed=heed, scratch_in=scratch)

    # --- for the clock ------------------------------------------------------------------------------------

    def _agenda(self, until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Due]:
        with self.views.reading() as connection:
            return due_until(connection, until, limit, without)

    async def _folded(self, position: int) -> None:
        await asyncio.wrap_future(self.runner.reaching(position, [AGENDA.name]))
