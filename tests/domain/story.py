"""``given(...).when(...).then(...)``: the domain's tests read as its sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
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
SECOND, STRANGER = (uuid5(PAIR, name) for name in ("second mentor", "stranger"))
AS_MENTOR = c.Actor(MENTOR, e.Role.MENTOR)
AS_MENTEE = c.Actor(MENTEE, e.Role.MENTEE)
AS_SECOND = c.Actor(SECOND, e.Role.MENTOR)
AS_STRANGER = c.Actor(STRANGER, e.Role.MENTOR)
AS_COORDINATOR = c.Actor(COORDINATOR, e.Role.COORDINATOR)
OF_MEETINGS = frozenset(
    {
        e.ConcernCode.COMMITMENT,
        e.ConcernCode.SILENCE,
        e.ConcernCode.CONTRADICTORY,
        e.ConcernCode.NO_FRESH_LOOK,
    }
)
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
            asked = self.decide(c.PassTime(at=at, now=at))
            assert asked.events, "every due ends in an event or in a changed agenda"
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
        """Of the concerns that meetings and their absence bring, those that stand; for others see below."""
        assert self.state is not None
        standing = sorted(code.value for code, _ in self.state.concerns if code in OF_MEETINGS)
        assert standing == sorted(codes)
        return self

    def then_concern(self, code: str) -> Story:
        """This concern stands."""
        assert self.state is not None
        assert code in {one.value for one, _ in self.state.concerns}
        return self

    def then_no_concern(self, code: str) -> Story:
        """This concern does not stand."""
        assert self.state is not None
        assert code not in {one.value for one, _ in self.state.concerns}
        return self

    def reminders(self, kind: str | None = None) -> list[tuple[str, str, datetime]]:
        """The reminders issued so far: of which kind, to whom, and when."""
        return [
            (event.kind.value, event.audience.value, event.occurred_at)
            for event in self.events
            if isinstance(event, e.ReminderIssued) and kind in (None, event.kind.value)
        ]

    def suppressed(self, kind: str) -> list[str]:
        """Why reminders of a kind were not sent."""
        return [
            event.reason.value
            for event in self.events
            if isinstance(event, e.ReminderSuppressed) and event.kind.value == kind
        ]

    def raised(self, code: str) -> list[e.ConcernRaised]:
        """How often, and how, a concern was raised or revised."""
        return [event for event in self.all(e.ConcernRaised) if event.code.value == code]

    def all(self, kind: type[E]) -> list[E]:
        """Every event of a kind, in order."""
        return [event for event in self.events if type(event) is kind]

    def kinds(self) -> list[type[e.Event]]:
        """Everything that happened so far, by kind."""
        return [type(event) for event in self.events]

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


def followed(story: Story, at: float, **sections: dict[str, object]) -> Story:
    """The programme adopts another policy, and the relationship is asked to follow it."""
    story.in_force = PolicyInForce(version=2, policy=Policy.model_validate(sections))
    return story.when(c.FollowPolicy(at=day(at)))


def opened(*more: e.Party) -> c.OpenRelationship:
    """A mentor and a mentee (and whoever else) are brought together on day zero."""
    parties = (e.Party(person=MENTOR, role=e.Role.MENTOR), e.Party(person=MENTEE, role=e.Role.MENTEE), *more)
    return c.OpenRelationship(at=DAY_ZERO, programme="default", zone="Europe/Helsinki", parties=parties)


def agreed(cadence: float | None = None, months: int | None = None) -> tuple[c.Command, ...]:
    """Both committed, drafted and signed on day zero: the relationship is active."""
    return (
        opened(),
        c.ConfirmCommitment(at=DAY_ZERO, actor=AS_MENTOR),
        c.ConfirmCommitment(at=DAY_ZERO, actor=AS_MENTEE),
        c.DraftAgreement(at=DAY_ZERO, actor=AS_MENTOR, cadence_days=cadence, duration_months=months),
        c.SignAgreement(at=DAY_ZERO, actor=AS_MENTOR, version=1),
        c.SignAgreement(at=DAY_ZERO, actor=AS_MENTEE, version=1),
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


def committed(*actors: c.Actor, at: float = 0) -> tuple[c.Command, ...]:
    """Each confirms its commitment; both parties, unless told otherwise."""
    return tuple(c.ConfirmCommitment(at=day(at), actor=actor) for actor in actors or (AS_MENTOR, AS_MENTEE))


def amended(at: float, cadence: float | None = None, months: int | None = None) -> tuple[c.Command, ...]:
    """Version 2 is drafted and signed by both."""
    return (
        c.DraftAgreement(at=day(at), actor=AS_MENTOR, cadence_days=cadence, duration_months=months),
        c.SignAgreement(at=day(at), actor=AS_MENTOR, version=2),
        c.SignAgreement(at=day(at), actor=AS_MENTEE, version=2),
    )


def met(*days: float, hour: float = 0) -> tuple[c.ReportHeld, ...]:
    """A meeting was held on each of these days."""
    return tuple(held(f"met-{number}", day(number, hour)) for number in days)


def contacted(*days: float) -> tuple[c.MakeSupportContact, ...]:
    """The coordinator spoke with the pair on each of these days."""
    return tuple(c.MakeSupportContact(at=day(number), actor=AS_COORDINATOR) for number in days)


def paused(at: float, until: float | None = None) -> c.Pause:
    """The mentee asks for a rest."""
    return c.Pause(at=day(at), actor=AS_MENTEE, ends_at=None if until is None else day(until))


def look(at: float, *names: str, by: float = 400) -> c.HoldFreshLook:
    """The pair takes a fresh look, with two measures unless told otherwise."""
    return c.HoldFreshLook(
        at=day(at), actor=AS_MENTEE, measures=measures(*(names or ("call", "plan")), by=by)
    )


def goal(name: str = "lead") -> UUID:
    """The id of a goal."""
    return uuid5(PAIR, f"goal {name}")


def aimed(at: float, name: str = "lead") -> c.SetGoal:
    """The pair sets a goal."""
    return c.SetGoal(at=day(at), actor=AS_MENTEE, goal=goal(name), text=text())


def checked_in(
    at: float, *answers: int, actor: c.Actor = AS_MENTEE, before: tuple[int, ...] = ()
) -> c.GiveCheckIn:
    """A party answers; ``before`` is what it answered last."""
    previous = c.Answers(*before) if before else None
    return c.GiveCheckIn(at=day(at), actor=actor, answers=c.Answers(*answers), previous=previous)


def closed(
    at: float,
    manner: e.ClosureManner = e.ClosureManner.PLANNED_HELD,
    reason: e.ClosureReason = e.ClosureReason.GOALS_MET,
    actor: c.Actor | None = AS_COORDINATOR,
) -> c.Close:
    """Somebody ends the relationship."""
    return c.Close(at=day(at), actor=actor, manner=manner, reason=reason)


def left(at: float, who: c.Actor = AS_SECOND, actor: c.Actor | None = None) -> c.LeaveRelationship:
    """A party leaves, by its own word unless another says so."""
    return c.LeaveRelationship(at=day(at), actor=actor or who, party=who.person)


def text(words: str = "between the two of us") -> Sealed:
    """Something that the mentee wrote."""
    return Sealed(words, author=MENTEE)


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


def measures(*names: str, by: float = 400) -> tuple[e.Measure, ...]:
    """Measures that the mentee takes on."""
    return tuple(
        e.Measure(measure=uuid5(PAIR, name), what=Sealed(name, author=MENTEE), who=MENTEE, by_when=day(by))
        for name in names
    )


def facts(state: Relationship) -> dict[str, object]:
    """What stands, whatever the order in which it became known: nothing that counts or dates the recording of it."""
    return {
        "state": state.state,
        "active_since": state.active_since,
        "agreement": state.agreement,
        "meetings": [meeting._replace(versions=()) for meeting in state.calendar.meetings()],
        "concerns": {key: concern.since for key, concern in state.concerns.items()},
        "spell": state.spell and state.spell._replace(version=0),
        "suspected": state.suspicion.since if state.suspicion and not state.suspicion.cleared else None,
        "reminded": dict(state.reminded),
        "last_reminded": dict(state.last_reminded),
        "episodes": dict(state.episodes),
        "pauses": state.pauses,
        "proposed": None if state.proposed is None else state.proposed.at,
        "dues": dict(state.dues),
    }


def everything(state: Relationship) -> dict[str, object]:
    """All that a state holds, but for what rules have worked out from the rest and kept."""
    held = set(Relationship.__slots__) - {"unmoved", "since_held", "asked", "calendar"}
    told = {name: getattr(state, name, None) for name in held}
    maps = {name: getattr(state.calendar, name) for name in ("_entries", "_groups", "_meetings")}
    told |= {name: {} if kept is None else kept.whole() for name, kept in maps.items()}
    # Copied, for who changed a mapping in place would change what was told before, too.
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in told.items()}


def assert_replays(story: Story) -> None:
    """The replayed state is the live one."""
    replayed = replay(PAIR, story.events)
    assert replayed is not None
    assert story.state is not None
    assert everything(replayed) == everything(story.state)
