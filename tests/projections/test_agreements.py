"""What is agreed, how far the signing is, and that nobody's check-in can be made out."""

from __future__ import annotations

from tests.projections.deeds import amended, checked_in, contacted, drafted, left, reclassified, signed
from tests.projections.facts import (
    MENTEE,
    MENTOR,
    OTHER,
    PAIR,
    Log,
    concluded,
    day,
    fold,
    opened,
    revised,
)
from tests.view_places import Fresh
from workflow.aggregates.events import Event, Visibility
from workflow.aggregates.moves import Move, State
from workflow.projections import agreements, check_ins, support_contacts
from workflow.projections.rows.storage import Kept
from workflow.projections.tables import Row

ALONE, PROGRAMME, ALL = Visibility.PAIR_ONLY, Visibility.PROGRAMME, Visibility.SHAREABLE


def agreement(fresh: Fresh, *events: Event) -> Row:
    views = fold(Log(twice=True).add(opened(), *events), fresh(), page=2)
    with views.reading() as connection:
        row = agreements.one(connection, PAIR)
        in_force = agreements.in_force(connection)
    views.close()
    assert row is not None
    assert in_force == ([row] if row["in_force_since"] is not None else [])
    return row


def topics(row: Row) -> tuple[int, int, int]:
    return row["pair_only"], row["programme"], row["shareable"]


def test_a_draft_is_not_in_force_until_all_have_signed_it(fresh: Fresh) -> None:
    row = agreement(fresh, drafted(1, 1, ALONE), signed(1, 2, MENTOR))
    assert (row["in_force_since"], row["drafted"], row["signed"], row["parties"]) == (None, 1, 1, 2)
    assert topics(row) == (0, 0, 0)


def test_what_is_in_force_tells_its_terms_and_counts_its_topics(fresh: Fresh) -> None:
    row = agreement(
        fresh, drafted(1, 1, ALONE, ALONE, ALL), signed(1, 2, MENTEE), signed(1, 3, MENTOR), concluded(3)
    )
    assert (row["version"], row["cadence_days"], row["duration_months"]) == (1, 30, 6)
    assert (row["in_force_since"], row["term_ends_at"]) == (day(3), day(183))
    assert topics(row) == (2, 0, 1)
    assert (row["signed"], row["parties"]) == (2, 2)


def test_the_version_before_stays_in_force_until_all_have_signed_the_next(fresh: Fresh) -> None:
    first = drafted(1, 1, ALONE), signed(1, 2, MENTEE), signed(1, 2, MENTOR), concluded(2)
    second = drafted(2, 50, PROGRAMME, ALL, months=12), signed(2, 51, MENTEE), signed(1, 51, MENTOR)
    row = agreement(fresh, *first, *second)
    assert (row["version"], row["drafted"], row["signed"]) == (1, 2, 1)
    assert topics(row) == (1, 0, 0)
    row = agreement(fresh, *first, *second, signed(2, 52, MENTOR), amended(2, 52))
    assert (row["version"], row["in_force_since"], row["duration_months"]) == (2, day(52), 12)
    assert topics(row) == (0, 1, 1)


def test_a_topic_that_is_reclassified_is_counted_where_it_is_now(fresh: Fresh) -> None:
    row = agreement(
        fresh, drafted(1, 1, ALL, ALL), concluded(2), reclassified(0, 9, ALONE), reclassified(7, 9, ALONE)
    )
    assert topics(row) == (1, 0, 1)


def test_what_was_drafted_before_opens_no_topic_that_was_closed_since(fresh: Fresh) -> None:
    second = drafted(2, 50, PROGRAMME, ALONE, ALL)
    closing = (reclassified(0, 51, ALONE), reclassified(1, 51, PROGRAMME))
    row = agreement(fresh, drafted(1, 1, ALL, ALL), concluded(2), second, *closing, amended(2, 52))
    assert topics(row) == (2, 0, 1)


def test_a_conclusion_that_is_withdrawn_leaves_nothing_in_force(fresh: Fresh) -> None:
    withdrawn = revised(Move.CONCLUDE_AGREEMENT, None, State.AGREEMENT)
    row = agreement(fresh, drafted(1, 1, ALONE), concluded(2), withdrawn)
    assert (row["version"], row["in_force_since"], row["cadence_days"]) == (None, None, None)
    assert topics(row) == (0, 0, 0)
    assert topics(agreement(fresh, drafted(1, 1, ALONE), concluded(2), withdrawn, concluded(60))) == (
        1,
        0,
        0,
    )


def test_one_who_left_has_nothing_to_sign(fresh: Fresh) -> None:
    row = agreement(fresh, drafted(1, 1), signed(1, 2, MENTOR), left(3, MENTOR))
    assert (row["signed"], row["parties"]) == (0, 1)


def test_topics_are_counted_over_all(kept: Kept) -> None:
    log = Log().add(opened(), drafted(1, 1, ALONE, ALL), concluded(2))
    log.add(opened(), drafted(1, 1, ALONE), concluded(2), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        assert agreements.topics_by_visibility(connection) == {"pair_only": 2, "programme": 0, "shareable": 1}
    views.close()


def test_check_ins_are_counted_and_neither_answers_nor_persons_are_told(fresh: Fresh) -> None:
    log = Log(twice=True).add(
        opened(), checked_in(30, MENTEE, low=True), checked_in(20, MENTEE), checked_in(25, MENTOR)
    )
    views = fold(log, fresh(), page=2)
    with views.reading() as connection:
        row = check_ins.one(connection, PAIR)
        kept = connection.exec_driver_sql("SELECT * FROM check_ins").mappings().one()
    views.close()
    assert row == {"relationship": str(PAIR), "given": 3, "last_at": day(30)}
    assert set(kept) == {"relationship", "by_mentors", "by_mentees", "last_at", "months", "roles"}
    twin = Log().add(
        opened(), checked_in(30, MENTEE), checked_in(20, MENTEE, low=True), checked_in(25, MENTOR)
    )
    views = fold(twin, fresh())
    with views.reading() as connection:
        assert connection.exec_driver_sql("SELECT * FROM check_ins").mappings().one() == kept
    views.close()


def test_contacts_are_told_by_when_they_were_made(kept: Kept) -> None:
    log = Log(twice=True).add(opened(), contacted(20), contacted(10))
    views = fold(log, kept, page=2)
    with views.reading() as connection:
        assert [row["made_at"] for row in support_contacts.listing(connection, PAIR)] == [day(10), day(20)]
    views.close()
