"""What the row of a relationship shows, event by event."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.dialects import sqlite

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
    reinvigorated,
    reminded,
    revised,
    stagnated,
    suspected,
    suspicion_cleared,
    withdrawn,
)
from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.moves import Move, State
from workflow.projections import relationships, today
from workflow.projections.rows.storage import Kept


@pytest.fixture
def row(kept: Kept) -> Any:
    def folded(*events: Event) -> Any:
        views = fold(Log(twice=True).add(*events), kept)
        with views.reading() as connection:
            found = relationships.one(connection, PAIR)
        views.close()
        return found

    return folded


def test_an_opened_relationship_has_its_parties_counted_and_nothing_else(row: Any) -> None:
    found = row(opened())
    assert found["programme"] == "default"
    assert found["state"] == "onboarding"
    assert found["opened_at"] == day(0)
    assert (found["mentors"], found["mentees"]) == (1, 1)
    assert found["concerns"] == []
    assert found["active_since"] is None


def test_no_person_stands_in_the_row(row: Any) -> None:
    assert set(row(opened())) == {*relationships.relationships.columns.keys()} - {"pair", "pressing"}
    assert not {"person", "party", "identity", "by"} & set(row(opened()))


def test_a_concluded_agreement_makes_it_active_with_a_term(row: Any) -> None:
    found = row(opened(), onboarded(1), concluded(2))
    assert (found["state"], found["active_since"], found["term_ends_at"]) == ("active", day(2), day(182))


def test_a_revised_conclusion_moves_active_since(row: Any) -> None:
    found = row(opened(), onboarded(1), concluded(9), revised(Move.CONCLUDE_AGREEMENT, 5))
    assert (found["state"], found["active_since"]) == ("active", day(5))


def test_a_withdrawn_conclusion_leaves_neither_activity_nor_term(row: Any) -> None:
    found = row(opened(), onboarded(1), concluded(9), revised(Move.CONCLUDE_AGREEMENT, None, State.AGREEMENT))
    assert (found["state"], found["active_since"], found["term_ends_at"]) == ("agreement", None, None)


def test_concerns_are_explained_and_revised(row: Any) -> None:
    silence, late = ConcernCode.SILENCE, ConcernCode.COMMITMENT
    revised = raised(late, 46, evidence=(2, 5))
    found = row(opened(), raised(silence, 45), raised(late, 46, evidence=(2, 3)), revised)
    assert [one["code"] for one in found["concerns"]] == ["silence", "commitment"]
    assert found["concerns"][0]["clears"] == "a call"
    assert found["concerns"][1]["evidence"] == [2, 5]


def test_a_concern_about_one_meeting_is_cleared_alone(row: Any) -> None:
    code = ConcernCode.CONTRADICTORY
    found = row(
        opened(), raised(code, 5, subject="a"), raised(code, 6, subject="b"), cleared(code, 7, subject="a")
    )
    assert [one["subject"] for one in found["concerns"]] == ["b"]


def test_a_suspicion_stands_until_it_is_cleared(row: Any) -> None:
    assert row(opened(), suspected(45))["suspected_since"] == day(45)


def test_a_cleared_suspicion_is_gone(row: Any) -> None:
    assert row(opened(), suspected(45), suspicion_cleared(46))["suspected_since"] is None


def test_a_withdrawn_stagnation_never_was(row: Any) -> None:
    found = row(opened(), onboarded(1), concluded(2), stagnated(62), withdrawn(63))
    assert found["state"] == "active"
    assert (found["stagnations"], found["stagnations_withdrawn"]) == (0, 1)


def test_coming_back_is_counted_unless_it_is_withdrawn(row: Any) -> None:
    history = (opened(), onboarded(1), concluded(2), stagnated(62), reinvigorated(70))
    assert row(*history)["reinvigorations"] == 1


def test_a_withdrawn_reinvigoration_is_not_counted(row: Any) -> None:
    history = (opened(), onboarded(1), concluded(2), stagnated(62), reinvigorated(70))
    found = row(*history, revised(Move.REINVIGORATE, None, State.STAGNATION, at=75))
    assert (found["state"], found["stagnations"], found["reinvigorations"]) == ("stagnation", 1, 0)


def test_reminders_are_counted_once_each(row: Any) -> None:
    found = row(opened(), reminded(30), reminded(20))
    assert (found["reminders_issued"], found["last_reminder_at"]) == (2, day(30))


def test_closure_is_kept_with_its_manner_and_reason(row: Any) -> None:
    found = row(opened(), closed(90))
    assert (found["state"], found["closed_at"]) == ("closure", day(90))
    assert (found["manner"], found["reason"]) == ("planned_held", "goals_met")


def test_lists_and_counts(kept: Kept) -> None:
    log = Log().add(opened(), raised(ConcernCode.SILENCE, 45), raised(ConcernCode.COMMITMENT, 40))
    log.add(opened(), onboarded(1), raised(ConcernCode.SILENCE, 20), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        everyone = relationships.listing(connection)
        assert [row["id"] for row in everyone] == [str(PAIR), str(OTHER)]
        assert [row["id"] for row in relationships.listing(connection, limit=1, after=PAIR)] == [str(OTHER)]
        late = relationships.listing(connection, concern=ConcernCode.COMMITMENT)
        assert [row["id"] for row in late] == [str(PAIR)]
        settling = relationships.listing(connection, state=State.AGREEMENT, programme="default")
        assert [row["id"] for row in settling] == [str(OTHER)]
        assert [row["id"] for row in today.to_contact(connection)] == [str(OTHER), str(PAIR)]
        assert today.count_to_contact(connection) == 2
        found = relationships.listing(connection, prefix=str(OTHER)[:4])
        assert str(OTHER) in [row["id"] for row in found]
        assert relationships.count_by_state(connection)["agreement"] == 1
        assert relationships.count_by_state(connection)["stagnation"] == 0
    views.close()


def test_the_most_urgent_reason_comes_first_and_then_the_oldest(kept: Kept) -> None:
    streams = [UUID(int=number) for number in range(1, 6)]
    reasons: tuple[list[tuple[ConcernCode, int]], ...] = (
        [(ConcernCode.NO_FRESH_LOOK, 10), (ConcernCode.CONTRADICTORY, 5)],
        [(ConcernCode.SILENCE, 45)],
        [(ConcernCode.CONTRADICTORY, 1), (ConcernCode.COMMITMENT, 2), (ConcernCode.SILENCE, 40)],
        [(ConcernCode.COMMITMENT, 3)],
        [],
    )
    log = Log()
    for stream, raised_ones in zip(streams, reasons, strict=True):
        log.add(opened(), *(raised(code, at) for code, at in raised_ones), stream=stream)
    log.add(opened(), raised(ConcernCode.SILENCE, 1), closed(60), stream=UUID(int=6))
    views = fold(log, kept)
    with views.reading() as connection:
        found = today.to_contact(connection)
        assert [UUID(row["id"]).int for row in found] == [3, 2, 4, 1]
        assert [one["code"] for one in found[0]["concerns"]] == ["silence", "commitment", "contradictory"]
        for shown in (
            relationships.one(connection, streams[2]),
            *relationships.listing(connection, prefix=str(streams[2])),
        ):
            assert shown is not None
            assert shown["concerns"] == found[0]["concerns"]
        first = today.to_contact(connection, limit=1)
        assert [UUID(row["id"]).int for row in first] == [3]
    views.close()


def test_whom_to_contact_is_found_by_an_index_however_many_there_are(tmp_path: Path) -> None:
    """All that it goes through are those that it tells of, in their order; the database sorts nothing."""
    log = Log().add(opened(), raised(ConcernCode.SILENCE, 45))
    asked = str(
        today.first_to_contact(25).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    )
    with closing(fold(log, tmp_path / "views.db")) as views, views.reading() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert len(plan) == 1
    assert "USING INDEX relationships_to_contact_1 (pressing>?)" in plan[0]
