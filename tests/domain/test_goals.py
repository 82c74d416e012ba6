"""Goal orientation: goals are set, reviewed, revised, achieved and dropped; not having a direction is a pitfall."""

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    agreed,
    aimed,
    corrected,
    day,
    given,
    goal,
    held,
    met,
    paused,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

NONE = "no_direction"


def reviewed(at: float, percent: int = 50, name: str = "lead", actor: c.Actor = AS_MENTEE) -> c.ReviewGoal:
    return c.ReviewGoal(at=day(at), actor=actor, goal=goal(name), reached_percent=percent, next=text())


def revised(at: float) -> c.ReviseGoal:
    return c.ReviseGoal(at=day(at), actor=AS_MENTOR, goal=goal(), text=text())


def achieved(at: float) -> c.AchieveGoal:
    return c.AchieveGoal(at=day(at), actor=AS_MENTEE, goal=goal())


def dropped(at: float) -> c.DropGoal:
    return c.DropGoal(at=day(at), actor=AS_MENTEE, goal=goal())


# --- what a pair says of its goals ------------------------------------------------------------------------


def test_a_goal_is_set_reviewed_revised_and_achieved() -> None:
    story = given(*agreed()).when(aimed(1)).then(e.GoalSet)
    story.when(reviewed(2)).then(e.GoalReviewed).when(revised(3)).then(e.GoalRevised)
    story.when(achieved(4)).then(e.GoalAchieved)
    assert story.last(e.GoalReviewed).reached_percent == 50


def test_or_dropped_and_is_then_no_longer_worked_at() -> None:
    story = given(*agreed(), aimed(1)).when(dropped(2)).then(e.GoalDropped)
    for more in (reviewed(3), revised(3), achieved(3), dropped(3)):
        story.when(more).then_refused("goal_ended")
    story = given(*agreed(), aimed(1), achieved(2))
    story.when(dropped(3)).then_refused("goal_ended")


def test_each_goal_is_set_once_and_known_before_it_is_looked_at() -> None:
    given(*agreed(), aimed(1)).when(aimed(2)).then_refused("goal_known")
    for unknown in (reviewed(1), revised(1), achieved(1), dropped(1)):
        given(*agreed()).when(unknown).then_refused("goal_unknown")


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_goal_is_reached_by_0_to_100_per_cent(percent: int) -> None:
    given(*agreed(), aimed(1)).when(reviewed(2, percent)).then_refused("percent_unknown")


@pytest.mark.parametrize("percent", [0, 100])
def test_both_included(percent: int) -> None:
    given(*agreed(), aimed(1)).when(reviewed(2, percent)).then(e.GoalReviewed)


def test_goals_are_the_pair_s_own_business() -> None:
    story = given(*agreed(), aimed(1))
    story.when(reviewed(2, actor=AS_COORDINATOR)).then_refused("not_a_party")
    story.when(c.SetGoal(at=day(2), actor=AS_COORDINATOR, goal=goal("other"), text=text()))
    story.then_refused("not_a_party")


# --- direction --------------------------------------------------------------------------------------------


def test_no_goal_by_the_2nd_held_meeting_is_a_concern() -> None:
    story = given(*agreed(), *met(15)).then_no_concern(NONE).when(*met(20)).then_concern(NONE)
    (raised,) = story.raised(NONE)
    assert raised.since == day(20, 1)
    assert [type(story.events[version - 1]) for version in raised.evidence] == [e.MeetingHeld] * 2


def test_a_goal_set_clears_it() -> None:
    given(*agreed(), *met(15, 20)).when(aimed(21)).then_no_concern(NONE)


def test_a_third_meeting_makes_it_no_newer() -> None:
    assert len(given(*agreed(), *met(15, 20, 25)).raised(NONE)) == 1


def test_no_review_for_2_held_meetings_is_one_too() -> None:
    story = given(*agreed(), aimed(1), *met(15)).then_no_concern(NONE).when(*met(20)).then_concern(NONE)
    story.when(reviewed(15)).then_concern(NONE)
    story.when(reviewed(15 + 1 / 24)).then_no_concern(NONE)


def test_or_none_for_60_days() -> None:
    story = given(*agreed(), aimed(1), *met(30)).pass_time(day(60.99)).then_no_concern(NONE)
    story.pass_time(day(61)).then_concern(NONE)
    (raised,) = story.raised(NONE)
    assert (raised.since, raised.occurred_at, raised.evidence) == (day(61), day(61), ())


def test_it_is_since_the_60_days_where_these_end_before_a_meeting_that_was_told_of_ahead() -> None:
    story = given(*agreed(), aimed(1), *met(30)).pass_time(day(56)).then_no_concern(NONE)
    story.when(held("ahead", day(62)), now=day(56)).then_concern(NONE).pass_time(day(80))
    assert [(one.since, one.occurred_at) for one in story.raised(NONE)] == [
        (day(62, 1), day(56)),
        (day(61), day(61)),
    ]
    story.when(reviewed(62, 10)).then_no_concern(NONE)


@pytest.mark.parametrize("look", [revised, achieved, dropped])
def test_every_look_at_a_goal_counts_as_one(look: object) -> None:
    assert callable(look)
    story = given(*agreed(), aimed(1), look(40), *met(45)).pass_time(day(99.9)).then_no_concern(NONE)
    story.pass_time(day(100)).then_concern(NONE)


def test_one_reported_late_does_not_make_the_latest_older() -> None:
    story = given(*agreed(), aimed(1), reviewed(40)).when(reviewed(20), now=day(41))
    story.pass_time(day(99.9)).then_no_concern(NONE).pass_time(day(100)).then_concern(NONE)


def test_whichever_comes_first() -> None:
    story = given(*agreed(), aimed(1), *met(40, 55)).then_concern(NONE).pass_time(day(70))
    assert [raised.since for raised in story.raised(NONE)] == [day(55, 1)]
    story = given(*agreed(), aimed(1), *met(50)).pass_time(day(65)).when(*met(66)).then_concern(NONE)
    assert [raised.since for raised in story.raised(NONE)] == [day(61)]


def test_a_meeting_that_was_not_held_after_all_counts_no_more() -> None:
    story = given(*agreed(), *met(15, 20)).when(corrected("met-20", day(21), e.Outcome.NONE))
    story.then_no_concern(NONE)


def test_without_any_goal_time_alone_tells_nothing() -> None:
    assert given(*agreed(), *met(15)).pass_time(day(180)).raised(NONE) == []


def test_a_pause_puts_the_review_off() -> None:
    story = (
        given(*agreed(), aimed(1), *met(5), paused(10, until=30)).pass_time(day(80.9)).then_no_concern(NONE)
    )
    story.pass_time(day(81)).then_concern(NONE)


def test_it_waits_until_it_is_not_too_early_to_tell() -> None:
    story = given(*agreed(), *met(3, 6)).pass_time(day(13.9)).then_no_concern(NONE)
    story.pass_time(day(14)).then_concern(NONE)
    assert story.raised(NONE)[0].since == day(6, 1)
