"""One service: its parts, how they hang together, and what sets them to work and stops them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from workflow.app.beginning import (
    broker_key,
    clock_of,
    installed_version,
    read_policy,
)
from workflow.app.delivering import Delivering
from workflow.app.duties import Duties
from workflow.app.elsewhere import told
from workflow.app.keeping import Keeping
from workflow.app.notices import Notices
from workflow.app.parts import Parts
from workflow.app.projecting import Projecting
from workflow.app.taking_in import TakingIn
from workflow.app.upkeep import Upkeep, Work
from workflow.clocks import RealClock, SimulatedClock
from workflow.consumers.hooks.registry import installed
from workflow.consumers.hooks.taking import Hooks
from workflow.consumers.hooks.translators import Translators
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.requests.commands import Commands
from workflow.consumers.requests.identities import Naming
from workflow.consumers.requests.once import Once
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.folder import Folder
from workflow.projections.analytics.views import VIEWS
from workflow.projections.aside.aside import Processes, processors
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.follower import Follower
from workflow.projections.running.loop import Loop
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import Verified, verify
from workflow.projections.running.views import Views
from workflow.secret_files import own_secret
from workflow.settings import ClockKind, Role, Settings
from workflow.store.identities import Identities
from workflow.store.ids import NewIds
from workflow.store.postgres import hints
from workflow.store.postgres.board import Board
from workflow.store.postgres.clock import DatabaseClock
from workflow.store.postgres.requests import Requests
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import finished

T = TypeVar("T")

_PATIENCE = 10


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
        self._shared = shared = keeping.shared(self.store)
        self.clock = clock_of(
            settings, self.store, RealClock if shared is None else partial(DatabaseClock, shared)
        )
        self.writer = Writer(self.store, self.clock, new_id=self.new_id)
        self._views_kept = keeping.views
        self.views = self._views()
        self.projections: Loop = (
            Runner(self.views, self.store.read, self.store.head, stored=self.store)
            if shared is None
            else Follower(self.views, self.store.head, Requests(shared))
        )
        self.projecting = None if shared is None else Projecting(self._views, self.store, shared)
        """Where processes share the facts, one of them folds for all."""
        self.writer.on_commit(lambda _: self._wake())
        self.resolver = Resolver(Identities(master_key))
        self.once = Once(master_key)
        self.commands = Commands(self.once, self.resolver)
        self.naming = Naming(self.once, self.resolver)
        self.server: NatsServer | None = None
        self.nats_url = ""
        self.nats_token_file = settings.nats_token_file
        self.read_waits = 5.0
        """Seconds that a read waits at most for what it was asked to include."""
        self.taking_in = TakingIn(settings, self.writer, self.resolver, self.new_id, self._sharing)
        self.delivering = Delivering(settings, self.store, self.writer, self.taking_in.behind)
        self.publisher: Publisher | None = None
        self.upkeep = Upkeep(
            self.store, self.keys, self.writer, self.clock, self.resolver, self.views, self.projections
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

    def _views(self) -> Views:
        return Views(self._views_kept, PROJECTIONS, named=VIEWS, processes=Processes(processors()))

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
        await asyncio.to_thread(self.upkeep.destructions.keep)
        await asyncio.to_thread(self.writer.start, sweep=serving)
        if unfinished is not None:
            self.projections.start()
            return
        await asyncio.wrap_future(self.writer.submit(self._open_programme, urgent=True))
        self.projections.start()
        if self._dsn is None:
            self._keep(self.upkeep.of_what_is_left())
            return
        self.parts.keep(hints.follow(self._dsn, self._wake), "hints")
        if isinstance(self.clock, DatabaseClock):
            self.parts.keep(self.clock.follow(), "time")
        if serving and self.notices is not None:
            self.parts.keep(self.notices.run(), "notices")
        if self.projecting is not None and Role.PROJECT in self.roles:
            self.duties.keep("projections", self.projecting.run)

    def _wake(self) -> None:
        """Something was committed or folded, here or elsewhere."""
        self.projections.wake()
        if self.projecting is not None:
            self.projecting.wake()
        self.delivering.wake()

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
        connections = partial(make_broker, url, token=token)
        await self.delivering.ready()
        begun: list[str] = []
        if Role.DELIVER in self.roles:
            name = "delivery"
            self.duties.keep(
                name, partial(self.delivering.run, connections, partial(self.duties.settle, name))
            )
            begun.append(name)
        if Role.INTAKE in self.roles:
            for part in self.taking_in.partitions:
                name = f"intake {part.number}"
                work = partial(self.taking_in.run, part, connections, partial(self.duties.settle, name))
                self.duties.keep(name, work, partial(self.taking_in.wanted, part))
                begun.append(name)
        beginning = {self.parts.begin(self.duties.settled(name), f"{name} begins") for name in begun}
        if Role.API in self.roles:
            self.publisher = Publisher(connections("publishing"))
            beginning.add(self.parts.begin(self.publisher.connect(), "publishing begins"))
        # A server elsewhere may come later than we do. What is recorded can be read meanwhile.
        if beginning:
            await asyncio.wait(beginning, timeout=_PATIENCE)

    def _sharing(self) -> int:
        """How many processes take messages in, this one included."""
        elsewhere = () if self.notices is None else self.notices.of_all
        return len({one.instance for one in elsewhere if one.role == Role.INTAKE} | {self.instance})

    def follow_time(self) -> None:
        """Let the real clock ask by itself. A simulated one asks when it is moved."""
        if self._dsn is None:
            self._keep(self.upkeep.of_time())
        elif Role.CLOCK in self.roles:
            self.duties.keep("clock", self.upkeep.run)

    def _keep(self, works: Work) -> None:
        for name, work in works.items():
            self.parts.keep(work, name)

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
            stack.push_async_callback(asyncio.to_thread, self.projections.stop)
            stack.push_async_callback(asyncio.to_thread, self.writer.stop)
            if self.publisher is not None:
                stack.push_async_callback(self.publisher.close)
            stack.push_async_callback(self.translators.close)
            self.delivering.stop()
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
            await self.projections.reached(after, names or None, self.read_waits)

    async def read(
        self, query: Callable[[Connection], T], names: Collection[str], after: int | None = None
    ) -> T:
        """What ``query`` finds in the views, once they have folded ``after``."""
        await self.folded(names, after)

        def run() -> T:
            with self.views.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    def verify(self, heed: Callable[[int], None]) -> Verified:
        """Fold everything anew and compare; ``heed`` is told how far it has come, and may end it by raising."""
        scratch = self.folder.scratch() if self._shared is None else None
        by = Processes(processors())
        return verify(self._views_kept, PROJECTIONS, self.store, heed=heed, scratch_in=scratch, processes=by)
