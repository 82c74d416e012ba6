"""``given(...).when(...).then(...)``: the domain's tests read as its sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import Decision, decide
from workflow.aggregates.evolve import replay
from workflow.aggregates.policy import Policy, PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.sealed import Sealed
from workflow.errors import Refused

E = TypeVar("E", bound=e.Event)
DAY_ZERO = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAIR = UUID("5b1f0c3e-0000-4000-8000-000000000001")
MENTOR, MENTEE, COORDINATOR = (uuid5(PAIR, name) for name in ("mentor", "mentee", "coordinator"))
AS_MENTOR = c.Actor(MENTOR, e.Role.MENTOR)
AS_MENTEE = c.Actor(MENTEE, e.Role.MENTEE)
AS_COORDINATOR = c.Actor(COORDINATOR, e.Role.COORDINATOR)
DEFAULT = PolicyInForce(version=1, policy=Policy())


def day(number: float, hour: float = 0) -> datetime:
    """So many days (and hours) after the opening."""
    return DAY_ZERO + timedelta(days=number, hours=hour)


def policy(**sections: dict[str, object]) -> PolicyInForce:
    """The default policy with some sections changed."""
    return PolicyInForce(version=1, policy=Policy.model_validate(sections))


class Story:
    """One relationship, told command by command."""

    def __init__(self, in_force: PolicyInForce = DEFAULT) -> None:
        self.in_force = in_force
        self.state: Relationship | None = None
        self.events: list[e.Event] = []
        self.latest: Decision | None = None
        self.refusal: Refused | None = None
        self.now = DAY_ZERO

    def decide(self, command: c.Command, now: datetime | None = None) -> Decision:
        """Decide and record, as the store would."""
        now = command.at if now is None else now
        decision = decide(self.state, command, id=PAIR, now=now, policy=self.in_force)
        self.now = max(self.now, now)
        self.state = decision.state
        self.events.extend(decision.events)
        self.latest = decision
        return decision

    def pass_time(self, to: datetime) -> Story:
        """Let the clock ask whatever is due until then, each at its own instant."""
        while self.state is not None and self.state.dues:
            due = min(self.state.dues.values())
            if due > to:
                break
            at = min(max(due, self.now), to)
            self.decide(c.PassTime(at=at, now=at))
        return self

    def when(self, *commands: c.Command, now: datetime | None = None) -> Story:
        """What is asked; a refusal is kept for ``then_refused``."""
        self.refusal = None
        for command in commands:
            try:
                self.decide(command, now)
            except Refused as refusal:
                self.refusal = refusal
        return self

    def then(self, *kinds: type[e.Event]) -> Story:
        """The latest decision led to exactly these kinds of events."""
        assert self.refusal is None, self.refusal
        assert self.latest is not None
        assert [type(event) for event in self.latest.events] == list(kinds)
        return self

    def then_refused(self, code: str) -> Story:
        """The latest command was refused for this reason."""
        assert self.refusal is not None
        assert self.refusal.code == code
        return self

    def then_state(self, state: str) -> Story:
        """Where the relationship stands."""
        assert self.state is not None
        assert self.state.state.value == state
        return self

    def then_concerns(self, *codes: str) -> Story:
        """The concerns that stand."""
        assert self.state is not None
        assert sorted(code.value for code, _ in self.state.concerns) == sorted(codes)
        return self

    def kinds(self) -> list[type[e.Event]]:
        """Everything that happened so far, by kind."""
        return [type(event) for event in self.events]

    def all(self, kind: type[E]) -> list[E]:
        """Every event of a kind, in order."""
        return [event for event in self.events if type(event) is kind]

    def last(self, kind: type[E]) -> E:
        """The latest event of a kind."""
        return self.all(kind)[-1]


def given(*commands: c.Command, in_force: PolicyInForce = DEFAULT) -> Story:
    """A relationship with this behind it; none of it may be refused."""
    story = Story(in_force)
    for command in commands:
        story.pass_time(command.at)
        story.decide(command)
    return story


def opened() -> c.OpenRelationship:
    """A mentor and a mentee are brought together on day zero."""
    parties = (e.Party(person=MENTOR, role=e.Role.MENTOR), e.Party(person=MENTEE, role=e.Role.MENTEE))
    return c.OpenRelationship(at=DAY_ZERO, programme="default", zone="Europe/Helsinki", parties=parties)


def agreed(cadence: float | None = None, months: int | None = None) -> tuple[c.Command, ...]:
    """Both committed, drafted and signed on day zero: the relationship is active."""
    return (
        opened(),
        c.ConfirmCommitment(at=DAY_ZERO, actor=AS_MENTOR),
        c.ConfirmCommitment(at=DAY_ZERO, actor=AS_MENTEE),
        *signed_by_both(DAY_ZERO, cadence=cadence, months=months),
    )


def signed_by_both(
    at: datetime, version: int = 1, cadence: float | None = None, months: int | None = None
) -> tuple[c.Command, ...]:
    """A version is drafted and signed at once."""
    return (
        c.DraftAgreement(at=at, actor=AS_MENTOR, cadence_days=cadence, duration_months=months),
        c.SignAgreement(at=at, actor=AS_MENTOR, version=version),
        c.SignAgreement(at=at, actor=AS_MENTEE, version=version),
    )


def booked(uid: str, start: datetime, at: datetime | None = None, sequence: int = 0) -> c.ReportScheduled:
    """An hour is booked; a day before, unless told otherwise."""
    return c.ReportScheduled(
        at=at or start - timedelta(days=1),
        uid=uid,
        source="calendar",
        message=f"{uid}-booked-{sequence}",
        sequence=sequence,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
    )


def moved(
    uid: str, start: datetime, at: datetime, sequence: int = 1, previous: str | None = None
) -> c.ReportRescheduled:
    """A meeting is moved, perhaps under a new UID."""
    return c.ReportRescheduled(
        at=at,
        uid=uid,
        source="calendar",
        message=f"{uid}-moved-{sequence}",
        sequence=sequence,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        previous_uid=previous,
    )


def cancelled(uid: str, at: datetime, sequence: int = 0) -> c.ReportCancelled:
    """A meeting is called off."""
    return c.ReportCancelled(
        at=at, uid=uid, source="calendar", message=f"{uid}-cancelled-{sequence}", sequence=sequence
    )


def held(uid: str, start: datetime, attended: Iterable[UUID] | None = None) -> c.ReportHeld:
    """An hour was held, and said so at its end."""
    return c.ReportHeld(
        at=start + timedelta(hours=1),
        uid=uid,
        source="portal",
        message=f"{uid}-held",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        attended=None if attended is None else tuple(attended),
    )


def missed(uid: str, at: datetime, by: UUID = MENTEE) -> c.ReportMissed:
    """Somebody did not come."""
    return c.ReportMissed(at=at, uid=uid, source="portal", message=f"{uid}-missed", missed_by=(by,))


def corrected(uid: str, at: datetime, outcome: e.Outcome, start: datetime | None = None) -> c.CorrectOutcome:
    """What was reported is corrected."""
    return c.CorrectOutcome(
        at=at,
        uid=uid,
        source="portal",
        message=f"{uid}-corrected-{at.isoformat()}",
        outcome=outcome,
        starts_at=start,
        ends_at=start + timedelta(hours=1) if start is not None else None,
        missed_by=(MENTEE,) if outcome is e.Outcome.MISSED else (),
    )


def measures(*names: str) -> tuple[e.Measure, ...]:
    """Measures that the mentee takes on."""
    return tuple(
        e.Measure(measure=uuid5(PAIR, name), what=Sealed(name, author=MENTEE), who=MENTEE, by_when=day(400))
        for name in names
    )


def everything(state: Relationship) -> dict[str, object]:
    """All that a state holds."""
    members: dict[str, Any] = {name: getattr(state, name) for name in Relationship.__slots__}
    calendar = members.pop("calendar")
    kept = {name: getattr(calendar, name) for name in type(calendar).__slots__}
    del kept["_lists"]  # worked out from the rest, once it is asked for
    return members | kept


def facts(state: Relationship) -> dict[str, object]:
    """All that a state holds but what counts or dates the recording of it."""
    told = {name: _without_versions(value) for name, value in everything(state).items() if name != "version"}
    return told | {"looks": [at for at, _ in state.looks]}


def _without_versions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_versions(member) for key, member in value.items()}
    if hasattr(value, "_asdict"):
        return {
            name: _without_versions(member)
            for name, member in value._asdict().items()
            if name not in ("version", "versions")
        }
    return value


def assert_replays(story: Story) -> None:
    """The state replayed from what is stored is the live one."""
    stored = [(type(event), event.model_dump_json()) for event in story.events]
    replayed = replay(PAIR, [kind.model_validate_json(written) for kind, written in stored])
    assert replayed is not None
    assert story.state is not None
    assert everything(replayed) == everything(story.state)
