"""What is asked of a log's rows is answered the same, be they in a file or in a database; and so are files of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from sqlalchemy import Connection

from tests.analytics.analysts import close_to, fold
from tests.projections.any_log import log_of, logs
from tests.projections.facts import OTHER, PAIR, Log, closed, day, opened, programme
from tests.view_places import Databases
from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.moves import State
from workflow.projections import (
    agenda,
    agreements,
    check_ins,
    episodes,
    goals,
    journey,
    measures,
    meetings,
    programme_by_day,
    relationships,
    reminders,
    support_contacts,
    today,
)
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.files import Format
from workflow.projections.analytics.snapshot import Snapshot
from workflow.projections.analytics.view_files import MANIFEST, ViewFiles, export
from workflow.projections.questions.catalogue import QUESTIONS
from workflow.projections.questions.overview import figures
from workflow.projections.questions.question import Asked
from workflow.projections.rows.storage import Kept
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile

History = list[tuple[UUID, Event]]
NOW = day(200)
ASKED = (
    Asked(NOW),
    Asked(NOW, programme="default", cohort="2026-01", state=State.ACTIVE, day=day(30).date()),
    Asked(NOW, programme="another"),
    Asked(NOW, begin=date(2026, 2, 1), end=date(2026, 5, 31)),
)
KINDS: dict[Kind, type] = {Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool}

READS: Sequence[Callable[[Connection], Any]] = (
    relationships.count_by_state,
    relationships.listing,
    lambda c: relationships.listing(c, state=State.ACTIVE, programme="default", limit=2),
    lambda c: relationships.listing(c, concern=ConcernCode.SILENCE, after=OTHER),
    lambda c: relationships.listing(c, prefix=str(PAIR)[:4]),
    today.to_contact,
    lambda c: today.to_contact(c, 1),
    today.count_to_contact,
    lambda c: agenda.due_until(c, NOW),
    lambda c: agenda.due_until(c, NOW, 2, [PAIR]),
    agenda.listing,
    lambda c: agreements.in_force(c, after=OTHER),
    agreements.in_force,
    agreements.topics_by_visibility,
    lambda c: goals.count_by_status(c, programme="default"),
    goals.set_by_meeting,
    lambda c: journey.time_in_state(c, NOW),
    lambda c: measures.count_by_status(c, programme="default"),
    measures.before_returns,
    lambda c: measures.before_returns(c, programme="default"),
    meetings.by_month,
    lambda c: meetings.by_month(c, programme="default", begin=date(2026, 2, 1), end=date(2026, 4, 1)),
    lambda c: meetings.with_next_booked(c, day(20), programme="default"),
    lambda c: programme_by_day.by_day(c, day(-1).date(), day(40).date()),
    lambda c: programme_by_day.by_day(c, day(20).date(), day(60).date(), programme="default"),
    reminders.by_kind,
    lambda c: reminders.by_kind(c, programme="default", within=timedelta(days=3)),
    lambda c: figures(c, NOW),
)
OF_ONE: Sequence[Callable[[Connection, UUID], Any]] = (
    agreements.one,
    check_ins.one,
    episodes.listing,
    goals.listing,
    journey.stays,
    measures.listing,
    meetings.listing,
    relationships.one,
    reminders.listing,
    support_contacts.listing,
    lambda c, pair: agenda.listing(c, relationship=pair),
)


@contextmanager
def both(databases: Databases, log: Log) -> Iterator[tuple[Views, Views]]:
    """The same log, folded in a file and in a database."""
    with TemporaryDirectory() as folder, databases.new() as kept:
        found = fold(log, ViewFile(Path(folder) / "views.db")), fold(log, kept)
        with closing(found[0]), closing(found[1]):
            yield found


def log_with_policies(history: History) -> Log:
    """With two policies, so that what is late is told by either."""
    return log_of(
        [
            *((fact.stream, fact.event) for fact in programme(Log(), "default", {0: 24, 90: 48}).facts),
            *history,
        ]
    )


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(history=logs(streams=9, most=120, least=40))
def test_questions_and_reads_are_answered_the_same(databases: Databases, history: History) -> None:
    with (
        both(databases, log_with_policies(history)) as (file, database),
        file.reading() as one,
        database.reading() as other,
    ):
        for question in QUESTIONS.values():
            for asked in ASKED:
                answer = question.ask(other, asked)
                assert close_to(answer) == close_to(question.ask(one, asked)), question.name
                for row in answer:
                    for column in question.columns:
                        value = row[column.name]
                        assert value is None or type(value) is KINDS.get(column.kind, str), (column.name, row)
        for number, read in enumerate(READS):
            assert close_to(read(other)) == close_to(read(one)), number
        for read_one in OF_ONE:
            for pair in (PAIR, OTHER):
                assert read_one(other, pair) == read_one(one, pair), read_one


def test_no_read_is_forgotten() -> None:
    """Every query that a projection's file offers is asked above."""
    asked = Path(__file__).read_text("utf-8")
    for module in (
        agenda, agreements, check_ins, episodes, goals, journey, measures, meetings, relationships, reminders,
        support_contacts, today,
    ):  # fmt: skip
        for name, query in vars(module).items():
            if (
                callable(query)
                and getattr(query, "__module__", "") == module.__name__
                and not name.startswith("_")
                and "connection" in signature(query).parameters
            ):
                assert f"{module.__name__.rsplit('.', 1)[1]}.{name}" in asked, f"{module.__name__}.{name}"


def written(kept: Kept, to: Path, format: Format) -> dict[str, bytes]:
    with Snapshot(kept) as snapshot:
        export(snapshot, ViewFiles(to, format), {})
    return {path.name: path.read_bytes() for path in to.iterdir()}


@pytest.mark.parametrize("format", list(Format))
@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(history=logs(streams=9, most=120, least=40))
def test_equal_logs_make_equal_files(databases: Databases, format: Format, history: History) -> None:
    with both(databases, log_with_policies(history)) as (file, database), TemporaryDirectory() as folder:
        one = written(file.kept, Path(folder) / "one", format)
        other = written(database.kept, Path(folder) / "other", format)
        assert other.keys() == one.keys()
        for name, content in one.items():
            assert other[name] == content, name
        assert MANIFEST in one


def test_lengths_of_time_are_rounded_the_same_where_they_lie_between_two(databases: Databases) -> None:
    log = Log()
    for number in range(1, 200):
        later = timedelta(days=number % 7, milliseconds=216 * number, microseconds=500 * (number % 5))
        closing_then = closed(0).model_copy(update={"occurred_at": day(0) + later})
        log.add(opened(), closing_then, stream=UUID(int=number))
    with both(databases, log) as (file, database), TemporaryDirectory() as folder:
        one = written(file.kept, Path(folder) / "one", Format.CSV)
        assert written(database.kept, Path(folder) / "other", Format.CSV) == one
