"""What a service begins with: its version, its policy, and the clock that its log keeps to."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from workflow.aggregates.policy import Policy, parse_policy
from workflow.clocks import Clock, SimulatedClock
from workflow.errors import Conflict, Invalid
from workflow.settings import ClockKind, Settings
from workflow.store.event_store import EventStore
from workflow.store.master import derive


def broker_key(master_key: bytes) -> bytes:
    """What our own NATS server's files are encrypted with."""
    return derive(master_key, "broker")


def read_policy(settings: Settings) -> Policy:
    """The policy that the settings name, else the default one."""
    if settings.policy is None:
        return Policy()
    try:
        document = settings.policy.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the policy cannot be read: {settings.policy}", code="policy_unreadable") from error
    return parse_policy(document)


def installed_version() -> str:
    """The version that is installed."""
    try:
        return version("mentoring-workflow")
    except PackageNotFoundError:
        return "0"


def clock_of(settings: Settings, store: EventStore, real: Callable[[], Clock]) -> Clock:
    """The clock that the folder was begun with; another kind would tear its log's times apart."""
    with store.ledger() as ledger:
        instant = ledger.simulated_instant()
    begun = None
    if store.head() > 0:
        begun = ClockKind.REAL if instant is None else ClockKind.SIMULATED
    asked = settings.clock or begun or ClockKind.REAL
    if begun not in {None, asked}:
        raise Conflict(
            f"this folder was begun with a {begun} clock and stays with it: name another folder, or leave "
            "--clock away",
            code="clock_differs",
        )
    return SimulatedClock(instant or settings.simulated_start) if asked is ClockKind.SIMULATED else real()
