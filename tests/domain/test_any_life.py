"""Arbitrary commands at arbitrary times: nothing but the domain's own refusals, and replay equals life."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    COORDINATOR,
    DAY_ZERO,
    DEFAULT,
    MENTEE,
    MENTOR,
    Story,
    assert_replays,
    facts,
    measures,
    opened,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.moves import MOVES, State
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.rules import RULES, Moment
from workflow.errors import Refused

ACTORS = st.sampled_from((AS_MENTOR, AS_MENTEE, AS_COORDINATOR, c.Actor(COORDINATOR, e.Role.MENTOR)))
FORMS = ("signed", "oral", "none")
STEPS = st.integers(-40 * 24, 20 * 24)
LATE = st.just(0) | st.integers(0, 40 * 24)
UIDS = st.sampled_from(("ada", "ben", "cleo"))
MEASURES = measures("call", "plan", "visit")


class AnyLife(RuleBasedStateMachine):
    """One relationship under one policy, with a clock that only goes forward."""

    @initialize(form=st.sampled_from(FORMS))
    def open(self, form: str) -> None:
        in_force: PolicyInForce = DEFAULT if form == "signed" else policy(agreement={"form": form})
        self.story = Story(in_force)
        self.now = DAY_ZERO
        self.messages = 0
        self.story.decide(opened())

    def ask(self, command: c.Command) -> None:
        state = self.story.state
        assert state is not None
        before, version = facts(state), state.version
        with suppress(Refused):
            self.story.decide(command, now=self.now)
        assert facts(state) == before, "deciding changed the state that it was given"
        self.nothing_more_follows(self.now, passing=False)
        assert state.version == version

    def nothing_more_follows(self, at: datetime, *, passing: bool) -> None:
        """The rules, asked again without new facts, yield nothing."""
        state = self.story.state
        assert state is not None
        if state.state is not State.CLOSURE:
            moment = Moment(at, at, passing, self.story.in_force)
            assert [event for ask in RULES for event in ask(state.fork(), moment)] == []

    @rule(days=st.floats(0.01, 40), away=st.booleans())
    def time_passes(self, days: float, away: bool) -> None:
        """The clock visits every due on its way, in order, and each ends in an event or another agenda.

        One that was ``away`` visits them all at the end, and tells of each when it was due.
        """
        to = self.now + timedelta(days=days)
        story = self.story
        assert story.state is not None
        while story.state.dues and min(story.state.dues.values()) <= to:
            due = max(min(story.state.dues.values()), self.now)
            self.now = due
            story.decide(c.PassTime(at=due, now=to if away else due))
            assert not story.state.dues or min(story.state.dues.values()) > due
            assert story.latest is not None
            assert story.latest.events
            self.nothing_more_follows(due, passing=True)
        self.now = to

    def ago(self, hours: int) -> datetime:
        """What is told now may have happened earlier."""
        return self.now - timedelta(hours=hours)

    @rule(actor=ACTORS, late=LATE)
    def confirm(self, actor: c.Actor, late: int) -> None:
        self.ask(c.ConfirmCommitment(at=self.ago(late), actor=actor))

    @rule(
        actor=ACTORS,
        late=LATE,
        cadence=st.sampled_from((None, 7.0, 60.0)),
        months=st.sampled_from((None, 1, 12)),
    )
    def draft(self, actor: c.Actor, late: int, cadence: float | None, months: int | None) -> None:
        self.ask(
            c.DraftAgreement(at=self.ago(late), actor=actor, cadence_days=cadence, duration_months=months)
        )

    @rule(actor=ACTORS, late=LATE, version=st.integers(1, 2))
    def sign(self, actor: c.Actor, late: int, version: int) -> None:
        self.ask(c.SignAgreement(at=self.ago(late), actor=actor, version=version))

    @rule()
    def agree(self) -> None:
        """The usual way to an active relationship, so that what follows is reached often."""
        for actor in (AS_MENTOR, AS_MENTEE):
            self.confirm(actor, 0)
        self.draft(AS_MENTOR, 0, None, None)
        state = self.story.state
        assert state is not None
        if state.draft is not None:
            for actor in (AS_MENTOR, AS_MENTEE):
                self.sign(actor, 0, state.draft.version)

    @rule(uid=UIDS, hours=STEPS, start=STEPS, previous=st.none() | UIDS, sequence=st.integers(0, 3))
    def book(self, uid: str, hours: int, start: int, previous: str | None, sequence: int) -> None:
        starts_at = self.now + timedelta(hours=start)
        self.messages += 1
        self.ask(
            c.ReportRescheduled(
                at=self.now + timedelta(hours=hours),
                uid=uid,
                source="calendar",
                message=str(self.messages),
                sequence=sequence,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                previous_uid=previous,
            )
        )

    @rule(uid=UIDS, hours=STEPS, sequence=st.integers(0, 3))
    def cancel(self, uid: str, hours: int, sequence: int) -> None:
        self.messages += 1
        at = self.now + timedelta(hours=hours)
        self.ask(
            c.ReportCancelled(
                at=at, uid=uid, source="calendar", message=str(self.messages), sequence=sequence
            )
        )

    @rule(uid=UIDS, hours=STEPS, late=LATE, attended=st.sampled_from((None, (), (MENTOR,), (MENTOR, MENTEE))))
    def hold(self, uid: str, hours: int, late: int, attended: tuple[UUID, ...] | None) -> None:
        self.messages += 1
        end = self.now + timedelta(hours=hours)
        self.ask(
            c.ReportHeld(
                at=max(end, self.ago(late)),
                uid=uid,
                source="portal",
                message=str(self.messages),
                starts_at=end - timedelta(hours=1),
                ends_at=end,
                attended=attended,
            )
        )

    @rule(uid=UIDS, hours=STEPS)
    def miss(self, uid: str, hours: int) -> None:
        self.messages += 1
        at = self.now + timedelta(hours=hours)
        self.ask(
            c.ReportMissed(at=at, uid=uid, source="portal", message=str(self.messages), missed_by=(MENTEE,))
        )

    @rule(uid=UIDS, late=LATE, outcome=st.sampled_from(e.Outcome))
    def correct(self, uid: str, late: int, outcome: e.Outcome) -> None:
        self.messages += 1
        self.ask(
            c.CorrectOutcome(
                at=self.ago(late), uid=uid, source="portal", message=str(self.messages), outcome=outcome
            )
        )

    @rule(actor=ACTORS, late=LATE)
    def declare(self, actor: c.Actor, late: int) -> None:
        self.ask(c.DeclareStagnation(at=self.ago(late), actor=actor))

    @rule(actor=ACTORS, late=LATE, count=st.integers(1, 3))
    def look(self, actor: c.Actor, late: int, count: int) -> None:
        self.ask(c.HoldFreshLook(at=self.ago(late), actor=actor, measures=MEASURES[:count]))

    @rule(actor=ACTORS, late=LATE, measure=st.sampled_from(MEASURES), dropped=st.booleans())
    def settle(self, actor: c.Actor, late: int, measure: e.Measure, dropped: bool) -> None:
        kind = c.DropMeasure if dropped else c.CompleteMeasure
        self.ask(kind(at=self.ago(late), actor=actor, measure=measure.measure))

    @precondition(lambda self: self.messages > 12)
    @rule(actor=ACTORS, late=LATE)
    def close(self, actor: c.Actor, late: int) -> None:
        self.ask(
            c.Close(
                at=self.ago(late),
                actor=actor,
                manner=e.ClosureManner.PLANNED_HELD,
                reason=e.ClosureReason.GOALS_MET,
            )
        )

    @invariant()
    def replay_equals_life(self) -> None:
        if hasattr(self, "story"):
            assert_replays(self.story)

    @invariant()
    def states_follow_the_table(self) -> None:
        """Each state entered is the target of a move from the one before, or a revision takes one back."""
        if not hasattr(self, "story"):
            return
        allowed = {(source, target) for _, sources, target in MOVES for source in sources}
        state = State.ONBOARDING
        for event in self.story.events[1:]:
            entered = getattr(event, "entered", None)
            if entered is None:
                continue
            backwards = isinstance(event, e.MoveRevised) and (entered, state) in allowed
            assert (state, entered) in allowed or backwards
            state = entered

    @invariant()
    def nothing_is_open_after_closure(self) -> None:
        if hasattr(self, "story"):
            state = self.story.state
            assert state is not None
            if state.state is State.CLOSURE:
                assert not state.dues
                assert not state.concerns


TestAnyLife = AnyLife.TestCase
