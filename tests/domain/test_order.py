"""The same facts in any order, doubled or not, make the same relationship."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    DAY_ZERO,
    MENTEE,
    MENTOR,
    Story,
    agreed,
    assert_replays,
    day,
    facts,
    given,
    held,
    measures,
    policy,
    signed_by_both,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

UIDS = ("ada", "ben", "cleo")
RECURRENCES = (None, day(7))
LATER = day(300)

hours = st.integers(0, 60 * 24).map(lambda hour: DAY_ZERO + timedelta(hours=hour))


@st.composite
def reports(draw: st.DrawFn) -> tuple[c.MeetingReport, ...]:
    """A history of messages about a handful of meetings, with clashing sequences, times and UIDs."""
    found: list[c.MeetingReport] = []
    for number in range(draw(st.integers(1, 9))):
        start = draw(hours)
        common: dict[str, Any] = {
            "at": draw(hours),
            "uid": draw(st.sampled_from(UIDS)),
            "recurrence_id": draw(st.sampled_from(RECURRENCES)),
            "source": draw(st.sampled_from(("calendar", "portal"))),
            "message": f"m{number}",
        }
        times: dict[str, Any] = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        attended = draw(st.sampled_from((None, (MENTOR,), (MENTEE,), (MENTOR, MENTEE), ())))
        sequence = draw(st.integers(0, 2))
        match draw(st.sampled_from(("booked", "moved", "cancelled", "held", "missed", "corrected"))):
            case "booked":
                found.append(c.ReportScheduled(**common, **times, sequence=sequence))
            case "moved":
                previous = draw(st.sampled_from((None, *UIDS)))
                found.append(c.ReportRescheduled(**common, **times, sequence=sequence, previous_uid=previous))
            case "cancelled":
                found.append(c.ReportCancelled(**common, sequence=sequence))
            case "held":
                found.append(c.ReportHeld(**common, **times, attended=attended))
            case "missed":
                found.append(c.ReportMissed(**common, missed_by=(MENTEE,)))
            case _:
                outcome = draw(st.sampled_from(e.Outcome))
                own: dict[str, Any] = times if outcome is e.Outcome.HELD else {}
                absent = (MENTOR,) if outcome is e.Outcome.MISSED else ()
                found.append(c.CorrectOutcome(**common, **own, outcome=outcome, missed_by=absent))
    return tuple(found)


def told(story: Story, messages: tuple[c.MeetingReport, ...]) -> Story:
    for message in messages:
        story.decide(message, now=LATER)
    assert_replays(story)
    return story


@drawn(st.data(), reports())
def test_order_and_repetition_do_not_matter_to_an_active_relationship(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...]
) -> None:
    in_order = told(given(*agreed()), messages)
    shuffled = data.draw(st.permutations(messages))
    doubled = told(given(*agreed()), (*shuffled, *messages))
    assert in_order.state is not None
    assert doubled.state is not None
    assert facts(doubled.state) == facts(in_order.state)


SINCE: dict[str, tuple[c.Command, ...]] = {
    "none": (),
    "none, signed": (held("ada", day(2)), *signed_by_both(day(30), months=3)),
    "none, declared": (held("ada", day(2)), c.DeclareStagnation(at=day(30), actor=AS_COORDINATOR)),
}


@drawn(st.data(), reports(), st.sampled_from(sorted(SINCE)))
def test_nor_where_the_first_held_meeting_concludes_the_agreement(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...], since: str
) -> None:
    """Whatever people have said since: that stands, and the meetings' facts are weighed beside it."""
    start = (*agreed()[:3], *SINCE[since])
    none = policy(agreement={"form": "none"})
    in_order = told(given(*start, in_force=none), messages)
    shuffled = told(given(*start, in_force=none), tuple(data.draw(st.permutations(messages))))
    assert in_order.state is not None
    assert shuffled.state is not None
    assert facts(shuffled.state) == facts(in_order.state)


@drawn(st.data(), reports(), st.booleans())
def test_nor_to_one_that_stagnates_and_comes_back(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...], declared: bool
) -> None:
    """A fresh look, a measure done and held meetings in any order: the last to arrive moves."""
    stagnating = given(*agreed())
    if declared:
        stagnating.decide(c.DeclareStagnation(at=day(10), actor=AS_COORDINATOR))
    else:
        stagnating.pass_time(day(60))
    look = c.HoldFreshLook(at=day(62), actor=AS_MENTEE, measures=measures("call", "plan"))
    done = c.CompleteMeasure(at=day(63), actor=AS_MENTEE, measure=look.measures[0].measure)
    results = []
    for order in (messages, tuple(data.draw(st.permutations(messages)))):
        story = Story()
        assert stagnating.state is not None
        story.state, story.events = stagnating.state.fork(), list(stagnating.events)
        split = data.draw(st.integers(0, len(order)))
        after = data.draw(st.integers(split, len(order)))
        for message in order[:split]:
            story.decide(message, now=LATER)
        story.decide(look, now=LATER)
        for message in order[split:after]:
            story.decide(message, now=LATER)
        story.decide(done, now=LATER)
        results.append(told(story, order[after:]))
    first, second = (result.state for result in results)
    assert first is not None
    assert second is not None
    assert facts(second) == facts(first)
