"""Whatever a relationship lives through, its rows agree with it and with each other at every step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis.stateful import invariant

from tests.domain.any_life import FEW, AnyLife, live_many
from tests.domain.story import AS_COORDINATOR, PAIR, Story, agreed, corrected, day, given, held, policy
from tests.projections.any_log import logs
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.moves import Move, State
from workflow.aggregates.rules.measures import settled_at
from workflow.projections.agreements import AGREEMENTS
from workflow.projections.goals import GOALS
from workflow.projections.journey import JOURNEY
from workflow.projections.measures import MEASURES
from workflow.projections.meetings_fold import MEETINGS
from workflow.projections.projection import Document, fold, heeded
from workflow.projections.relationships import RELATIONSHIPS
from workflow.projections.tables import Row
from workflow.store.instants import stored
from workflow.store.recorded import Metadata, Recorded


class Rows:
    """The rows of one relationship, kept up with its events."""

    def __init__(self) -> None:
        self.relationship: Document = []
        self.journey: Document = []
        self.agreement: Document = []
        self.meetings: Document = []
        self.goals: Document = []
        self.measures: Document = []
        self.documents = (
            (RELATIONSHIPS, self.relationship),
            (JOURNEY, self.journey),
            (AGREEMENTS, self.agreement),
            (MEETINGS, self.meetings),
            (GOALS, self.goals),
            (MEASURES, self.measures),
        )
        self.position = 0

    def follow(self, events: list[e.Event]) -> None:
        """Fold what is new."""
        page = [
            Recorded(number, PAIR, number, event, _metadata(number, event))
            for number, event in enumerate(events, 1)
        ]
        projections = [projection for projection, _ in self.documents]
        heed = heeded(projections, page, [self.position] * len(projections))
        for (projection, document), new in zip(self.documents, heed, strict=True):
            fold(projection, new, {str(PAIR): document})
        self.position = len(page)

    @property
    def standing(self) -> list[Row]:
        """The stays that were not withdrawn."""
        return [stay for stay in self.journey if not stay["withdrawn"]]


def _metadata(number: int, event: e.Event) -> Metadata:
    return Metadata(event_id=UUID(int=number), recorded_at=event.occurred_at, correlation_id="c")


def assert_joined(standing: list[Row]) -> None:
    """The stays follow one on another, and none ends before it began."""
    for stay, following in pairwise(standing):
        assert stay["left_at"] == following["entered_at"]
        assert stay["entered_at"] <= stay["left_at"]
    assert standing[-1]["left_at"] is None


def assert_agrees(rows: Rows, story: Story) -> None:
    """The rows say what the relationship's own state says."""
    state = story.state
    assert state is not None
    (row,) = rows.relationship
    standing = rows.standing
    assert_joined(standing)
    assert row["state"] == standing[-1]["state"] == state.state.value
    counts = {move: sum(stay["move"] == move for stay in standing) for move in Move}
    assert row["stagnations"] == counts[Move.STAGNATE]
    assert row["reinvigorations"] == counts[Move.REINVIGORATE]
    assert row["stagnations_withdrawn"] == sum(
        bool(stay["withdrawn"]) and stay["move"] == Move.STAGNATE for stay in rows.journey
    )
    assert row["active_since"] == (None if state.active_since is None else stored(state.active_since))
    suspicion = state.suspicion
    suspected = suspicion is not None and not suspicion.cleared and state.state is not State.CLOSURE
    assert row["suspected_since"] == (stored(suspicion.since) if suspicion and suspected else None)


def assert_deeds_agree(rows: Rows, story: Story) -> None:
    """What is agreed, what became of meetings, goals and measures."""
    state = story.state
    assert state is not None
    (agreement,) = map(AGREEMENTS.kept, rows.agreement)
    terms = state.agreement
    assert (agreement["version"], agreement["cadence_days"]) == (
        (None, None) if terms is None else (terms.version, terms.cadence_days)
    )
    assert agreement["term_ends_at"] == (None if terms is None else stored(terms.term_ends_at))
    assert (agreement["signed"], agreement["parties"]) == (len(state.signed), len(state.parties))
    assert {
        (row["subject"], row["status"], row["starts_at"])
        for row in map(MEETINGS.kept, rows.meetings)
        if row["starts_at"] is not None
    } == {
        (one.subject, one.status.value, stored(one.starts_at))
        for one in state.calendar.meetings()
        if one.starts_at is not None
    }
    assert {(row["goal"], row["status"] == "open") for row in rows.goals} == {
        (str(id), goal.open) for id, goal in state.goals.items()
    }
    settled = {str(id): settled_at(state, measure) for id, measure in state.measures.items()}
    assert {row["measure"]: row["settled_at"] for row in rows.measures if row["measure"]} == {
        id: None if at is None else stored(at) for id, at in settled.items()
    }


class AnyLifeShown(AnyLife):
    """Any life, with its rows kept up event by event."""

    @invariant()
    def rows_agree(self) -> None:
        if not hasattr(self, "story"):
            return
        if not hasattr(self, "rows"):
            self.rows = Rows()
        self.rows.follow(self.story.events)
        assert_agrees(self.rows, self.story)
        assert_deeds_agree(self.rows, self.story)


TestAnyLifeShown = AnyLifeShown.TestCase
TestAnyLifeShown.settings = FEW


@pytest.mark.soak
def test_many_more_lives(tell_next: Callable[[int], object]) -> None:
    live_many(AnyLifeShown, tell_next)


@drawn(logs())
def test_stays_are_joined_whatever_is_recorded(history: list[tuple[UUID, e.Event]]) -> None:
    for relationship in {stream for stream, _ in history}:
        rows = Rows()
        rows.follow([event for stream, event in history if stream == relationship])
        assert_joined(rows.standing)
        assert [stay["number"] for stay in rows.journey] == list(range(1, len(rows.journey) + 1))


@pytest.mark.parametrize("number", [22, 31, 60])
def test_a_beginning_that_overtakes_a_stagnation_pushes_it_on(number: int) -> None:
    """The first meeting never was; the second, after stagnation was declared, is the first now."""
    none = policy(agreement={"form": "none"})
    declared = c.DeclareStagnation(at=day(20), actor=AS_COORDINATOR)
    story = given(*agreed()[:3], held("m", day(10)), declared, in_force=none)
    story.when(held("n", day(number)), corrected("m", day(number), e.Outcome.NONE))
    rows = Rows()
    rows.follow(story.events)
    assert_agrees(rows, story)
    assert story.state is not None
    active = next(stay for stay in rows.standing if stay["state"] == "active")
    assert active["entered_at"] == active["left_at"] == stored(story.state.active_since or day(0))


def test_nothing_is_suspected_of_what_is_closed() -> None:
    closing = c.Close(
        at=day(50),
        actor=AS_COORDINATOR,
        manner=e.ClosureManner.ADMINISTRATIVE,
        reason=e.ClosureReason.MISMATCH,
    )
    story = given(*agreed()).pass_time(day(46)).when(closing)
    rows = Rows()
    rows.follow(story.events[: story.kinds().index(e.Closed)])
    assert rows.relationship[0]["suspected_since"] is not None
    rows.follow(story.events)
    assert_agrees(rows, story)
