"""Goals and measures: when, how far, whose, and how they ended."""

from __future__ import annotations

from uuid import UUID

from tests.projections.deeds import (
    HOUR,
    achieved,
    corrected,
    done,
    dropped,
    goal_dropped,
    goal_set,
    held,
    left,
    looked,
    reviewed,
)
from tests.projections.facts import (
    MENTEE,
    MENTOR,
    OTHER,
    PAIR,
    Log,
    closed,
    concluded,
    day,
    fold,
    opened,
    reinvigorated,
    stagnated,
)
from tests.view_places import Fresh
from workflow.aggregates.events import Event, Outcome
from workflow.projections import goals, measures
from workflow.projections.rows.storage import Kept
from workflow.projections.running.views import Views
from workflow.projections.tables import Row


def views_of(fresh: Fresh, *events: Event) -> Views:
    return fold(Log(twice=True).add(opened(), *events), fresh(), page=2)


def goal_rows(fresh: Fresh, *events: Event) -> list[Row]:
    views = views_of(fresh, *events)
    with views.reading() as connection:
        found = list(goals.listing(connection, PAIR))
    views.close()
    return found


def measure_rows(fresh: Fresh, *events: Event) -> list[Row]:
    views = views_of(fresh, *events)
    with views.reading() as connection:
        found = list(measures.listing(connection, PAIR))
    views.close()
    return found


def test_a_goal_tells_how_far_it_has_come_by_its_latest_review(fresh: Fresh) -> None:
    (row,) = goal_rows(
        fresh, goal_set("one", 5), reviewed("one", 40, 70), reviewed("one", 20, 30), achieved("one", 50)
    )
    assert (row["set_at"], row["reviews"], row["reviewed_at"]) == (day(5), 2, day(40))
    assert (row["reached_percent"], row["status"], row["ended_at"]) == (70, "achieved", day(50))


def test_goals_are_counted_by_what_became_of_them(fresh: Fresh) -> None:
    views = views_of(
        fresh, goal_set("one", 5), goal_set("two", 6), goal_set("three", 7), goal_dropped("two", 9)
    )
    with views.reading() as connection:
        assert goals.count_by_status(connection) == {"open": 2, "achieved": 0, "dropped": 1}
    views.close()


def test_the_meetings_held_before_a_goal_are_those_known_now(fresh: Fresh) -> None:
    (row,) = goal_rows(fresh, goal_set("one", 10), held("ada", 5), held("ben", 10 - HOUR), held("cleo", 12))
    assert row["held_before"] == 2, "the second ended as the goal was set"
    (row,) = goal_rows(fresh, goal_set("one", 10), held("ada", 5), corrected("ada", 20, Outcome.NONE))
    assert row["held_before"] == 0


def test_a_goal_by_the_second_meeting_is_of_those_that_had_two(kept: Kept) -> None:
    log = Log().add(opened(), held("ada", 5), held("ben", 15), goal_set("one", 12))
    log.add(opened(), held("ada", 5), held("ben", 15), goal_set("two", 16), stream=OTHER)
    third = UUID(int=3)
    log.add(opened(), held("ada", 5), goal_set("one", 1), closed(10), held("ben", 15), stream=third)
    views = fold(log, kept)
    with views.reading() as connection:
        assert goals.set_by_meeting(connection, 2) == (1, 2)
        assert goals.set_by_meeting(connection, 1) == (1, 3)
        assert goals.set_by_meeting(connection, 2, programme="another") == (0, 0)
    views.close()


def test_a_measure_tells_whose_it_is_and_by_when(fresh: Fresh) -> None:
    call, plan = measure_rows(
        fresh, looked(10, "call"), looked(11, "plan", who=MENTOR), done("call", 20), done("unknown", 21)
    )
    assert (call["looked_at"], call["by_when"], call["role"]) == (day(10), day(30), "mentee")
    assert (call["status"], call["settled_at"]) == ("done", day(20))
    assert (plan["role"], plan["status"], plan["settled_at"]) == ("mentor", "open", None)
    assert str(MENTOR) not in str((call, plan))


def test_a_measure_is_dropped_once_every_party_that_is_there_has(fresh: Fresh) -> None:
    one = looked(10, "call"), dropped("call", 12, MENTEE)
    assert measure_rows(fresh, *one)[0]["status"] == "open"
    (row,) = measure_rows(fresh, *one, dropped("call", 14, MENTOR))
    assert (row["status"], row["settled_at"]) == ("dropped", day(14))


def test_a_measure_that_all_who_stay_have_dropped_is_settled_when_the_last_other_leaves(
    fresh: Fresh,
) -> None:
    (row,) = measure_rows(fresh, looked(10, "call"), dropped("call", 12, MENTEE), left(13, MENTOR))
    assert (row["status"], row["settled_at"]) == ("dropped", day(13))
    (row,) = measure_rows(fresh, looked(10, "call"), left(11, MENTOR), dropped("call", 12, MENTEE))
    assert (row["status"], row["settled_at"]) == ("dropped", day(12))


def test_measures_are_told_for_each_return_from_stagnation(kept: Kept) -> None:
    log = Log().add(
        opened(),
        concluded(1),
        stagnated(62),
        looked(64, "call", "plan"),
        done("call", 70),
        reinvigorated(72),
        done("plan", 80),
    )
    log.add(opened(), concluded(1), stagnated(62), reinvigorated(70), stagnated(140), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        assert measures.before_returns(connection) == [
            {"done": 0, "dropped": 0, "returns": 1},
            {"done": 1, "dropped": 0, "returns": 1},
        ]
        assert measures.count_by_status(connection) == {"open": 0, "done": 2, "dropped": 0}
    views.close()
