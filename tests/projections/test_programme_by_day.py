"""How a programme stood on any day, by what is known now."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from hypothesis import given, settings

from tests.projections.any_log import log_of, logs
from tests.projections.deeds import booked, called_off, corrected, held, missed
from tests.projections.facts import (
    OTHER,
    PAIR,
    Log,
    cleared,
    closed,
    concluded,
    day,
    fold,
    onboarded,
    opened,
    raised,
    reminded,
    stagnated,
    withdrawn,
)
from tests.view_places import Fresh
from workflow.aggregates.events import ConcernCode, Event, Outcome
from workflow.aggregates.moves import State
from workflow.projections import episodes, journey, programme_by_day, relationships
from workflow.projections.programme_by_day import Day
from workflow.projections.rows.storage import Kept


def on(number: int) -> date:
    return day(number).date()


def days(fresh: Fresh, log: Log, first: int, last: int, programme: str | None = None) -> list[Day]:
    views = fold(log, fresh(), page=2)
    with views.reading() as connection:
        found = programme_by_day.by_day(connection, on(first), on(last), programme=programme)
    views.close()
    return found


def states(found: list[Day]) -> list[dict[str, int]]:
    return [{state: number for state, number in one.states.items() if number} for one in found]


def test_each_day_tells_where_relationships_stood_at_its_end(fresh: Fresh) -> None:
    log = Log(twice=True).add(opened(), onboarded(1), concluded(1), closed(4))
    log.add(opened(2), stream=OTHER)
    found = days(fresh, log, -1, 5)
    assert states(found) == [
        {},
        {"onboarding": 1},
        {"active": 1},
        {"onboarding": 1, "active": 1},
        {"onboarding": 1, "active": 1},
        {"onboarding": 1, "closure": 1},
        {"onboarding": 1, "closure": 1},
    ]
    assert [(one.opened, one.closed) for one in found] == [
        (0, 0),
        (1, 0),
        (0, 0),
        (1, 0),
        (0, 0),
        (0, 1),
        (0, 0),
    ]
    assert days(fresh, log, 3, 5) == found[4:], "what came before the first day counts"
    assert states(days(fresh, log, 3, 3, "default")) == states(found)[4:5]
    assert states(days(fresh, log, 3, 3, "another")) == [{}]


def test_a_withdrawn_stagnation_never_was_on_any_day(fresh: Fresh) -> None:
    log = Log().add(opened(), onboarded(1), concluded(2), stagnated(62))
    assert states(days(fresh, log, 63, 63)) == [{"stagnation": 1}]
    assert states(days(fresh, log.add(withdrawn(65)), 63, 63)) == [{"active": 1}]


def test_a_concern_is_open_from_since_when_it_stands_until_it_is_cleared(fresh: Fresh) -> None:
    log = Log(twice=True).add(
        opened(),
        raised(ConcernCode.SILENCE, 45),
        raised(ConcernCode.SILENCE, 44),
        cleared(ConcernCode.SILENCE, 47),
        raised(ConcernCode.STUCK, 46),
    )
    found = days(fresh, log, 43, 47)
    assert [one.concerns["silence"] for one in found] == [0, 1, 1, 1, 0]
    assert [one.concerns["stuck"] for one in found] == [0, 0, 0, 1, 1]


def test_what_happened_is_counted_on_its_day(fresh: Fresh) -> None:
    log = Log(twice=True).add(
        opened(),
        held("ada", 10),
        booked("ben", 10, at=5),
        missed("ben", 11),
        booked("cleo", 11, at=5),
        called_off("cleo", 9),
        held("dora", 11),
        corrected("dora", 13, Outcome.NONE),
        reminded(10),
    )
    found = days(fresh, log, 10, 11)
    assert [one.meetings for one in found] == [
        {"held": 1, "missed": 1, "cancelled": 0},
        {"held": 0, "missed": 0, "cancelled": 1},
    ]
    assert [one.reminders for one in found] == [1, 0]


def test_episodes_tell_how_long_concerns_stood(kept: Kept) -> None:
    log = Log(twice=True).add(
        opened(),
        raised(ConcernCode.SILENCE, 45),
        cleared(ConcernCode.SILENCE, 49),
        raised(ConcernCode.SILENCE, 90),
    )
    views = fold(log, kept, page=2)
    with views.reading() as connection:
        assert [(row["since"], row["cleared_at"]) for row in episodes.listing(connection, PAIR)] == [
            (day(45), day(49)),
            (day(90), None),
        ]
    views.close()


@settings(max_examples=60, deadline=None)
@given(history=logs())
def test_the_days_to_come_stand_as_the_relationships_do(history: list[tuple[UUID, Event]]) -> None:
    with TemporaryDirectory() as folder:
        views = fold(log_of(history), Path(folder) / "views.db")
        with views.reading() as connection:
            latest = programme_by_day.by_day(connection, on(1_000), on(1_001))
            assert latest[0].states == latest[1].states
            listed = relationships.listing(connection)
            last = [
                [stay for stay in journey.stays(connection, UUID(row["id"])) if not stay["withdrawn"]][-1]
                for row in listed
            ]
            assert latest[0].states == {state: sum(one["state"] == state for one in last) for state in State}
            for code in ConcernCode:
                assert latest[0].concerns[code.value] == sum(
                    one["code"] == code.value for row in listed for one in row["concerns"]
                )
            whole = programme_by_day.by_day(connection, on(-1), on(410))
            for one in whole:
                assert all(number >= 0 for number in (*one.states.values(), *one.concerns.values()))
                assert sum(one.states.values()) == sum(row["opened_at"].date() <= one.day for row in listed)
            assert latest[0].day - whole[0].day == timedelta(days=1_001)
            assert latest[0].states.keys() == {state.value for state in State}
        views.close()
