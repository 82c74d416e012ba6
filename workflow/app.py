"""The composition root: the only place that constructs things and knows how they hang together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection

from workflow.aggregates.policy import Policy, parse_policy
from workflow.clocks import Clock, RealClock, SimulatedClock
from workflow.consumers.commands import Commands
from workflow.consumers.resolving import Resolver
from workflow.errors import Conflict, Invalid
from workflow.folder import Folder
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.runner import Runner
from workflow.projections.verify import Verified, verify
from workflow.projections.views import Views
from workflow.settings import ClockKind, Settings, read_secret
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.ledger import Ledger
from workflow.store.master import load_master_key
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

T = TypeVar("T")


class Service:
    """The parts of one service over one folder, made but not yet at work."""

    def __init__(self, settings: Settings, folder: Folder) -> None:
        self.settings = settings
        self.folder = folder
        self.version = installed_version()
        self.token = _token(settings)
        self.new_id: Callable[[], UUID] = uuid4
        master_key = load_master_key(settings.master_key_file or folder.master_key)
        self.keys = KeyStore(folder.keys, master_key)
        self.store = EventStore(folder.events, self.keys)
        self.clock = self._clock()
        self.writer = Writer(self.store, self.clock, new_id=self.new_id)
        self.views = Views(folder.views, PROJECTIONS)
        self.runner = Runner(self.views, self.store.read, self.store.head)
        self.writer.on_commit(lambda _: self.runner.wake())
        self.resolver = Resolver(Identities(master_key))
        self.commands = Commands(master_key, self.resolver)

    # --- at work ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Set the writer and the projections to work, and see that the programme is open."""
        self.writer.start()
        self.writer.submit(self._open_programme, urgent=True).result()
        self.runner.start()

    def stop(self) -> None:
        """Finish what was begun, the writer first, and let go of every file."""
        self.writer.stop()
        self.runner.stop()
        self.views.close()
        self.store.close()
        self.keys.close()

    def _open_programme(self, tx: Transaction) -> None:
        """At first start, or where a policy is given. One once adopted is not undone by silence."""
        settings = self.settings
        if isinstance(self.clock, SimulatedClock):
            tx.ledger.set_simulated_instant(self.clock.now())
        if settings.policy is not None or tx.programme(settings.programme) is None:
            policy = read_policy(settings)
            tx.open_programme(
                settings.programme, settings.zone, policy, Origin(correlation_id=tx.new_id().hex)
            )

    def _clock(self) -> Clock:
        """The clock that the folder was begun with; the other kind would tear its log's times apart."""
        with self.store.ledger() as ledger:
            instant = ledger.simulated_instant()
        begun = self.store.head() > 0
        if self.settings.clock is ClockKind.SIMULATED:
            if begun and instant is None:
                raise Conflict(
                    "this folder was begun with the real clock and stays with it", code="clock_differs"
                )
            return SimulatedClock(instant or self.settings.simulated_start)
        if instant is not None:
            raise Conflict(
                "this folder was begun with a simulated clock: use --clock simulated, or another folder",
                code="clock_differs",
            )
        return RealClock()

    # --- for the doors ------------------------------------------------------------------------------------

    async def folded(self, names: Collection[str], after: int | None) -> None:
        """Wait until the projections named (none named: all) have folded a position, at most 5 s."""
        if after is not None:
            await self.runner.reached(after, names or None)

    async def read(
        self, query: Callable[[Connection], T], names: Collection[str], after: int | None = None
    ) -> T:
        """What ``query`` finds in the views, once they have folded ``after``."""
        await self.folded(names, after)

        def run() -> T:
            with self.views.reading() as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """What stands beside the facts, for reading."""
        with self.store.ledger() as ledger:
            yield ledger

    def verify(self) -> Verified:
        """Fold everything anew and compare."""
        return verify(self.folder.views, PROJECTIONS, self.store.read)


@asynccontextmanager
async def offline(settings: Settings) -> AsyncIterator[Service]:
    """The service of a folder that no process holds, without its doors and its intake, caught up."""
    with Folder(settings.data) as folder:
        service = await asyncio.to_thread(Service, settings, folder)
        try:
            await asyncio.to_thread(service.start)
            await asyncio.wrap_future(service.runner.reaching(service.store.head()))
            yield service
        finally:
            await asyncio.to_thread(service.stop)


def read_policy(settings: Settings) -> Policy:
    """The policy that the settings name, else the default one."""
    if settings.policy is None:
        return Policy()
    try:
        document = settings.policy.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the policy cannot be read: {settings.policy}", code="policy_unreadable") from error
    return parse_policy(document)


def _token(settings: Settings) -> str | None:
    if settings.token_file is not None:
        return read_secret(settings.token_file, "bearer token")
    if not settings.loopback:
        raise Invalid(
            f"to listen on {settings.host}, beyond loopback, a bearer token is needed: name its file with "
            "--token-file",
            code="token_needed",
        )
    return None


def installed_version() -> str:
    """The version that is installed."""
    try:
        return version("mentoring-workflow")
    except PackageNotFoundError:
        return "0"
