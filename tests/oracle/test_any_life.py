"""Whatever a relationship lives through, the oracle comes to the concerns that the rules came to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis.stateful import invariant

from tests.domain.any_life import FEW, AnyLife, live_many
from tests.domain.story import (
    AS_MENTEE,
    AS_MENTOR,
    PAIR,
    Story,
    agreed,
    booked,
    cancelled,
    day,
    given,
    held,
    measures,
)
from tests.oracle.concerns import RECOMPUTED
from tests.oracle.oracle import recompute
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.sealed import Sealed


def line(number: int, event: e.Event, recorded_at: datetime) -> str:
    """One event as the printed log has it."""
    return json.dumps(
        {
            "position": number,
            "stream": str(PAIR),
            "version": number,
            "name": event.name,
            "recorded_at": recorded_at.isoformat(),
            "event": event.model_dump(mode="json"),
        }
    )


class AnyLifeTold(AnyLife):
    """Any life, printed and worked out anew at every step."""

    @invariant()
    def the_oracle_agrees(self) -> None:
        if not hasattr(self, "story"):
            return
        if not hasattr(self, "lines"):
            self.lines: list[str] = []
        new = self.story.events[len(self.lines) :]
        self.lines += [line(number, event, self.now) for number, event in enumerate(new, len(self.lines) + 1)]
        assert recompute(self.lines).faults == []


TestAnyLifeTold = AnyLifeTold.TestCase
TestAnyLifeTold.settings = FEW


@pytest.mark.soak
def test_many_more_lives(tell_next: Callable[[int], object]) -> None:
    live_many(AnyLifeTold, tell_next)


LOOK = c.HoldFreshLook(at=day(20), actor=AS_MENTEE, measures=measures("call", "plan"))
STORIES: dict[str, tuple[Story, datetime]] = {
    "no_first_meeting": (given(*agreed()), day(15)),
    "stuck": (given(agreed()[0]), day(22)),
    "no_support_contact": (given(*agreed()), day(23)),
    "commitment": (
        given(
            *agreed(),
            *(step for uid in ("m", "n") for step in (booked(uid, day(20)), cancelled(uid, day(19.9)))),
        ),
        day(21),
    ),
    "contradictory": (
        given(*agreed(), booked("m", day(20)), cancelled("m", day(19.5)), held("m", day(20))),
        day(21),
    ),
    "nobody_reports": (given(*agreed(), booked("m", day(16)), booked("n", day(18))), day(22)),
    "no_direction": (given(*agreed(), held("m", day(5)), held("n", day(18))), day(20)),
    "measures_overdue": (given(*agreed(), held("m", day(15)), LOOK), day(52)),
    "help_asked": (given(*agreed(), c.AskForHelp(at=day(3), actor=AS_MENTOR)), day(4)),
    "overrun": (given(*agreed(months=1), held("m", day(20))), day(35)),
}


def test_there_is_a_story_of_each_concern_that_is_recomputed() -> None:
    assert STORIES.keys() == RECOMPUTED


@pytest.mark.parametrize("code", sorted(RECOMPUTED))
def test_a_concern_that_stands_is_expected_and_a_missing_or_later_one_is_seen(code: str) -> None:
    story, until = STORIES[code]
    story.pass_time(until)
    goal = c.SetGoal(at=until, actor=AS_MENTEE, goal=PAIR, text=Sealed("to learn", author=AS_MENTEE.person))
    if code != "no_direction":
        story.decide(goal)
    story.decide(c.ConfirmCommitment(at=until, actor=AS_MENTEE))
    lines = [line(number, event, until) for number, event in enumerate(story.events, 1)]
    lines.append(
        line(len(lines) + 1, e.AgendaRevised(occurred_at=until, provenance=e.Provenance.INFERRED), until)
    )
    assert recompute(lines).faults == []
    raised = max(
        number
        for number, event in enumerate(story.events)
        if isinstance(event, e.ConcernRaised) and event.code.value == code
    )
    event = story.events[raised]
    assert isinstance(event, e.ConcernRaised)
    later = event.model_copy(update={"since": event.since + timedelta(seconds=1)})
    assert recompute([*lines[:raised], line(raised + 1, later, until), *lines[raised + 1 :]]).faults
    passed_over = e.AgendaRevised(occurred_at=until, provenance=e.Provenance.INFERRED)
    assert recompute([*lines[:raised], line(raised + 1, passed_over, until), *lines[raised + 1 :]]).faults


def test_a_reminder_that_goes_to_another_than_it_says_is_seen() -> None:
    story = given(*agreed()).pass_time(day(9))
    lines = [line(number, event, day(9)) for number, event in enumerate(story.events, 1)]
    assert recompute(lines).faults == []
    sent = next(number for number, event in enumerate(story.events) if isinstance(event, e.ReminderIssued))
    wrong = story.events[sent].model_copy(update={"audience": e.Role.COORDINATOR})
    assert recompute([*lines[:sent], line(sent + 1, wrong, day(9)), *lines[sent + 1 :]]).faults
    again = line(len(lines) + 1, story.events[sent], day(9))
    assert recompute([*lines, again]).faults
