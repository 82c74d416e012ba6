"""Any life: arbitrary commands at arbitrary times, and what is so of a relationship whatever it lived through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.domain.slowly import Twins
from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    COORDINATOR,
    DAY_ZERO,
    DEFAULT,
    MENTEE,
    MENTOR,
    PAIR,
    Story,
    assert_replays,
    everything,
    measures,
    opened,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.evolve import replay
from workflow.aggregates.moves import MOVES, State
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.rules import Moment, rules_of
from workflow.aggregates.rules.agenda import agenda
from workflow.aggregates.rules.since_held import since_held
from workflow.aggregates.rules.unmoved import unmoved
from workflow.aggregates.sealed import Sealed
from workflow.errors import Refused

ACTORS = st.sampled_from((AS_MENTOR, AS_MENTEE, AS_COORDINATOR, c.Actor(COORDINATOR, e.Role.MENTOR)))
FORMS = ("signed", "oral", "none")
STEPS = st.integers(-40 * 24, 20 * 24)
UIDS = st.sampled_from(("ada", "ben", "cleo"))
MEASURES = measures("call", "plan", "visit")
GOALS = tuple(uuid5(MENTEE, name) for name in ("learn", "lead"))
ANSWERS = st.builds(c.Answers, *(st.integers(1, 5) for _ in range(3)))
FEW = settings(max_examples=20, stateful_step_count=40, deadline=None)
MANY = settings(
    max_examples=2_000, stateful_step_count=100, deadline=None, suppress_health_check=list(HealthCheck)
)


class AnyLife(RuleBasedStateMachine):
    """One relationship under one policy, with a clock that only goes forward."""

    @initialize(form=st.sampled_from(FORMS))
    def open(self, form: str) -> None:
        in_force: PolicyInForce = DEFAULT if form == "signed" else policy(agreement={"form": form})
        self.story: Story = Twins(in_force)
        self.now = DAY_ZERO
        self.messages = 0
        self.story.decide(opened())

    def ask(self, command: c.Command) -> None:
        state = self.story.state
        assert state is not None
        before, version = everything(state), state.version
        with suppress(Refused):
            self.story.decide(command, now=self.now)
        assert everything(state) == before, "deciding changed the state that it was given"
        self.nothing_more_follows(self.now, passing=False)
        assert state.version == version

    def nothing_more_follows(self, at: datetime, *, passing: bool) -> None:
        """The rules, asked again without new facts, yield nothing."""
        state = self.story.state
        assert state is not None
        moment = Moment(at, at, passing, self.story.in_force.version, self.story.in_force.policy)
        assert [event for ask in rules_of(state, moment) for event in ask(state.fork(), moment)] == []

    @rule(days=st.floats(0.01, 40))
    def time_passes(self, days: float) -> None:
        """The clock visits every due on its way, in order, and each ends in an event or another agenda."""
        to = self.now + timedelta(days=days)
        story = self.story
        assert story.state is not None
        while story.state.dues and min(story.state.dues.values()) <= to:
            due = max(min(story.state.dues.values()), self.now)
            self.now = due
            story.decide(c.PassTime(at=due, now=due))
            assert not story.state.dues or min(story.state.dues.values()) > due
            assert story.latest is not None
            assert story.latest.events
            self.nothing_more_follows(due, passing=True)
        self.now = to

    @rule(actor=ACTORS)
    def confirm(self, actor: c.Actor) -> None:
        self.ask(c.ConfirmCommitment(at=self.now, actor=actor))

    @rule(actor=ACTORS, cadence=st.sampled_from((None, 7.0, 60.0)), months=st.sampled_from((None, 1, 12)))
    def draft(self, actor: c.Actor, cadence: float | None, months: int | None) -> None:
        self.ask(c.DraftAgreement(at=self.now, actor=actor, cadence_days=cadence, duration_months=months))

    @rule(actor=ACTORS, version=st.integers(1, 2))
    def sign(self, actor: c.Actor, version: int) -> None:
        self.ask(c.SignAgreement(at=self.now, actor=actor, version=version))

    @rule()
    def agree(self) -> None:
        """The usual way to an active relationship, so that what follows is reached often."""
        for actor in (AS_MENTOR, AS_MENTEE):
            self.confirm(actor)
        self.draft(AS_MENTOR, None, None)
        state = self.story.state
        assert state is not None
        if state.draft is not None:
            for actor in (AS_MENTOR, AS_MENTEE):
                self.sign(actor, state.draft.version)

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

    @rule(uid=UIDS, hours=STEPS, attended=st.sampled_from((None, (), (MENTOR,), (MENTOR, MENTEE))))
    def hold(self, uid: str, hours: int, attended: tuple[UUID, ...] | None) -> None:
        self.messages += 1
        end = self.now + timedelta(hours=hours)
        self.ask(
            c.ReportHeld(
                at=end,
                uid=uid,
                source="portal",
                message=str(self.messages),
                starts_at=end - timedelta(hours=1),
                ends_at=end,
                attended=attended,
            )
        )

    @rule(uid=UIDS, outcome=st.sampled_from(e.Outcome))
    def correct(self, uid: str, outcome: e.Outcome) -> None:
        self.messages += 1
        self.ask(
            c.CorrectOutcome(
                at=self.now, uid=uid, source="portal", message=str(self.messages), outcome=outcome
            )
        )

    @rule(actor=ACTORS)
    def declare(self, actor: c.Actor) -> None:
        self.ask(c.DeclareStagnation(at=self.now, actor=actor))

    @rule(actor=ACTORS, count=st.integers(1, 3))
    def look(self, actor: c.Actor, count: int) -> None:
        self.ask(c.HoldFreshLook(at=self.now, actor=actor, measures=MEASURES[:count]))

    @rule(actor=ACTORS, measure=st.sampled_from(MEASURES), dropped=st.booleans())
    def settle(self, actor: c.Actor, measure: e.Measure, dropped: bool) -> None:
        kind = c.DropMeasure if dropped else c.CompleteMeasure
        self.ask(kind(at=self.now, actor=actor, measure=measure.measure))

    @rule(actor=ACTORS, days=st.none() | st.floats(0.1, 70))
    def pause(self, actor: c.Actor, days: float | None) -> None:
        ends_at = None if days is None else self.now + timedelta(days=days)
        self.ask(c.Pause(at=self.now, actor=actor, ends_at=ends_at))

    @rule(actor=ACTORS)
    def resume(self, actor: c.Actor) -> None:
        self.ask(c.Resume(at=self.now, actor=actor))

    @rule(
        actor=ACTORS, goal=st.sampled_from(GOALS), what=st.sampled_from(("set", "review", "drop", "achieve"))
    )
    def aim(self, actor: c.Actor, goal: UUID, what: str) -> None:
        text = Sealed("to learn", author=MENTEE)
        match what:
            case "set":
                self.ask(c.SetGoal(at=self.now, actor=actor, goal=goal, text=text))
            case "review":
                self.ask(c.ReviewGoal(at=self.now, actor=actor, goal=goal, reached_percent=50))
            case "drop":
                self.ask(c.DropGoal(at=self.now, actor=actor, goal=goal))
            case _:
                self.ask(c.AchieveGoal(at=self.now, actor=actor, goal=goal))

    @rule(actor=ACTORS, now=ANSWERS, before=st.none() | ANSWERS)
    def check_in(self, actor: c.Actor, now: c.Answers, before: c.Answers | None) -> None:
        self.ask(c.GiveCheckIn(at=self.now, actor=actor, answers=now, previous=before))

    @rule(actor=ACTORS)
    def ask_for_help(self, actor: c.Actor) -> None:
        self.ask(c.AskForHelp(at=self.now, actor=actor))

    @rule(actor=ACTORS)
    def contact(self, actor: c.Actor) -> None:
        self.ask(c.MakeSupportContact(at=self.now, actor=actor))

    @rule(actor=ACTORS)
    def review_measures(self, actor: c.Actor) -> None:
        self.ask(c.ReviewMeasures(at=self.now, actor=actor))

    @rule(actor=ACTORS)
    def take_a_step(self, actor: c.Actor) -> None:
        self.ask(c.CompleteOnboardingStep(at=self.now, actor=actor, step="training"))

    @rule(actor=ACTORS)
    def look_back(self, actor: c.Actor) -> None:
        self.ask(c.GiveClosingFeedback(at=self.now, actor=actor, text=Sealed("well", author=MENTEE)))

    @precondition(lambda self: self.messages > 12)
    @rule(actor=ACTORS)
    def close(self, actor: c.Actor) -> None:
        self.ask(
            c.Close(
                at=self.now,
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
    def what_rules_have_kept_is_what_they_would_work_out_anew(self) -> None:
        if not hasattr(self, "story"):
            return
        kept = self.story.state
        anew = replay(PAIR, self.story.events)
        assert kept is not None
        assert anew is not None
        in_force = self.story.in_force
        moment = Moment(self.now, self.now, False, in_force.version, in_force.policy)
        assert unmoved(kept.fork(), moment) == unmoved(anew, moment)
        if kept.state is not State.CLOSURE:
            assert since_held(kept.fork(), moment) == since_held(anew, moment)
        assert agenda(kept.fork(), moment) == agenda(anew, moment)

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
                assert state.dues.keys() <= {e.DueKind.REMIND_CHECK_IN, e.DueKind.REMIND_FEEDBACK}
                assert not state.concerns


def live_many(machine: type[AnyLife], tell_next: Callable[[int], object]) -> None:
    """The long form of any life: many of them, and longer ones."""

    class Told(machine):  # type: ignore[valid-type, misc]  # a class that is handed over
        def teardown(self) -> None:
            super().teardown()
            tell_next(MANY.max_examples)

    run_state_machine_as_test(Told, settings=MANY)
